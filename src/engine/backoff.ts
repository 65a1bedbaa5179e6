const FIRST_MS = 100
const MAX_MS = 30_000
/** A process that lived so long starts with the shortest wait again. */
const STEADY_MS = 60_000

export interface Backoff {
  /** Waits longer from time to time; false when the signal ended the wait. */
  wait(signal: AbortSignal): Promise<boolean>
  /** How long the next wait will take. */
  nextMs(): number
}

/** 100 ms, doubled at each turn up to 30 s; back to 100 ms after a minute without a turn. */
export function createBackoff(now: () => number = Date.now): Backoff {
  let next = FIRST_MS
  let last = now()
  return {
    nextMs: () => next,
    async wait(signal) {
      if (now() - last > Math.max(STEADY_MS, next * 2)) next = FIRST_MS
      const wait = next
      next = Math.min(MAX_MS, next * 2)
      const full = await sleep(wait, signal)
      last = now()
      return full
    },
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false)
    const onAbort = () => {
      clearTimeout(timer)
      resolve(false)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort)
      resolve(true)
    }, ms)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
