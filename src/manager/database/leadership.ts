import { isTransient, LostLeaseError } from './errors.js'
import { acquireLease, type Holder, type LeaseTimes, leaseTimes, releaseLease, renewLease } from './lease.js'
import type { Db } from './open.js'

export interface Leadership {
  /** The term of this manager while it is the active one; throws `LostLeaseError` when it is not. */
  term(): number
  isActive(): boolean
  /** Aborted when this manager is not the active one any more. */
  readonly signal: AbortSignal
  /** Steps down and lets another take over at once. May be called twice. */
  stop(): Promise<void>
}

export interface LeadershipOptions {
  db: Db
  holder: Holder
  logger: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
  times?: LeaseTimes
  /** Monotonic, milliseconds. */
  clock?: () => number
  /** Ends the wait for the lease. */
  signal?: AbortSignal
  /** Told, while this manager waits, who the active one is; again with each look. */
  onWaiting?: (active: Holder) => void
}

/**
 * Waits until this manager is the active one, then keeps it so. It steps down by itself, before the lease runs out, when a
 * renewal has not succeeded in time: counted by a monotonic clock from the moment before the last good renewal was sent.
 */
export async function lead(options: LeadershipOptions): Promise<Leadership> {
  const { db, holder, logger } = options
  const times = options.times ?? leaseTimes
  const clock = options.clock ?? (() => performance.now())
  let term: number
  let safeUntil: number
  let told = ''
  for (;;) {
    options.signal?.throwIfAborted()
    const before = clock()
    const result = await acquireLease(db, holder, times.durationMs).catch((error: unknown) => {
      if (!isTransient(error)) throw error
      logger.warn({ reason: (error as Error).message }, 'The database is away; waiting')
      return undefined
    })
    if (!result) {
      await wait(times.renewMs, options.signal)
      continue
    }
    if (result.acquired) {
      term = result.term
      safeUntil = before + times.durationMs - times.marginMs
      break
    }
    if (told !== result.holder.id)
      logger.info({ active: result.holder.url, term: result.term }, 'Another manager is active; waiting')
    told = result.holder.id
    options.onWaiting?.(result.holder)
    await wait(Math.min(times.renewMs, result.expiresInMs + 50), options.signal)
  }
  logger.info({ term }, 'This manager is the active one')

  const ended = new AbortController()
  const step = (reason: string) => {
    if (ended.signal.aborted) return
    clearTimeout(renewal)
    clearTimeout(bound)
    logger.warn({ term, reason }, 'This manager is not the active one any more')
    ended.abort(new LostLeaseError(term, undefined))
  }
  let bound = watch()
  let renewal = setTimeout(renew, times.renewMs)

  function watch(): NodeJS.Timeout {
    return setTimeout(() => step('the lease could not be renewed in time'), Math.max(0, safeUntil - clock()))
  }

  async function renew(): Promise<void> {
    const before = clock()
    try {
      const renewed = await renewLease(db, holder, term, times.durationMs)
      if (ended.signal.aborted) return
      if (!renewed) return step('another manager has the lease')
      safeUntil = before + times.durationMs - times.marginMs
      clearTimeout(bound)
      bound = watch()
    } catch (error) {
      logger.warn({ term, reason: (error as Error).message }, 'The lease was not renewed; trying again')
    }
    if (!ended.signal.aborted) renewal = setTimeout(renew, times.renewMs)
  }

  const isActive = () => !ended.signal.aborted && clock() < safeUntil
  return {
    isActive,
    term() {
      if (!isActive()) throw new LostLeaseError(term, undefined)
      return term
    },
    signal: ended.signal,
    async stop() {
      if (ended.signal.aborted) return
      clearTimeout(renewal)
      clearTimeout(bound)
      ended.abort(new LostLeaseError(term, undefined))
      await releaseLease(db, holder, term).catch((error) =>
        logger.warn(
          { term, reason: (error as Error).message },
          'The lease could not be given back; it will run out',
        ),
      )
    },
  }
}

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
  })
}
