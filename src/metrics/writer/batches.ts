import { createIdTable, type IdTable } from '../catalogue/id-table.js'

/**
 * Which batches are stored: for each key and day, whether that part of the batch is. Holds at least the `capacity` newest
 * marks and at most twice as many: two generations of a set, the older of which is dropped when the newer is full.
 */
export interface StoredBatches {
  has(key: number, day: number): boolean
  add(key: number, day: number): void
  readonly size: number
}

export function createStoredBatches(capacity: number): StoredBatches {
  let newer: IdTable = createIdTable()
  let older: IdTable = createIdTable()
  return {
    has(key, day) {
      const mark = markOf(key, day)
      return newer.get(mark) !== undefined || older.get(mark) !== undefined
    },
    add(key, day) {
      if (newer.size >= capacity) {
        older = newer
        newer = createIdTable()
      }
      newer.set(markOf(key, day), 1)
    },
    get size() {
      return newer.size + older.size
    },
  }
}

/** Different for every day of one key, and for every key of one day. */
function markOf(key: number, day: number): number {
  const low = (key ^ Math.imul(day, 0x9e37_79b1)) >>> 0
  return Math.floor(key / 0x1_0000_0000) * 0x1_0000_0000 + low || 1
}
