import type { Logger } from 'pino'
import { type Delivery, dropMessage, type Message, recordKey } from './core/index.js'
import type { AlertMetrics } from './metrics.js'
import type { Outbox } from './outbox/outbox.js'
import { type AlertSettings, type Receiver, redact, targetOf } from './settings/index.js'
import { createTransport, type SendResult, type SnmpEngine, type Transport } from './transports/index.js'

const FIRST_DELAY_MS = 1_000
/** A receiver that cannot be reached is tried once a minute; a message that it puts off, every five minutes. */
const LONGEST_AWAY_MS = 60_000
const LONGEST_LATER_MS = 300_000
const LONGEST_RETRY_AFTER_MS = 3_600_000

export interface ReceiverStatus {
  name: string
  type: string
  target: string
  waiting: number
  inFlight: number
  delivered: number
  lost: number
  /** Failed attempts in a row. */
  failures: number
  nextAttemptAt?: number
  lastDeliveredAt?: number
  lastError?: { at: number; reason: string }
}

interface Lane {
  receiver: Receiver
  transport: Transport
  inFlight: Set<string>
  failures: number
  /** By the clock that is never set (`performance.now()`). */
  awayUntil: number
  delivered: number
  lost: number
  lastDeliveredAt?: number
  lastError?: { at: number; reason: string }
}

export interface Deliveries {
  /** Begins what is due; called when messages were added. */
  wake(): void
  /** Takes over settings. What is under way goes on with the old ones. */
  configure(settings: AlertSettings): void
  /** Sends a message past the outbox, once. */
  sendNow(receiver: string, message: Message): Promise<SendResult | undefined>
  status(): ReceiverStatus[]
  /** Ends what is under way; may be called twice. */
  stop(): Promise<void>
}

/**
 * Delivers the messages of the outbox, a lane for each receiver. Every attempt is on record before it begins: an attempt whose
 * end is not on record may have arrived, and the next one is marked as a repeat.
 */
