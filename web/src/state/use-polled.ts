import type { Inputs } from 'preact/hooks'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { mayPass } from '../api/errors.js'
import { createPoller, IDLE, type PollState } from '../api/poller.js'

/** The state of a poller, and how to have it load now; the old value stays until the new one is there. */
export type Polled<T> = PollState<T> & { readonly run: () => void }

/**
 * What `load` answers, asked for at once and then every `stepMs` milliseconds, but not while `hidden`; asked anew when one of
 * `inputs` changes: then the old answer is forgotten. Errors that may pass are tried again by themselves. The same object until
 * something changes.
 *
 * @example
 * const poll = usePolled(fetchCardinality, [], 30_000, hidden)
 */
export function usePolled<T>(
  load: (signal: AbortSignal) => Promise<T>,
  inputs: Inputs,
  stepMs: number,
  hidden: boolean,
): Polled<T> {
  const [state, setState] = useState<PollState<T>>(IDLE)
  const poller = useMemo(() => createPoller<T>({ load, onState: setState, again: mayPass }), inputs)
  useEffect(() => {
    poller.run()
    return () => poller.stop()
  }, [poller])
  useEffect(() => poller.every(stepMs), [poller, stepMs])
  useEffect(() => poller.hold(hidden), [poller, hidden])
  return useMemo(() => ({ ...state, run: () => poller.run() }), [state, poller])
}
