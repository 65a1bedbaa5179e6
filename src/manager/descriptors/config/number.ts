import type { Parameter } from '../model/parameter.js'
import type { ConfigMessage, Report } from './message.js'

/** Checks a number: its form, then hard bounds (errors), then soft ones (warnings). */
export function checkNumber(parameter: Parameter, value: string, report: Report): void {
  const unit = parameter.unit === undefined ? '' : ` (a plain number of ${parameter.unit})`
  const [code, text] = badForm(parameter, value) ?? []
  if (code !== undefined) {
    report('ERROR', code, `${text}${unit}`)
    return
  }
  const isPort = parameter.type === 'port'
  if (isPort && value === '0' && parameter.zeroAllowed) return
  if (isPort && value === '-1' && parameter.negativeOneAllowed) return
  // A BigInt compares exactly with a double; not every long fits into one.
  const number = parameter.type === 'double' ? Number(value) : BigInt(value)
  const min = isPort ? Math.max(parameter.min ?? 1, 1) : parameter.min
  const max = isPort ? Math.min(parameter.max ?? 65_535, 65_535) : parameter.max
  const { softMin, softMax } = parameter
  if (min !== undefined && number < min) report('ERROR', 'TOO_SMALL', `must be at least ${min}${unit}`)
  else if (max !== undefined && number > max) report('ERROR', 'TOO_LARGE', `must be at most ${max}${unit}`)
  else if (softMin !== undefined && number < softMin)
    report('WARNING', 'RATHER_SMALL', `should be at least ${softMin}${unit}`)
  else if (softMax !== undefined && number > softMax)
    report('WARNING', 'RATHER_LARGE', `should be at most ${softMax}${unit}`)
}

function badForm(parameter: Parameter, value: string): [ConfigMessage['code'], string] | undefined {
  if (parameter.type === 'double')
    return /^-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$/.test(value)
      ? undefined
      : ['NOT_A_NUMBER', 'must be a number']
  if (/^-?\d+\.\d+$/.test(value)) return ['NOT_WHOLE', 'must be a whole number']
  if (!/^-?\d+$/.test(value)) return ['NOT_A_NUMBER', 'must be a whole number']
  const fits = value.length < 21 && BigInt.asIntN(64, BigInt(value)) === BigInt(value)
  return fits ? undefined : ['TOO_LARGE', 'must fit into 64 bits']
}
