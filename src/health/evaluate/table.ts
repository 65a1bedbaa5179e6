import { type Health, NOT_AVAILABLE } from '../summary.js'
import type { Course } from './flapping.js'

/** Results, one row for each test of each entity, as columns: 300,000 of them are 8 MB. */
export interface Table {
  readonly rows: number
  /** Appends rows that nothing is known of; returns the first. */
  add(count: number): number
  summary: Uint8Array
  worsenings: Uint8Array
  /** Times in milliseconds since the epoch; `since` 0: never looked at. */
  since: Float64Array
  worseAt: Float64Array
  betterSince: Float64Array
  /** Copies a row of another table. */
  copy(row: number, from: Table, fromRow: number): void
  /** What is remembered against flapping, into `course` and back. */
  load(row: number, course: Course): void
  store(row: number, course: Course): void
}

export function createTable(capacity = 1024): Table {
  let rows = 0
  const table: Table = {
    get rows() {
      return rows
    },
    summary: new Uint8Array(capacity),
    worsenings: new Uint8Array(capacity),
    since: new Float64Array(capacity),
    worseAt: new Float64Array(capacity),
    betterSince: new Float64Array(capacity),
    add(count) {
      const first = rows
      rows += count
      if (rows > table.summary.length) grow(Math.max(rows, Math.ceil(table.summary.length * 1.5)))
      table.summary.fill(NOT_AVAILABLE, first, rows)
      return first
    },
    copy(row, from, fromRow) {
      table.summary[row] = from.summary[fromRow]!
      table.worsenings[row] = from.worsenings[fromRow]!
      table.since[row] = from.since[fromRow]!
      table.worseAt[row] = from.worseAt[fromRow]!
      table.betterSince[row] = from.betterSince[fromRow]!
    },
    load(row, course) {
      course.summary = table.summary[row] as Health
      course.worseAt = table.worseAt[row]!
      course.worsenings = table.worsenings[row]!
      course.betterSince = table.betterSince[row]!
    },
    store(row, course) {
      table.summary[row] = course.summary
      table.worseAt[row] = course.worseAt
      table.worsenings[row] = course.worsenings
      table.betterSince[row] = course.betterSince
    },
  }
  function grow(length: number): void {
    const bytes = (old: Uint8Array) => {
      const made = new Uint8Array(length)
      made.set(old)
      return made
    }
    const floats = (old: Float64Array) => {
      const made = new Float64Array(length)
      made.set(old)
      return made
    }
    table.summary = bytes(table.summary)
    table.worsenings = bytes(table.worsenings)
    table.since = floats(table.since)
    table.worseAt = floats(table.worseAt)
    table.betterSince = floats(table.betterSince)
  }
  return table
}
