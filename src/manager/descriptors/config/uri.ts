import type { Parameter } from '../model/parameter.js'

/**
 * Checks a URI. Where schemes are named, one of them is needed, and `//` or `/` after it unless the URI may be `opaque`
 * (`mailto:a@b`). Where none is, any URI reference will do: descriptors of the field use the type for plain host names.
 */
export function checkUri(
  parameter: Pick<Parameter, 'allowedSchemes' | 'opaque'>,
  value: string,
  wrong: (text: string) => void,
): void {
  const { allowedSchemes, opaque } = parameter
  const [, scheme, rest] = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(value) ?? []
  // RFC 3986 has none of these characters.
  if (/[\s<>"{}|\\^`]/.test(value)) wrong('must be a URI, such as http://host:8080/path')
  else if (allowedSchemes.length === 0) return
  else if (!allowedSchemes.some((each) => each.toLowerCase() === scheme?.toLowerCase()))
    wrong(`must start with one of ${allowedSchemes.map((each) => `${each}:`).join(', ')}`)
  else if (!opaque && !rest?.startsWith('/')) wrong(`must go on with / after ${scheme}:`)
}
