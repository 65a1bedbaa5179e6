/** Loads again and again: one request at a time, held back while nobody should be disturbed, slower while it fails. */

export interface PollState<T> {
  readonly loading: boolean
  /** The last good value; kept while later loads fail. */
  readonly value: T | null
  readonly error: unknown
  /** When the last good value arrived, in milliseconds since the epoch. */
  readonly loadedAt: number | null
  /** When the next try after an error comes; null when none does. */
  readonly retryAt: number | null
}

/** Nothing was asked yet. */
export const IDLE: PollState<never> = {
  loading: false,
  value: null,
  error: null,
  loadedAt: null,
  retryAt: null,
}

export interface Poller {
  /** Loads now; a load under way is aborted. With `forget`, the old value is dropped: it belongs to something else. */
  run(forget?: boolean): void
  /** Milliseconds from the start of a load to the next one; 0 for none. */
  every(ms: number): void
  /** While held no refresh starts; what came due starts when released. Tries after an error are not held. */
  hold(held: boolean): void
  stop(): void
}

const FIRST_RETRY_MS = 2000
const LONGEST_RETRY_MS = 30_000

/** `again(error)` says whether an error may pass by itself. The poller does nothing until `run` or `every`. */
export function createPoller<T>(options: {
  load: (signal: AbortSignal) => Promise<T>
  onState: (state: PollState<T>) => void
  again: (error: unknown) => boolean
  now?: () => number
}): Poller {
  const now = options.now ?? Date.now
  let state: PollState<T> = IDLE
  let current: AbortController | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let interval = 0
  let held = false
  let due = false
  let failures = 0
  let startedAt = Number.NEGATIVE_INFINITY
  let stopped = false

  const change = (patch: Partial<PollState<T>>) => {
    state = { ...state, ...patch }
    options.onState(state)
  }

  const schedule = () => {
    clearTimeout(timer)
    timer = undefined
    due = false
    if (stopped || current) return
    if (state.retryAt !== null) timer = setTimeout(run, Math.max(0, state.retryAt - now()))
    else if (state.error === null && interval > 0 && state.loadedAt !== null)
      timer = setTimeout(tick, Math.max(0, startedAt + interval - now()))
  }

  const tick = () => {
    timer = undefined
    if (held) due = true
    else run()
  }

  function run(forget = false) {
    if (stopped) return
    clearTimeout(timer)
    due = false
    current?.abort()
    const controller = new AbortController()
    current = controller
    startedAt = now()
    if (forget) failures = 0
    change({ loading: true, retryAt: null, ...(forget ? { value: null, error: null, loadedAt: null } : {}) })
    options.load(controller.signal).then(
      (value) => {
        if (current !== controller) return
        current = null
        failures = 0
        change({ loading: false, value, error: null, loadedAt: now() })
        schedule()
      },
      (error: unknown) => {
        if (current !== controller) return
        current = null
        const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures++)
        change({ loading: false, error, retryAt: options.again(error) ? now() + wait : null })
        schedule()
      },
    )
  }

  return {
    run,
    every(ms) {
      interval = ms
      schedule()
    },
    hold(next) {
      held = next
      if (!held && due) run()
    },
    stop() {
      stopped = true
      clearTimeout(timer)
      current?.abort()
      current = null
    },
  }
}
