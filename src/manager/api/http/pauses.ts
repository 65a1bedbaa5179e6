import { setImmediate } from 'node:timers/promises'

/**
 * For work that goes on for long: to be awaited between its pieces. Gives way to what else is waiting once `ms` have
 * passed, and ends the work (by throwing its reason) when `signal` is aborted.
 *
 * @example
 * const pause = pauses(call.signal)
 * for (const role of roles) { result.push(toRole(role)); await pause() }
 */
export function pauses(signal?: AbortSignal, ms = 10): () => Promise<void> {
  let since = performance.now()
  return async () => {
    if (performance.now() - since < ms) return
    await setImmediate()
    signal?.throwIfAborted()
    since = performance.now()
  }
}
