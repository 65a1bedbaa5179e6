/**
 * Rates of counters, from the real time between two readings. No rate for a first reading, for one that went down (its
 * source has restarted), or for one whose source was missing in the round before.
 */
export interface Counters {
  /**
   * Growth since the reading before, or undefined. `at` is the time of reading in milliseconds on a clock that only goes
   * forward. `wrapsAt`: the counter starts over there (2^32 for the kernel's millisecond counters of disks).
   */
  growth(key: string, value: number, at: number, wrapsAt?: number): Growth | undefined
  /** Ends a round: counters not read since the last call are forgotten. */
  sweep(): void
}

export interface Growth {
  delta: number
  seconds: number
}

/** At most 2^53 is exact in a double; beyond it the difference of two readings loses its last bits, which is harmless. */
export function createCounters(): Counters {
  let previous = new Map<string, { value: number; at: number }>()
  let current = new Map<string, { value: number; at: number }>()
  return {
    growth(key, value, at, wrapsAt) {
      if (!Number.isFinite(value) || value < 0) return undefined
      const before = previous.get(key)
      current.set(key, { value, at })
      if (!before || at <= before.at) return undefined
      const delta = difference(before.value, value, wrapsAt)
      return delta === undefined ? undefined : { delta, seconds: (at - before.at) / 1000 }
    },
    sweep() {
      previous = current
      current = new Map()
    },
  }
}

/** A step back is a wrap only if it makes a short way forward: a restart would make a long one. */
export function difference(before: number, now: number, wrapsAt?: number): number | undefined {
  if (now >= before) return now - before
  if (wrapsAt === undefined || before >= wrapsAt) return undefined
  const wrapped = now + wrapsAt - before
  return wrapped < wrapsAt / 2 ? wrapped : undefined
}
