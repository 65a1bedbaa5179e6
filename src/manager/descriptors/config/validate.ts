import { isArray, type Parameter } from '../model/parameter.js'
import type { ConfigMessage, Report } from './message.js'
import { checkNumber } from './number.js'
import { conformPattern } from './regex.js'
import { listOf } from './text-value.js'
import { checkThresholds } from './thresholds.js'
import { checkUri } from './uri.js'
import { checkValve } from './valve.js'

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
  switch (parameter.type) {
    case 'long':
    case 'memory':
    case 'port':
    case 'double':
      checkNumber(parameter, value, report)
      break
    case 'boolean':
      if (value !== 'true' && value !== 'false') report('ERROR', 'NOT_A_BOOLEAN', 'must be true or false')
      break
    case 'string_enum':
      if (!parameter.validValues.includes(value))
        report('ERROR', 'NOT_ALLOWED', `must be one of ${parameter.validValues.join(', ')}`)
      break
    case 'thresholds':
      checkThresholds(value, report)
      break
    case 'text':
      checkValve(parameter, value, (code, text) => report('ERROR', code, text))
      break
    default:
      if (isArray(parameter.type)) checkList(parameter, listOf(parameter, value), report)
      else checkText(parameter, value, report)
  }
}

function checkText(parameter: Parameter, value: string, report: Report): void {
  const { type, conformRegex, minLength, maxLength } = parameter
  if (type === 'path') checkPath(parameter, value, report)
  if (type === 'uri') checkUri(parameter, value, (text) => report('ERROR', 'NOT_A_URI', text))
  if (conformRegex !== undefined && value !== '' && conformPattern(conformRegex)?.test(value) === false)
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
    // Blocks of text are given as lists of lines, where an empty one may be meant.
    if (item === '')
      report(
        type === 'string_array' ? 'WARNING' : 'ERROR',
        'LENGTH',
        `has an empty element; remove a ${parameter.separator}`,
      )
    else if (type === 'path_array') checkPath(parameter, item, report)
    else if (type === 'uri_array') checkUri(parameter, item, (text) => report('ERROR', 'NOT_A_URI', text))
  }
}
