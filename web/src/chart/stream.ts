/** A stream of an answer, with what the charts need to know of it. */

import type { ColumnarStream } from '../../../src/wire/timeseries.js'

export interface Stream {
  /** The same for the same metric of the same entity, from answer to answer and from browser to browser; for addresses. */
  readonly key: string
  /** The alias where the query gives one, the metric's canonical text otherwise. */
  readonly metric: string
  readonly data: ColumnarStream
}

/** Gives each stream its key; a second stream of the same statement, metric and entity gets one of its own. */
export function toStreams(columnar: readonly ColumnarStream[], statement: number): Stream[] {
  const seen = new Map<string, number>()
  return columnar.map((data) => {
    const { metricName, alias, entityName, attributes } = data.metadata
    const metric = alias ?? metricName
    const entity = attributes.entityName ?? entityName
    const hash = shortHash(
      [statement, metricName, alias ?? '', attributes.category ?? '', entity].join('\u0000'),
    )
    const again = seen.get(hash) ?? 0
    seen.set(hash, again + 1)
    return { key: again === 0 ? hash : `${hash}${again}`, metric, data }
  })
}

/** FNV-1a, 32 bits, in base 36. */
export function shortHash(text: string): string {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i)
    hash = Math.imul(hash, 0x01000193)
  }
  return (hash >>> 0).toString(36)
}

/** What a stream may be told apart or grouped by: its attributes, its metric, and its entity's display name. */
export function attributesOf(stream: Stream): Record<string, string> {
  const { attributes, entityName } = stream.data.metadata
  return { ...attributes, metricName: stream.metric, entityDisplayName: entityName }
}

/** The time of the earliest point of all, or null when there is none. */
export function earliestTime(items: readonly { readonly streams: readonly Stream[] }[]): number | null {
  let earliest = Number.POSITIVE_INFINITY
  for (const { streams } of items)
    for (const { data } of streams)
      if (data.times.length > 0) earliest = Math.min(earliest, data.times[0] as number)
  return Number.isFinite(earliest) ? earliest : null
}
