/**
 * Rows of one metric, by entity and time, and the order in which the table wants them: by entity's id, then time; equal ones as
 * they came. Ids are hashes, so their first bits bring the rows nearly into place.
 */
export interface RowsInOrder {
  size: number
  /** As the rows came. */
  readonly entities: Int32Array
  readonly times: Float64Array
  /** In order: which of the rows comes next, its entity's id as the bits of a Float64, its time, and that as low and high words. */
  readonly permutation: Int32Array
  readonly ids: Float64Array
  readonly sortedTimes: Float64Array
  readonly words: Uint32Array
  readonly buckets: Int32Array
}

/** Bits of an id in the high word of its 64. */
const HIGH_BITS = 20
const MOST_BUCKET_BITS = 16
/** Rows may be moved so many places each, on average: times in reverse would take for ever. */
const MOST_MOVES = 8

/** Room for so many rows. */
export function newRows(capacity: number): RowsInOrder {
  return {
    size: 0,
    entities: new Int32Array(capacity),
    times: new Float64Array(capacity),
    permutation: new Int32Array(capacity),
    ids: new Float64Array(capacity),
    sortedTimes: new Float64Array(capacity),
    words: new Uint32Array(2 * capacity),
    buckets: new Int32Array((1 << MOST_BUCKET_BITS) + 1),
  }
}

/** Orders what `size`, `entities` and `times` say. `idBits`: of every entity. Rows that are far from any order stay as they came. */
export function order(rows: RowsInOrder, idBits: Float64Array): void {
  const { size, entities, times, permutation, ids, sortedTimes, words } = rows
  bringNear(rows, idBits)
  if (!settle(rows, idBits))
    for (let k = 0; k < size; k++) {
      permutation[k] = k
      ids[k] = idBits[entities[k]!]!
      sortedTimes[k] = times[k]!
    }
  for (let k = 0; k < size; k++) {
    words[2 * k] = sortedTimes[k]!
    words[2 * k + 1] = sortedTimes[k]! / 0x1_0000_0000
  }
}

/** By the first bits of the ids. */
function bringNear({ size, entities, permutation, buckets }: RowsInOrder, idBits: Float64Array): void {
  const idWords = new Int32Array(idBits.buffer, idBits.byteOffset, 2 * idBits.length)
  const bits = Math.min(MOST_BUCKET_BITS, 32 - Math.clz32(size))
  const shift = HIGH_BITS - bits
  const last = 1 << bits
  buckets.fill(0, 0, last + 1)
  for (let k = 0; k < size; k++) buckets[(idWords[2 * entities[k]! + 1]! >>> shift) + 1]!++
  for (let b = 1; b <= last; b++) buckets[b]! += buckets[b - 1]!
  for (let k = 0; k < size; k++) permutation[buckets[idWords[2 * entities[k]! + 1]! >>> shift]!++] = k
}

/** Insertion sort, for what is nearly in order; false when it is not. */
function settle(rows: RowsInOrder, idBits: Float64Array): boolean {
  const { size, entities, times, permutation, ids, sortedTimes } = rows
  let moves = MOST_MOVES * size
  for (let k = 0; k < size; k++) {
    const row = permutation[k]!
    const id = idBits[entities[row]!]!
    const time = times[row]!
    let to = k
    for (; to > 0; to--) {
      const before = ids[to - 1]!
      if (before < id || (before === id && sortedTimes[to - 1]! <= time)) break
      ids[to] = before
      sortedTimes[to] = sortedTimes[to - 1]!
      permutation[to] = permutation[to - 1]!
      if (--moves < 0) return false
    }
    ids[to] = id
    sortedTimes[to] = time
    permutation[to] = row
  }
  return true
}
