import { setTimeout as delay } from 'node:timers/promises'
import { Hono } from 'hono'
import type { BaseLogger } from 'pino'
import type { Registry } from 'prom-client'
import type { AlertReceipt } from '../../wire/alert.js'
import { declareMetrics } from '../../wire/declare-metrics.js'
import type { Events } from '../events/index.js'
import type { OutboxRow } from '../events/store.js'
import { connectPublisher } from './post.js'
import { publisherRoutes } from './publisher-routes.js'

export interface AlertingOptions {
  /** Made with `alerts: true`. */
  events: Pick<Events, 'outbox' | 'onAlerts'>
  /** Of the alert publisher, `http:` or `https:`, such as `http://127.0.0.1:7185`. */
  url: string
  /** Its bearer token; empty: it asks for none. */
  token?: string
  logger: BaseLogger
  registry?: Registry
  /** Alerts that the publisher has not taken for so long are given up, milliseconds. Default: 3 days. */
  longestMs?: number
  /** And the oldest ones beyond so many. Default: 50,000. */
  most?: number
  /** Between two looks for alerts that another monitor left, milliseconds. Default: 15 s. */
  lookEveryMs?: number
  /** First wait after a failure, doubled up to 30 s. Default: 1 s. */
  firstWaitMs?: number
  /** Told what people should find among the events: alerts that are lost, a publisher that is away and back. */
  onTrouble?: (trouble: AlertingTrouble) => void
}

export interface AlertingTrouble {
  code: 'EV_ALERTS_LOST' | 'EV_ALERT_PUBLISHER_AWAY' | 'EV_ALERT_PUBLISHER_BACK'
  severity: 'CRITICAL' | 'INFORMATIONAL'
  text: string
}

export interface AlertingStatus {
  url: string
  /** Since the start. */
  accepted: number
  refused: number
  givenUp: number
  /** In a row; 0: the last attempt went well. */
  failures: number
  lastError: { time: string; reason: string } | null
}

export interface Alerting {
  /** `GET /health/alerting`: the status, and how many alerts wait; and what the publisher says, as in `publisher-routes.ts`. */
  readonly app: Hono
  status(): AlertingStatus
  /** Ends the attempt under way; what the publisher has not taken stays in the store. May be called twice. */
  stop(): Promise<void>
}

const AT_ONCE = 200
const BODY_BYTES = 8 * 1024 * 1024
const LONGEST_WAIT_MS = 30_000
const LOG_AGAIN_MS = 600_000
const FAILURES_TOLD = 3

/**
 * Brings alerts from the event store to the alert publisher: each at least once and in their order. An alert stays in the
 * store until the publisher has it on its disk, so that neither a crash of the monitor nor of the publisher loses one; what is
 * sent twice has the same id, by which the publisher knows it.
 */
