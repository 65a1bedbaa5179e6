/** Answers as rows. */

import { labelStreams } from './labels.js'
import type { Stream } from './stream.js'

export interface Summary {
  readonly stream: Stream
  readonly label: string
  /** Null where the stream has no point. */
  readonly last: number | null
  readonly min: number | null
  readonly mean: number | null
  readonly max: number | null
  readonly points: number
}

export type SummaryColumn = 'label' | 'last' | 'min' | 'mean' | 'max' | 'points'

/** One row a stream over its points. */
export function summarize(streams: readonly Stream[]): Summary[] {
  const labels = labelStreams(streams)
  return streams.map((stream, i) => {
    const { values } = stream.data
    const label = labels[i] as string
    if (values.length === 0) return { stream, label, last: null, min: null, mean: null, max: null, points: 0 }
    let min = Number.POSITIVE_INFINITY
    let max = Number.NEGATIVE_INFINITY
    let sum = 0
    for (const value of values) {
      if (value < min) min = value
      if (value > max) max = value
      sum += value
    }
    const last = values[values.length - 1] as number
    return { stream, label, last, min, mean: sum / values.length, max, points: values.length }
  })
}

const COLLATOR = new Intl.Collator('en', { numeric: true })

/** Sorted by a column; rows without a value come last either way. */
export function sortSummaries(rows: readonly Summary[], column: SummaryColumn, down: boolean): Summary[] {
  const sign = down ? -1 : 1
  return [...rows].sort((a, b) => {
    if (column === 'label') return sign * COLLATOR.compare(a.label, b.label)
    const [left, right] = [a[column], b[column]]
    if (left === null || right === null) return (left === null ? 1 : 0) - (right === null ? 1 : 0)
    return sign * (left - right)
  })
}

export interface PointRow {
  /** Place in the streams. */
  readonly stream: number
  readonly time: number
  readonly value: number
}

/** The newest points of all streams, at most so many, and how many there are in all. */
export function pointRows(streams: readonly Stream[], most: number): { rows: PointRow[]; total: number } {
  const rows: PointRow[] = []
  let total = 0
  streams.forEach(({ data }, stream) => {
    const { times, values } = data
    total += times.length
    for (let i = Math.max(0, times.length - most); i < times.length; i++)
      rows.push({ stream, time: times[i] as number, value: values[i] as number })
  })
  rows.sort((a, b) => b.time - a.time || a.stream - b.stream)
  return { rows: rows.slice(0, most), total }
}
