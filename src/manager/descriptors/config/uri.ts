import type { Parameter } from '../model/parameter.js'

/** RFC 3986: a scheme and something behind it; `opaque` URIs (`mailto:a@b`) need no `//`. */
export function checkUri(
  parameter: Pick<Parameter, 'allowedSchemes' | 'opaque'>,
  value: string,
  wrong: (text: string) => void,
): void {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):(.+)$/.exec(value)
  if (!match || /\s/.test(value)) return wrong('must be a URI, such as http://host:8080/path')
  const scheme = match[1]!.toLowerCase()
  const { allowedSchemes } = parameter
  if (allowedSchemes.length > 0 && !allowedSchemes.some((each) => each.toLowerCase() === scheme))
    return wrong(`must start with one of ${allowedSchemes.map((each) => `${each}:`).join(', ')}`)
  if (!parameter.opaque && !match[2]!.startsWith('/')) wrong(`must go on with / after ${scheme}:`)
}