export function createAlerting(options: AlertingOptions): Alerting {
  const { events, url, token = '', logger, registry } = options
  const { onTrouble = () => undefined } = options
  const { longestMs = 3 * 86_400_000, most = 50_000, lookEveryMs = 15_000, firstWaitMs = 1_000 } = options
  const { outbox } = events
  const connection = connectPublisher(url, token)
  // Of its own: what a person asks for waits for no alert, and no alert for it.
  const atHand = connectPublisher(url, token, { timeoutMs: 60_000, sockets: 4 })
  const stopping = new AbortController()
  const { signal } = stopping
  const status: AlertingStatus = { url, accepted: 0, refused: 0, givenUp: 0, failures: 0, lastError: null }
  let wake = () => {}
  let news = true
  let loggedAt = Number.NEGATIVE_INFINITY
  let isAwayTold = false
  /** Alerts of one request; smaller after the publisher found one too large. */
  let atOnce = AT_ONCE
  const lost = registry && metricsOf(registry, status)

  events.onAlerts(() => {
    news = true
    wake()
  })

  /** Until the time is over, there are news (if they end it), or the end. */
  const pause = async (ms: number, unlessNews: boolean): Promise<void> => {
    if (unlessNews && news) return
    const early = new AbortController()
    if (unlessNews) wake = () => early.abort()
    await delay(ms, undefined, { signal: AbortSignal.any([early.signal, signal]) }).catch(() => undefined)
  }

  const finished = (async () => {
    while (!signal.aborted) {
      news = false
      try {
        await giveUp()
        while (!signal.aborted && (await sendSome())) recovered()
        recovered()
        await pause(lookEveryMs, true)
      } catch (error) {
        if (signal.aborted) break
        await failed(error)
      }
    }
  })()

  function recovered(): void {
    if (status.failures === 0) return
    logger.info({ afterFailures: status.failures }, 'the alert publisher takes alerts again')
    if (isAwayTold)
      onTrouble({
        code: 'EV_ALERT_PUBLISHER_BACK',
        severity: 'INFORMATIONAL',
        text: 'The alert publisher takes alerts again.',
      })
    isAwayTold = false
    status.failures = 0
  }

  /** Sends the oldest ones; false when there are none. */
  async function sendSome(): Promise<boolean> {
    const rows = await outbox.pendingAlerts(atOnce)
    if (rows.length === 0) return false
    const { body, count } = bodyOf(rows)
    const sent = rows.slice(0, count)
    const answer = await connection.ask('POST', 'alerts', signal, body)
    if (answer.status === 413 && count > 1) {
      atOnce = Math.max(1, Math.floor(count / 2))
      return true
    }
    const refused = refusedOf(answer.status, answer.text)
    if (refused === undefined) {
      // The token, for one, is not in it: what was sent is not quoted.
      const error = new Error(
        `HTTP ${answer.status} from ${new URL(url).origin}: ${answer.text.slice(0, 300)}`,
      )
      throw Object.assign(error, { retryAfterMs: answer.retryAfterMs })
    }
    if (refused.length > 0)
      logger.error({ refused: refused.slice(0, 5) }, 'the alert publisher refuses alerts for good')
    if (refused.length > 0) lostSome(refused.length, 'the alert publisher refused them for good')
    await outbox.alertsDone(sent)
    atOnce = AT_ONCE
    status.accepted += sent.length - refused.length
    status.refused += refused.length
    lost?.sent(sent.length - refused.length)
    lost?.lost('refused', refused.length)
    return true
  }

  async function giveUp(): Promise<void> {
    const count = await outbox.giveUpAlerts(Date.now() - longestMs, most)
    if (count === 0) return
    status.givenUp += count
    lost?.lost('given up', count)
    lostSome(count, 'the publisher has not taken them for too long, or there were too many')
    logger.error(
      { alerts: count },
      'alerts were given up: the publisher has not taken them for too long, or there are too many',
    )
  }

  const lostSome = (count: number, why: string) =>
    onTrouble({
      code: 'EV_ALERTS_LOST',
      severity: 'CRITICAL',
      text: `${count} ${count === 1 ? 'alert was' : 'alerts were'} lost: ${why}.`,
    })

  async function failed(error: unknown): Promise<void> {
    status.failures++
    const reason = error instanceof Error ? error.message || String(error) : String(error)
    status.lastError = { time: new Date().toISOString(), reason: reason.slice(0, 500) }
    if (status.failures === 1 || performance.now() - loggedAt > LOG_AGAIN_MS) {
      loggedAt = performance.now()
      logger.warn(
        { reason, url },
        'alerts could not be given to the alert publisher; they wait in the event store',
      )
    }
    // One failure may be a restart.
    if (status.failures === FAILURES_TOLD && !isAwayTold) {
      isAwayTold = true
      onTrouble({
        code: 'EV_ALERT_PUBLISHER_AWAY',
        severity: 'CRITICAL',
        text: `The alert publisher does not take alerts; they wait. ${status.lastError.reason}`,
      })
    }
    const { retryAfterMs } = error as { retryAfterMs?: number }
    const wait = Math.min(LONGEST_WAIT_MS, firstWaitMs * 2 ** Math.min(10, status.failures - 1))
    // A random half less: several monitors should not come back at the same moment.
    await pause(retryAfterMs ?? wait * (1 - Math.random() / 2), false)
  }

  const app = new Hono()
  app.get('/health/alerting', async (c) => {
    const pending = await outbox.countPendingAlerts().catch(() => undefined)
    return c.json({
      ...status,
      pending: pending?.count ?? null,
      oldestPending: pending && pending.count > 0 ? new Date(pending.oldest).toISOString() : null,
    })
  })

  app.route('/', publisherRoutes(atHand))

  return {
    app,
    status: () => ({ ...status }),
    async stop() {
      stopping.abort()
      wake()
      await Promise.race([finished, delay(5_000, undefined, { ref: false })])
      connection.close()
      atHand.close()
    },
  }
}

/** As many as go into one request, at least one. */
function bodyOf(rows: readonly OutboxRow[]): { body: string; count: number } {
  const parts: string[] = []
  let bytes = 0
  for (const { event } of rows) {
    const text = JSON.stringify(event)
    bytes += Buffer.byteLength(text)
    if (parts.length > 0 && bytes > BODY_BYTES) break
    parts.push(text)
  }
  return { body: `[${parts.join(',')}]`, count: parts.length }
}

/** What the publisher will never take; undefined when it has not taken the others either. */
function refusedOf(status: number, text: string): AlertReceipt['refused'] | undefined {
  if (status !== 400 && (status < 200 || status > 299)) return undefined
  try {
    const { refused } = JSON.parse(text) as Partial<AlertReceipt>
    return Array.isArray(refused) ? refused : undefined
  } catch {
    return undefined
  }
}

function metricsOf(registry: Registry, status: AlertingStatus) {
  const { counter, reading } = declareMetrics(registry, 'bellwether_alerting_')
  const sent = counter('sent_total', 'Alerts that the alert publisher has taken')
  const lost = counter(
    'lost_total',
    'Alerts that it refused for good, and those that were given up',
    'reason',
  )
  reading('failures', 'Attempts in a row that failed; 0: the publisher answers', () => status.failures)
  return {
    sent: (count: number) => sent.inc(count),
    lost: (reason: string, count: number) => lost.inc({ reason }, count),
  }
}
