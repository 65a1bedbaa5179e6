/**
 * A bounded map from texts to values, for formats whose names arrive as parsed text. Two generations, as in `ByteCache`:
 * what is used is carried over, what a hostile sender fills it with goes.
 */
export interface StringCache<T> {
  get(key: string): T | undefined
  set(key: string, value: T): void
}

/** What an entry costs beside its characters. */
const ENTRY_BYTES = 100

export function createStringCache<T>(maxBytes: number): StringCache<T> {
  let young = new Map<string, T>()
  let old = new Map<string, T>()
  let bytes = 0
  const set = (key: string, value: T) => {
    const cost = ENTRY_BYTES + 2 * key.length
    if (bytes + cost > maxBytes / 2) {
      old = young
      young = new Map()
      bytes = 0
    }
    young.set(key, value)
    bytes += cost
  }
  return {
    set,
    get(key) {
      const value = young.get(key)
      if (value !== undefined) return value
      const kept = old.get(key)
      if (kept !== undefined) set(key, kept)
      return kept
    },
  }
}
