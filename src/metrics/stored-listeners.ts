import { setImmediate as nextTurn } from 'node:timers/promises'
import type { BaseLogger } from 'pino'
import type { StoredSamples } from './types.js'

/** After so long with listeners, milliseconds, others have their turn. */
const TELL_MS = 3
const SLICE = 1_024

export interface StoredListeners {
  /** Calls the listener with what was stored until the returned function is called. What it throws is logged. */
  add(listener: (samples: StoredSamples) => void): () => void
  /** Tells all of them, in slices. */
  tell(stored: readonly StoredSamples[]): Promise<void> | undefined
}

export function createStoredListeners(logger: BaseLogger): StoredListeners {
  const listeners = new Set<(samples: StoredSamples) => void>()
  const tellOne = (listener: (samples: StoredSamples) => void, samples: StoredSamples) => {
    try {
      listener(samples)
    } catch (error) {
      logger.error({ err: error }, 'metrics store: a listener to stored samples failed')
    }
  }
  /** In turns: a listener may take long over a slice of series that are new to it. */
  const tellAll = (stored: readonly StoredSamples[], from = 0): Promise<void> | undefined => {
    const until = performance.now() + TELL_MS
    for (let at = from; at < stored.length; at++) {
      if (performance.now() > until) return nextTurn().then(() => tellAll(stored, at))
      for (const listener of listeners) tellOne(listener, stored[at]!)
    }
    return undefined
  }

  return {
    add(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    tell: (stored) => tellAll(stored.flatMap(slices)),
  }
}

/** Parts of a batch that one turn can take. */
function slices(batch: StoredSamples): StoredSamples[] {
  if (batch.length <= SLICE) return [batch]
  return Array.from({ length: Math.ceil(batch.length / SLICE) }, (_, n) => {
    const from = n * SLICE
    const to = Math.min(batch.length, from + SLICE)
    return {
      length: to - from,
      series: batch.series.subarray(from, to),
      time: batch.time.subarray(from, to),
      value: batch.value.subarray(from, to),
    }
  })
}
