/** Stacked columns: each lies on those before it in the list, so the first of the legend is the lowest. */

import type { Column } from './join.js'

/**
 * Cumulative sums from the first column to the last. Where a stream has no point at a time, its line at that time counts;
 * where it has a gap, it counts as nothing, unless all have one. Hidden columns count as nothing.
 */
export function stackColumns(
  times: readonly number[],
  columns: readonly Column[],
  shown: readonly boolean[],
): Column[] {
  const filled = columns.map((column, i) => (shown[i] ? interpolate(times, column) : null))
  const out: Column[] = new Array(columns.length)
  const sums = new Float64Array(times.length)
  const any = new Uint8Array(times.length)
  for (let i = 0; i < columns.length; i++) {
    const column = filled[i]
    if (!column) {
      out[i] = columns[i] as Column
      continue
    }
    const stacked: Column = new Array(times.length)
    for (let row = 0; row < times.length; row++) {
      const value = column[row]
      if (value !== null && value !== undefined) {
        sums[row] = (sums[row] as number) + value
        any[row] = 1
      }
      stacked[row] = any[row] ? sums[row] : null
    }
    out[i] = stacked
  }
  return out
}

/** Fills `undefined` between two points on the straight line between them; outside, and next to a gap, with null. */
export function interpolate(times: readonly number[], column: Column): Column {
  const out: Column = column.slice()
  let last = -1
  for (let row = 0; row < out.length; row++) {
    const value = out[row]
    if (value === undefined) continue
    const before = last >= 0 ? out[last] : null
    for (let i = last + 1; i < row; i++) out[i] = between(times, last, row, i, before, value)
    last = row
  }
  for (let i = last + 1; i < out.length; i++) out[i] = null
  return out
}

function between(
  times: readonly number[],
  left: number,
  right: number,
  at: number,
  a: number | null | undefined,
  b: number | null,
): number | null {
  if (a === null || a === undefined || b === null) return null
  const from = times[left] as number
  const part = ((times[at] as number) - from) / ((times[right] as number) - from)
  return a + part * (b - a)
}
