import type { Parameter } from '../model/parameter.js'

/** RFC 3986: a scheme and something behind it; `opaque` URIs (`mailto:a@b`) need no `//`. */
export function checkUri(
  parameter: Pick<Parameter, 'allowedSchemes' | 'opaque'>,
  value: string,
  wrong: (text: string) => void,
): void {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):(.+)$/.exec(value)
  const scheme = match?.[1]?.toLowerCase()
  const { allowedSchemes } = parameter
  if (!match || /\s/.test(value)) wrong('must be a URI, such as http://host:8080/path')
  else if (allowedSchemes.length > 0 && !allowedSchemes.some((each) => each.toLowerCase() === scheme))
    wrong(`must start with one of ${allowedSchemes.map((each) => `${each}:`).join(', ')}`)
  else if (!parameter.opaque && !match[2]!.startsWith('/')) wrong(`must go on with / after ${scheme}:`)
}
