/** Asks what can be typed next. A server that does not know the question is not asked again. */

import type { CompletionAnswer, CompletionItem } from '../../../src/wire/completion.js'

const PATH = 'api/v45/timeseries/complete'
const MOST_ITEMS = 50
/** Longer texts are not worth the address. */
const LONGEST_QUERY = 4000

let unknown = false

/** Null where there is nothing to offer, for whatever reason: completion is a help, and never an error to be shown. */
export async function fetchCompletion(
  query: string,
  offset: number,
  signal: AbortSignal,
): Promise<CompletionAnswer | null> {
  if (unknown || query.length > LONGEST_QUERY) return null
  const address = new URL(PATH, document.baseURI)
  address.search = new URLSearchParams({ query, offset: String(offset) }).toString()
  try {
    const response = await fetch(address, { headers: { Accept: 'application/json' }, signal })
    if (response.status === 404 || response.status === 405 || response.status === 501) unknown = true
    return response.ok ? readCompletion(await response.json(), query.length) : null
  } catch {
    return null
  }
}

function readCompletion(value: unknown, length: number): CompletionAnswer | null {
  if (typeof value !== 'object' || value === null) return null
  const { from, to, items } = value as Partial<CompletionAnswer>
  if (!Number.isInteger(from) || !Number.isInteger(to) || !Array.isArray(items)) return null
  const [start, end] = [from as number, to as number]
  if (start < 0 || end < start || end > length) return null
  const known = items.filter((item): item is CompletionItem => typeof item?.text === 'string')
  return { from: start, to: end, items: known.slice(0, MOST_ITEMS) }
}
