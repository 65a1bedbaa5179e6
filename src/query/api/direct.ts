import type { IncomingMessage } from 'node:http'

/** `/api/v45/timeseries` of a version that answers GET. */
const PATH = /^\/api\/v(\d{1,3})\/timeseries$/

/**
 * The parameters of `GET /api/vN/timeseries?…`, when the request is one, of a version in [first, last]; of several values
 * the first one counts. Undefined for any other request.
 */
export function directParameters(
  { method, url = '' }: Pick<IncomingMessage, 'method' | 'url'>,
  first: number,
  last: number,
): Map<string, string> | undefined {
  if (method !== 'GET') return undefined
  const end = url.indexOf('?')
  if (end < 0) return undefined
  const version = Number(PATH.exec(url.slice(0, end))?.[1] ?? -1)
  if (version < first || version > last) return undefined
  const parameters = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(url.slice(end + 1)))
    if (!parameters.has(name)) parameters.set(name, value)
  return parameters
}
