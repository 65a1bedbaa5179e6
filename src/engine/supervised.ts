import { createBackoff } from './backoff.js'
import type { EngineLogger, EngineState } from './engine.js'

/** So many failed starts in a row make the state `failed`; it is still tried again, at the slowest rate. */
const FAILED_AFTER = 5

/** One start of a server. */
export interface Started<E> {
  readonly server: {
    readonly pid: number | undefined
    /** Resolves when the process is gone; never rejects. */
    readonly exited: Promise<void>
    /** Why it is gone. */
    failure(fallback: 'exited'): E
    /** Resolves when it is gone; may be called more than once. */
    stop(): Promise<void>
  }
}

export interface Supervision<S extends Started<E>, E extends Error & { code: string }, Change> {
  /** For the log: `ClickHouse`. */
  readonly product: string
  readonly logger: EngineLogger
  /** Ends the first start; afterwards `stop()` alone ends anything. */
  readonly signal: AbortSignal | undefined
  /** Starts it: again where `before` was, unless someone else is there now. Leaves no process behind when it rejects. */
  start(signal: AbortSignal, before?: S): Promise<S>
  /** An error of `start`, whatever it is. */
  asFailure(cause: unknown): E
  /** Whether clients must be told of another place. */
  moved(before: S, now: S): boolean
  /** Its place, for the log. */
  place(started: S): object
  /** What the listeners are given. */
  change(state: EngineState, moved: boolean, error?: E): Change
  /** Looks after it while it runs; the function returned ends that. */
  watch?(started: S): () => void
}

export interface Supervised<S, Change> {
  /** The newest that has started. */
  current(): S
  state(): EngineState
  /** Calls `listener` after every change of state, until the returned function is called. */
  onState(listener: (change: Change) => void): () => void
  /** Ends the server and waits until it is gone. May be called in any state and more than once. Never rejects. */
  stop(): Promise<void>
}

/**
 * Starts a server process and keeps it running until `stop()`: when it dies it is started again, at once at first, then less
 * and less often. Rejects with what the first start rejects with.
 */
export async function supervised<S extends Started<E>, E extends Error & { code: string }, Change>(
  supervision: Supervision<S, E, Change>,
): Promise<Supervised<S, Change>> {
  const { product, logger, signal } = supervision
  const ending = new AbortController()
  const onAbort = () => ending.abort()
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted) ending.abort()
  let running = await supervision
    .start(ending.signal)
    .finally(() => signal?.removeEventListener('abort', onAbort))

  let state: EngineState = 'running'
  const listeners = new Set<(change: Change) => void>()

  function change(next: EngineState, error?: E, moved = false): void {
    if (state === 'stopped' || state === next) return
    state = next
    for (const listener of [...listeners]) {
      try {
        listener(supervision.change(state, moved, error))
      } catch (cause) {
        logger.error({ err: cause }, `A listener for the state of ${product} failed`)
      }
    }
  }

  async function supervise(): Promise<void> {
    const backoff = createBackoff()
    while (!ending.signal.aborted) {
      const unwatch = supervision.watch?.(running)
      await running.server.exited
      unwatch?.()
      if (ending.signal.aborted) return
      const error = running.server.failure('exited')
      logger.error({ code: error.code, reason: error.message }, `${product} has died; restarting it`)
      change('restarting', error)
      for (let failures = 0; !ending.signal.aborted; ) {
        if (!(await backoff.wait(ending.signal))) return
        const failure = await restart()
        if (!failure) break
        failures++
        const fields = { code: failure.code, reason: failure.message, failures, retryInMs: backoff.nextMs() }
        logger.error(fields, `${product} could not be restarted`)
        if (failures >= FAILED_AFTER || failure.code === 'disk-full') change('failed', failure)
      }
    }
  }

  async function restart(): Promise<E | undefined> {
    try {
      const next = await supervision.start(ending.signal, running)
      const moved = supervision.moved(running, next)
      running = next
      logger.info({ pid: next.server.pid, ...supervision.place(next), moved }, `${product} is running again`)
      change('running', undefined, moved)
    } catch (cause) {
      return supervision.asFailure(cause)
    }
    return undefined
  }

  const supervising = supervise()
  let stopping: Promise<void> | undefined
  async function stopOnce(): Promise<void> {
    ending.abort()
    change('stopped')
    await running.server.stop()
    await supervising
    // A restart may have succeeded in the same moment.
    await running.server.stop()
    listeners.clear()
  }

  return {
    current: () => running,
    state: () => state,
    onState(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stop() {
      stopping ??= stopOnce()
      return stopping
    },
  }
}
