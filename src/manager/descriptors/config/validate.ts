import { isArray, type Parameter } from '../model/parameter.js'
import type { ConfigMessage } from './message.js'
import { listOf } from './text-value.js'
import { checkUri } from './uri.js'
import { checkValve } from './valve.js'

type Code = ConfigMessage['code']
type Report = (level: ConfigMessage['level'], code: Code, text: string) => void

/** A value may be this long, whatever its type: no safety valve known comes near. */
export const MAX_VALUE_LENGTH = 1024 ** 2

/**
 * Checks one value. `undefined` means that none is set and none is the default.
 *
 * Returns errors and warnings with text for the person who typed it; nothing when the value is good. Sensitive values
 * are never repeated in the text.
 *
 * ```ts
 * validateValue(port, '70000') // [{ level: 'ERROR', code: 'TOO_LARGE', parameter: 'port', text: 'must be at most 65535' }]
 * ```
 */
export function validateValue(parameter: Parameter, value: string | undefined): ConfigMessage[] {
  const out: ConfigMessage[] = []
  const report: Report = (level, code, text) => {
    out.push({ level, code, parameter: parameter.name, text: `${parameter.label}: ${text}` })
  }
  if (value === undefined || (value === '' && parameter.type !== 'string' && parameter.type !== 'text')) {
    if (parameter.required) report('ERROR', 'MISSING', 'is required; give it a value')
    return out
  }
  if (value === '' && parameter.required) report('ERROR', 'MISSING', 'is required; give it a value')
  if (value.length > MAX_VALUE_LENGTH)
    report('ERROR', 'LENGTH', `is longer than ${MAX_VALUE_LENGTH} characters; shorten it`)
  else if (/[\ud800-\udfff]/u.test(value) || value.includes('\0'))
    report('ERROR', 'BAD_TEXT', 'holds a character that no file can carry; remove it')
  else checkType(parameter, value, report)
  return out
}

function checkType(parameter: Parameter, value: string, report: Report): void {
  if (isArray(parameter.type)) return checkList(parameter, listOf(parameter, value), report)
  switch (parameter.type) {
    case 'long':
    case 'memory':
    case 'port':
    case 'double':
      return checkNumber(parameter, value, report)
    case 'boolean':
      if (value !== 'true' && value !== 'false') report('ERROR', 'NOT_A_BOOLEAN', 'must be true or false')
      return
    case 'string_enum':
      if (!parameter.validValues.includes(value))
        report('ERROR', 'NOT_ALLOWED', `must be one of ${parameter.validValues.join(', ')}`)
      return
    case 'thresholds':
      return checkThresholds(value, report)
    case 'text':
      return checkValve(parameter, value, (code, text) => report('ERROR', code, text))
    default:
      checkText(parameter, value, report)
  }
}

function checkText(parameter: Parameter, value: string, report: Report): void {
  const { type, conformRegex, minLength, maxLength } = parameter
  if (type === 'path') checkPath(parameter, value, report)
  if (type === 'uri') checkUri(parameter, value, (text) => report('ERROR', 'NOT_A_URI', text))
  if (conformRegex !== undefined && value !== '' && !new RegExp(`^(?:${conformRegex})$`, 'u').test(value))
    report('ERROR', 'NO_MATCH', `must match ${conformRegex}`)
  if (value !== '' && minLength !== undefined && value.length < minLength)
    report('ERROR', 'LENGTH', `must have at least ${minLength} characters`)
  if (maxLength !== undefined && value.length > maxLength)
    report('ERROR', 'LENGTH', `must have at most ${maxLength} characters`)
}

function checkPath(parameter: Parameter, value: string, report: Report): void {
  if (parameter.pathType === 'serviceSpecific') return
  if (!value.startsWith('/')) report('ERROR', 'NOT_A_PATH', 'must be an absolute path, starting with /')
  else if (/[\n\r]/.test(value)) report('ERROR', 'NOT_A_PATH', 'must be one line')
}

function checkList(parameter: Parameter, items: readonly string[], report: Report): void {
  const { minLength, maxLength, type } = parameter
  if (minLength !== undefined && items.length < minLength)
    report('ERROR', 'LENGTH', `must have at least ${minLength} elements`)
  if (maxLength !== undefined && items.length > maxLength)
    report('ERROR', 'LENGTH', `must have at most ${maxLength} elements`)
  if (parameter.required && items.length === 0) report('ERROR', 'MISSING', 'is required; give it a value')
  for (const item of items) {
    if (item === '') report('ERROR', 'LENGTH', `has an empty element; remove a ${parameter.separator}`)
    else if (type === 'path_array') checkPath(parameter, item, report)
    else if (type === 'uri_array') checkUri(parameter, item, (text) => report('ERROR', 'NOT_A_URI', text))
  }
}

function checkNumber(parameter: Parameter, value: string, report: Report): void {
  const whole = parameter.type !== 'double'
  const unit = parameter.unit === undefined ? '' : ` (a plain number of ${parameter.unit})`
  if (whole && !/^-?\d{1,19}$/.test(value)) {
    const fraction = /^-?\d+\.\d+$/.test(value)
    return report('ERROR', fraction ? 'NOT_WHOLE' : 'NOT_A_NUMBER', `must be a whole number${unit}`)
  }
  if (!whole && !/^-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$/.test(value))
    return report('ERROR', 'NOT_A_NUMBER', `must be a number${unit}`)
  // A BigInt compares exactly with a double; a long does not fit into one.
  const number = whole ? BigInt(value) : Number(value)
  if (whole && (number < -(2n ** 63n) || number > 2n ** 63n - 1n))
    return report('ERROR', 'TOO_LARGE', 'must fit into 64 bits')
  if (parameter.type === 'port') {
    if (number == 0 && parameter.zeroAllowed) return
    if (number == -1 && parameter.negativeOneAllowed) return
  }
  const port = parameter.type === 'port'
  const min = port ? Math.max(parameter.min ?? 1, 1) : parameter.min
  const max = port ? Math.min(parameter.max ?? 65_535, 65_535) : parameter.max
  const { softMin, softMax } = parameter
  if (min !== undefined && number < min) report('ERROR', 'TOO_SMALL', `must be at least ${min}${unit}`)
  else if (max !== undefined && number > max) report('ERROR', 'TOO_LARGE', `must be at most ${max}${unit}`)
  else if (softMin !== undefined && number < softMin)
    report('WARNING', 'RATHER_SMALL', `should be at least ${softMin}${unit}`)
  else if (softMax !== undefined && number > softMax)
    report('WARNING', 'RATHER_LARGE', `should be at most ${softMax}${unit}`)
}

function checkThresholds(value: string, report: Report): void {
  const shape = 'must be such as {"warning":"50.0","critical":"never"}: numbers, any or never'
  let given: unknown
  try {
    given = JSON.parse(value)
  } catch {
    return report('ERROR', 'NOT_ALLOWED', shape)
  }
  const good = (each: unknown) =>
    each === 'any' || each === 'never' || (String(each).trim() !== '' && Number.isFinite(Number(each)))
  const { warning, critical } = (given ?? {}) as { warning?: unknown; critical?: unknown }
  if (typeof given !== 'object' || !good(warning ?? 'x') || !good(critical ?? 'x'))
    report('ERROR', 'NOT_ALLOWED', shape)
}
