import type { Inputs } from 'preact/hooks'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { ApiError } from '../api/errors.js'
import { createPoller, type Poller, type PollState } from '../api/poller.js'

/**
 * What `load` answers, asked for at once and then every `stepMs` milliseconds, but not while `hidden`; asked anew when one of
 * `inputs` changes: then the old answer is forgotten. Errors that may pass are tried again by themselves.
 *
 * @example
 * const { state, poller } = usePolled(fetchCardinality, [], 30_000, hidden)
 */
export function usePolled<T>(
  load: (signal: AbortSignal) => Promise<T>,
  inputs: Inputs,
  stepMs: number,
  hidden: boolean,
): { state: PollState<T>; poller: Poller } {
  const [state, setState] = useState<PollState<T>>({
    loading: false,
    value: null,
    error: null,
    loadedAt: null,
    retryAt: null,
  })
  const poller = useMemo(
    () =>
      createPoller<T>({
        load,
        onState: setState,
        again: (error) => !(error instanceof ApiError) || error.passing,
      }),
    inputs,
  )
  useEffect(() => {
    poller.run()
    return () => poller.stop()
  }, [poller])
  useEffect(() => poller.every(stepMs), [poller, stepMs])
  useEffect(() => poller.hold(hidden), [poller, hidden])
  return { state, poller }
}
