/** What the tooltip says at a time: sorted values, a bounded list, and always the line under the pointer. */

import type { ChartModel } from './model.js'

export interface ReadoutRow {
  /** Place in the chart's lines. */
  readonly line: number
  readonly value: number
}

export interface Readout {
  readonly rows: readonly ReadoutRow[]
  /** Lines that have a value here but no room. */
  readonly more: number
}

/** Values of all shown lines at the rows of the table that the cursor names, largest first. */
export function readoutAt(
  model: ChartModel,
  rowOfLine: (line: number) => number | null,
  shown: readonly boolean[],
  focused: number | null,
  most: number,
): Readout {
  const rows: ReadoutRow[] = []
  model.lines.forEach((_, line) => {
    const value = shown[line] ? valueAt(model, line, rowOfLine(line)) : null
    if (value !== null) rows.push({ line, value })
  })
  rows.sort((a, b) => b.value - a.value || a.line - b.line)
  if (rows.length <= most) return { rows, more: 0 }
  const kept = rows.slice(0, most)
  const place = rows.findIndex((row) => row.line === focused)
  if (place >= most) kept[most - 1] = rows[place] as ReadoutRow
  return { rows: kept, more: rows.length - most }
}

/** The value of a line at a row; where it has no point there, that of the nearest row around that has one. */
export function valueAt(model: ChartModel, line: number, row: number | null): number | null {
  if (row === null) return null
  const column = model.joined.columns[line]
  if (!column || row < 0 || row >= column.length) return null
  for (let distance = 0; distance < column.length; distance++) {
    for (const near of distance === 0 ? [row] : [row - distance, row + distance]) {
      const value = column[near]
      if (value === null) return null
      if (value !== undefined) return value
    }
  }
  return null
}

/** A row speaks for a time if it is a few pixels away at most, or one collection interval: not from across a gap. */
export function closeRow(
  { joined }: ChartModel,
  line: ChartModel['lines'][number],
  row: number | null | undefined,
  time: number,
  close: number,
): number | null {
  if (row === null || row === undefined) return null
  const frequency = line.stream.data.metadata.metricCollectionFrequencyMs
  const limit = frequency === null || frequency === 0 ? Number.POSITIVE_INFINITY : Math.max(frequency, close)
  return Math.abs((joined.times[row] ?? Number.NaN) - time) <= limit ? row : null
}
