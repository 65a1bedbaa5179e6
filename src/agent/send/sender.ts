import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { NATIVE_BATCH_CONTENT_TYPE } from '../../wire/native-batch.js'
import { QUIET_RETRY_MS } from '../quiet-start.js'
import type { Spool, SpoolItem } from '../spool/spool.js'
import type { Outcome } from './outcome.js'
import { backOffMs, outcomeOf } from './outcome.js'
import type { Poster } from './post.js'

export interface SenderOptions {
  spool: Spool
  poster: Poster
  logger: Logger
  /** Gets every outcome, with the bytes and the seconds that the attempt took. */
  observe: (outcome: Outcome, bytes: number, seconds: number) => void
  backOff?: typeof backOffMs
  /** For so long no failure is warned of, and tries come soon, until a first one succeeds; milliseconds. Default: 0. */
  quietMs?: number
}

export interface Sender {
  /** There is something in the spool. */
  wake(): void
  /** Lets the batch under way arrive, but not for long; the rest stays in the spool. May be called twice. */
  stop(): Promise<void>
}

/** What a stop waits for the batch that is under way. */
const GRACE_MS = 2000

/**
 * Sends the spool's records, one after another and in their order, until each is stored. A record that the monitor refuses
 * for good is set aside, so that it does not hold up the others.
 */
export function startSender(options: SenderOptions): Sender {
  const { spool, poster, logger, observe, backOff = backOffMs, quietMs = 0 } = options
  const quietUntil = performance.now() + quietMs
  let answered = false
  let warned = false
  const abort = new AbortController()
  let stopping = false
  let failures = 0
  let rejections = 0
  let refusing = false
  let wakeUp = () => {}
  let awake = true
  /** Ends a wait when the sender is stopped. */
  const pause = new AbortController()

  function idle() {
    return new Promise<void>((resolve) => {
      if (awake || stopping) resolve()
      else wakeUp = resolve
    })
  }

  const finished = (async () => {
    while (!stopping) {
      awake = false
      const item = await spool.next()
      if (!item) {
        await idle()
        continue
      }
      const outcome = await attempt(item)
      if (outcome.kind === 'retry') await waitAfter(outcome)
      else await settle(item, outcome)
    }
  })().catch((error) => logger.error({ error: String(error) }, 'The sender has stopped working'))

  async function attempt({ payload, gzip }: SpoolItem): Promise<Outcome> {
    const headers: Record<string, string> = { 'content-type': NATIVE_BATCH_CONTENT_TYPE }
    if (gzip) headers['content-encoding'] = 'gzip'
    const began = performance.now()
    const outcome = await poster.post(payload, headers, abort.signal).then(
      ({ status, text, retryAfter }) => outcomeOf(status, text, retryAfter, Date.now()),
      (error: Error): Outcome => ({ kind: 'retry', reason: error.message || String(error) }),
    )
    observe(outcome, payload.length, (performance.now() - began) / 1000)
    return outcome
  }

  async function settle(item: SpoolItem, outcome: Exclude<Outcome, { kind: 'retry' }>) {
    if (warned) logger.info({ afterFailures: failures }, 'The monitor takes batches again')
    failures = 0
    warned = false
    answered = true
    if (outcome.kind === 'sent') {
      rejections = 0
      // The clock of this host an hour ahead, for instance: the batch is taken, and nothing of it shows on any chart.
      if (outcome.refused && !refusing)
        logger.warn(
          outcome.refused,
          'The monitor leaves out samples of this host; later batches may be as this one',
        )
      refusing = outcome.refused !== undefined
      await spool.done(item)
      return
    }
    // Once for a row of them: a monitor that refuses everything must not fill the log as well.
    if (rejections++ === 0)
      logger.error({ reason: outcome.reason }, 'The monitor refuses a batch for good; it is set aside')
    await spool.reject(item, outcome.reason)
  }

  async function waitAfter({ reason, retryAfterMs }: Extract<Outcome, { kind: 'retry' }>) {
    if (stopping) return
    failures++
    const quiet = !answered && performance.now() < quietUntil
    if (!quiet && !warned) {
      warned = true
      logger.warn({ reason }, 'A batch could not be sent; it waits in the spool and is tried again')
    }
    const ms = backOff(failures, retryAfterMs)
    await delay(quiet ? Math.min(ms, QUIET_RETRY_MS) : ms, undefined, { signal: pause.signal }).catch(
      () => {},
    )
  }

  return {
    wake() {
      awake = true
      wakeUp()
    },
    async stop() {
      stopping = true
      wakeUp()
      pause.abort()
      const timer = setTimeout(() => abort.abort(), GRACE_MS)
      await finished
      clearTimeout(timer)
      poster.close()
    },
  }
}
