/**
 * A map from 52-bit ids to 32-bit indexes in two typed arrays: 12 bytes a slot, at most three quarters full.
 * Ids are hashes already, so the slot is taken from their bits. Id 0 is not allowed; nothing is ever removed.
 */
export interface IdTable {
  readonly size: number
  readonly bytes: number
  get(id: number): number | undefined
  set(id: number, index: number): void
}

export function createIdTable(expected = 16): IdTable {
  let capacity = 16
  while (capacity * 0.75 < expected) capacity *= 2
  let ids = new Float64Array(capacity)
  let indexes = new Uint32Array(capacity)
  let size = 0

  /** Slot of the id, or the free one where it belongs. */
  function slotOf(id: number): number {
    const mask = capacity - 1
    let slot = id & mask
    while (ids[slot] !== 0 && ids[slot] !== id) slot = (slot + 1) & mask
    return slot
  }

  function grow(): void {
    const oldIds = ids
    const oldIndexes = indexes
    capacity *= 2
    ids = new Float64Array(capacity)
    indexes = new Uint32Array(capacity)
    for (let i = 0; i < oldIds.length; i++) {
      if (oldIds[i] === 0) continue
      const slot = slotOf(oldIds[i]!)
      ids[slot] = oldIds[i]!
      indexes[slot] = oldIndexes[i]!
    }
  }

  return {
    get size() {
      return size
    },
    get bytes() {
      return capacity * 12
    },
    get(id) {
      const slot = slotOf(id)
      return ids[slot] === id ? indexes[slot] : undefined
    },
    set(id, index) {
      let slot = slotOf(id)
      if (ids[slot] === 0) {
        if (size + 1 > capacity * 0.75) {
          grow()
          slot = slotOf(id)
        }
        ids[slot] = id
        size++
      }
      indexes[slot] = index
    },
  }
}
