import { isArray, type Parameter } from '../model/parameter.js'

/**
 * The elements of a list value. Elements are trimmed; an empty text is an empty list.
 *
 * ```ts
 * listOf({ separator: ',' }, '/a, /b') // ['/a', '/b']
 * ```
 */
export function listOf({ separator }: Pick<Parameter, 'separator'>, value: string): string[] {
  if (value.trim() === '') return []
  const parts = separator === '' ? [value] : value.split(separator)
  return parts.map((part) => part.trim())
}

/** A value as files, arguments and environment carry it: lists joined anew, everything else as it is. */
export function emittedText(parameter: Parameter, value: string): string {
  return isArray(parameter.type) ? listOf(parameter, value).join(parameter.separator) : value
}