export function createDeliveries(
  outbox: Outbox,
  options: { dataDir: string; engine: SnmpEngine; metrics: AlertMetrics; logger: Logger },
): Deliveries {
  const { dataDir, engine, metrics, logger } = options
  const { state } = outbox
  const lanes = new Map<string, Lane>()
  const retired: Transport[] = []
  const abort = new AbortController()
  const running = new Set<Promise<void>>()
  let timer: NodeJS.Timeout | undefined

  for (const [id, delivery] of state.deliveries)
    if (delivery.inFlight) {
      delivery.inFlight = false
      delivery.repeat = true
      state.dirty.add(recordKey.delivery(id))
    }

  function wake(): void {
    if (abort.signal.aborted) return
    const now = Date.now()
    let next = Number.POSITIVE_INFINITY
    for (const lane of lanes.values()) {
      // One probes a receiver that is away; the others follow when it answers.
      const room = (lane.failures > 0 ? 1 : lane.receiver.concurrency) - lane.inFlight.size
      if (room <= 0) continue
      const ready: Message[] = []
      for (const message of state.messages.values()) {
        if (message.receiver !== lane.receiver.name || lane.inFlight.has(message.id)) continue
        // A clock that was set back does not put anything off.
        const nextAt = Math.min(state.deliveries.get(message.id)?.nextAt ?? 0, now + LONGEST_LATER_MS)
        const at = Math.max(now + lane.awayUntil - performance.now(), nextAt)
        if (at > now) next = Math.min(next, at)
        else ready.push(message)
        if (ready.length === room) break
      }
      for (const message of ready) {
        const one: Promise<void> = attempt(lane, message).finally(() => {
          running.delete(one)
          wake()
        })
        running.add(one)
      }
    }
    clearTimeout(timer)
    if (Number.isFinite(next)) timer = setTimeout(wake, Math.min(60_000, Math.max(10, next - now)))
  }

  async function attempt(lane: Lane, message: Message): Promise<void> {
    const { id } = message
    const delivery = state.deliveries.get(id) ?? newDelivery()
    state.deliveries.set(id, delivery)
    lane.inFlight.add(id)
    delivery.attempts++
    delivery.inFlight = true
    await save(id)
    const settled = [...delivery.done, ...delivery.refused.map(({ part }) => part)]
    const context = {
      signal: abort.signal,
      repeat: delivery.repeat,
      attempt: delivery.attempts,
      done: settled,
    }
    let result: SendResult
    try {
      result = await lane.transport.send(message, context)
    } catch (error) {
      logger.error({ err: error, receiver: lane.receiver.name }, 'a transport failed on a message')
      const failure = { part: '', reason: String(error), kind: 'later' as const, uncertain: true }
      result = { delivered: [], failures: [failure] }
    }
    lane.inFlight.delete(id)
    delivery.inFlight = false
    if (!state.messages.has(id)) return // dropped in the meantime, and counted then
    record(lane, message, delivery, result)
    await save(id)
  }

  function record(lane: Lane, message: Message, delivery: Delivery, result: SendResult): void {
    const now = Date.now()
    const name = lane.receiver.name
    const failures = result.failures.map((each) => ({ ...each, reason: redact(lane.receiver, each.reason) }))
    delivery.done.push(...result.delivered)
    for (const { part, kind, reason } of failures)
      if (kind === 'never' && part !== '') {
        delivery.refused.push({ part, reason })
        logger.error({ receiver: name, part, reason, message: message.id }, 'an alert was refused for good')
      }
    if (failures.some(({ uncertain }) => uncertain)) delivery.repeat = true
    const [first] = failures
    metrics.attempts.inc({ receiver: name, outcome: first ? 'failed' : 'delivered' })
    if (result.delivered.length > 0) lane.lastDeliveredAt = now
    if (first) {
      lane.lastError = { at: now, reason: first.reason }
      delivery.lastError = first.reason
    }

    const isAway = failures.some(({ kind }) => kind === 'away')
    if (isAway) {
      lane.failures++
      const asked = Math.max(0, ...failures.map(({ retryAfterMs }) => retryAfterMs ?? 0))
      lane.awayUntil =
        performance.now() +
        Math.max(delayOf(lane.failures, LONGEST_AWAY_MS), Math.min(asked, LONGEST_RETRY_AFTER_MS))
      if (lane.failures === 1)
        logger.warn({ receiver: name, reason: first?.reason }, 'a receiver of alerts cannot be reached')
    } else {
      if (lane.failures > 0) logger.info({ receiver: name }, 'the receiver of alerts answers again')
      lane.failures = 0
      lane.awayUntil = 0
    }

    const again = failures.filter(({ kind }) => kind !== 'never')
    const { maxAttempts } = lane.receiver
    if (again.length === 0) {
      // Refused as a whole, or by every single part.
      const refused = delivery.done.length === 0 || failures.some(({ part }) => part === '')
      if (refused) lose(lane, message, delivery.lastError ?? 'it was refused')
      else {
        lane.delivered++
        metrics.delivered.inc({ receiver: name })
      }
      dropMessage(state, message.id)
      return
    }
    if (maxAttempts > 0 && delivery.attempts >= maxAttempts && !abort.signal.aborted) {
      lose(lane, message, `given up after ${delivery.attempts} attempts: ${delivery.lastError}`)
      dropMessage(state, message.id)
      return
    }
    if (again.some(({ kind }) => kind === 'later'))
      delivery.nextAt = now + delayOf(delivery.attempts, LONGEST_LATER_MS)
  }

  function lose(lane: Lane, message: Message, reason: string): void {
    lane.lost++
    metrics.lost.inc({ reason: 'refused' })
    logger.error(
      { receiver: lane.receiver.name, message: message.id, alerts: message.causes.length, reason },
      'a message with alerts was not delivered and is dropped',
    )
  }

  async function save(id: string): Promise<void> {
    state.dirty.add(recordKey.delivery(id))
    // An alert goes out even when the disk is full: that may be what it is about. The outbox says so in the log.
    await outbox.commit().catch(() => undefined)
  }

  return {
    wake,
    configure(settings) {
      for (const lane of lanes.values()) retired.push(lane.transport)
      const old = new Map(lanes)
      lanes.clear()
      for (const receiver of settings.receivers) {
        const { externalUrl } = settings
        const transport = createTransport(receiver, { dataDir, engine, externalUrl })
        const before = old.get(receiver.name)
        lanes.set(receiver.name, {
          receiver,
          transport,
          inFlight: before?.inFlight ?? new Set(),
          failures: 0,
          awayUntil: 0,
          delivered: before?.delivered ?? 0,
          lost: before?.lost ?? 0,
          ...(before?.lastDeliveredAt === undefined ? {} : { lastDeliveredAt: before.lastDeliveredAt }),
        })
      }
      if (running.size === 0) for (const transport of retired.splice(0)) transport.close()
      wake()
    },
    async sendNow(name, message) {
      const lane = lanes.get(name)
      if (!lane) return undefined
      const context = { signal: abort.signal, repeat: false, attempt: 1, done: [] }
      const result = await lane.transport.send(message, context)
      for (const failure of result.failures) failure.reason = redact(lane.receiver, failure.reason)
      return result
    },
    status: () => [...lanes.values()].map((lane) => statusOf(lane, state.messages.values())),
    async stop() {
      abort.abort()
      clearTimeout(timer)
      await Promise.all(running)
      for (const transport of [...retired, ...[...lanes.values()].map((lane) => lane.transport)])
        transport.close()
    },
  }
}

export const newDelivery = (): Delivery => ({
  attempts: 0,
  inFlight: false,
  repeat: false,
  done: [],
  refused: [],
  nextAt: 0,
})

/** Doubled from attempt to attempt, less a random half: receivers that come back are not all met at once. */
const delayOf = (attempts: number, longest: number) =>
  Math.min(longest, FIRST_DELAY_MS * 2 ** Math.min(attempts - 1, 20)) * (0.5 + Math.random() / 2)

function statusOf(lane: Lane, messages: Iterable<Message>): ReceiverStatus {
  const { receiver, inFlight, failures, awayUntil, delivered, lost, lastDeliveredAt, lastError } = lane
  let waiting = 0
  for (const message of messages) if (message.receiver === receiver.name) waiting++
  return {
    name: receiver.name,
    type: receiver.type,
    target: targetOf(receiver),
    waiting,
    inFlight: inFlight.size,
    delivered,
    lost,
    failures,
    ...(awayUntil > performance.now()
      ? { nextAttemptAt: Math.round(Date.now() + awayUntil - performance.now()) }
      : {}),
    ...(lastDeliveredAt === undefined ? {} : { lastDeliveredAt }),
    ...(lastError === undefined ? {} : { lastError }),
  }
}
