import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { AlertEvent, AlertReceipt } from '../wire/alert.js'
import {
  type Bounds,
  DEFAULT_BOUNDS,
  enforce,
  nextDue,
  recordKey,
  type Silence,
  takeDue,
  takeEvent,
} from './core/index.js'
import { createDeliveries, newDelivery, type ReceiverStatus } from './delivery.js'
import { createAlertMetrics, oldestAge } from './metrics.js'
import { lockFolder } from './outbox/lock.js'
import { openOutbox } from './outbox/outbox.js'
import type { AlertSettings } from './settings/index.js'
import { testMessage } from './test-message.js'
import type { SendResult } from './transports/index.js'

export interface PublisherOptions {
  /** Folder of its own; made where it is missing. */
  dataDir: string
  settings: AlertSettings
  bounds?: Partial<Bounds>
  registry: Registry
  logger: Logger
}

export interface PublisherStatus {
  outbox: { messages: number; oldestSeconds: number; bytes: number; damagedBytes: number; diskError?: string }
  groups: number
  causes: number
  silences: number
  /** Our SNMP engine, as a receiver of traps by SNMPv3 must be told it. */
  engineId: string
  lost: { full: number; expired: number; causes: number }
  receivers: ReceiverStatus[]
  /** Receivers that messages wait for but that the settings do not have any more. */
  missingReceivers: string[]
}

export interface Publisher {
  /** Resolves when the events are on disk. Rejects when they cannot be written; the sender must send them again. */
  take(events: readonly AlertEvent[]): Promise<Pick<AlertReceipt, 'accepted' | 'duplicates'>>
  configure(settings: AlertSettings): void
  silences(): Silence[]
  /** Adds a silence, or changes the one of the same id. Rejects when it cannot be written. */
  silence(silence: Silence): Promise<void>
  /** False when there is none of that id. */
  endSilence(id: string): Promise<boolean>
  /** Sends a test alert now; undefined when there is no such receiver. */
  test(receiver: string): Promise<SendResult | undefined>
  status(): PublisherStatus
  stop(): Promise<void>
}

export const MAX_SILENCES = 500
const HOUSEKEEPING_MS = 30_000
const SOON_MS = 50
/** More between two looks is the clock, not time. */
const LEAP_MS = 60_000
const LOG_AGAIN_MS = 600_000

/** Starts a publisher. Throws `FolderInUseError` and errors of the file system. */
export async function startPublisher(options: PublisherOptions): Promise<Publisher> {
  const { dataDir, registry, logger } = options
  const bounds = { ...DEFAULT_BOUNDS, ...options.bounds }
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const unlock = await lockFolder(dataDir)
  const outbox = await openOutbox(dataDir, logger).catch(async (error) => {
    await unlock()
    throw error
  })
  const { state } = outbox
  const engine = { id: state.engine?.id ?? newEngineId(), boots: (state.engine?.boots ?? 0) + 1 }
  state.engine = engine
  state.dirty.add(recordKey.engine())
  const metrics = createAlertMetrics(registry, state, outbox.stats)
  const deliveries = createDeliveries(outbox, { dataDir, engine, metrics, logger })
  const lost = { full: 0, expired: 0, causes: 0 }
  let lossLoggedAt = Number.NEGATIVE_INFINITY
  const clock = { wall: Date.now(), mono: performance.now(), leaps: 0 }
  let { rules } = options.settings
  let timer: NodeJS.Timeout | undefined
  let tickAt = 0
  let stopped = false

  deliveries.configure(options.settings)
  await outbox.commit().catch(() => undefined)
  logger.info({ messages: state.messages.size, groups: state.groups.size }, 'the outbox is open')

  function tick(): void {
    if (stopped) return
    const now = Date.now()
    const messages = takeDue(state, now, rules, randomUUID)
    for (const message of messages) {
      state.messages.set(message.id, message)
      state.deliveries.set(message.id, newDelivery())
      state.dirty.add(recordKey.message(message.id)).add(recordKey.delivery(message.id))
      metrics.messages.inc({ receiver: message.receiver })
    }
    keepBounds(now)
    if (state.dirty.size > 0) outbox.commit().then(deliveries.wake, deliveries.wake)
    schedule()
  }

  function schedule(): void {
    if (stopped) return
    const now = Date.now()
    const next = Math.min(nextDue(state, now, rules) ?? Number.POSITIVE_INFINITY, now + HOUSEKEEPING_MS)
    tickIn(Math.max(10, next - now))
  }

  function tickIn(ms: number): void {
    clearTimeout(timer)
    tickAt = Date.now() + ms
    timer = setTimeout(tick, ms)
  }

  /** Something has changed. What is due is looked at not for each event but once for all that come together. */
  function soon(): void {
    if (!stopped && Math.abs(tickAt - Date.now()) > SOON_MS) tickIn(SOON_MS)
  }

  /** The time by which things grow old: without the leaps that the clock has made ahead since the start. */
  function timeOfAges(now: number): number {
    const mono = performance.now()
    const leap = now - clock.wall - (mono - clock.mono)
    if (leap > LEAP_MS || leap < -LEAP_MS) clock.leaps = Math.max(0, clock.leaps + leap)
    clock.wall = now
    clock.mono = mono
    return now - clock.leaps
  }

  function keepBounds(now: number): void {
    const { causes, messages, expired } = enforce(state, bounds, timeOfAges(now), outbox.sizeOf)
    for (const [id, silence] of state.silences)
      if (silence.until <= now) {
        state.silences.delete(id)
        state.dirty.add(recordKey.silence(id))
      }
    if (causes + messages.length + expired.length === 0) return
    lost.causes += causes
    lost.full += messages.length
    lost.expired += expired.length
    metrics.lost.inc({ reason: 'causes' }, causes)
    metrics.lost.inc({ reason: 'full' }, messages.length)
    metrics.lost.inc({ reason: 'age' }, expired.length)
    if (now - lossLoggedAt < LOG_AGAIN_MS && now >= lossLoggedAt) return
    lossLoggedAt = now
    logger.error(
      { ...lost, bounds, receivers: [...new Set([...messages, ...expired].map(({ receiver }) => receiver))] },
      'alerts were dropped undelivered: there were too many, or they were too old',
    )
  }

  schedule()
  return {
    async take(events) {
      const now = Date.now()
      let duplicates = 0
      for (const event of events) {
        const outcome = takeEvent(state, event, now, rules)
        metrics.events.inc({ outcome })
        if (outcome === 'duplicate') duplicates++
      }
      keepBounds(now)
      soon()
      // Duplicates too: the first one may still be on its way to the disk.
      await outbox.commit()
      return { accepted: events.length - duplicates, duplicates }
    },
    configure(settings) {
      rules = settings.rules
      deliveries.configure(settings)
      soon()
    },
    silences: () => [...state.silences.values()],
    async silence(silence) {
      state.silences.set(silence.id, silence)
      state.dirty.add(recordKey.silence(silence.id))
      soon()
      await outbox.commit()
    },
    async endSilence(id) {
      if (!state.silences.delete(id)) return false
      state.dirty.add(recordKey.silence(id))
      soon()
      await outbox.commit()
      return true
    },
    test: (receiver) => deliveries.sendNow(receiver, testMessage(receiver, randomUUID(), hostname())),
    status() {
      const { bytes, damagedBytes, diskError } = outbox.stats()
      const wanted = [...state.messages.values()].map(({ receiver }) => receiver)
      return {
        outbox: {
          messages: state.messages.size,
          oldestSeconds: Math.round(oldestAge(state) / 1000),
          bytes,
          damagedBytes,
          ...(diskError ? { diskError } : {}),
        },
        groups: state.groups.size,
        causes: state.groupsOf.size,
        silences: state.silences.size,
        engineId: engine.id,
        lost,
        receivers: deliveries.status(),
        missingReceivers: [...new Set(wanted)].filter((name) => !rules.receivers.has(name)),
      }
    },
    async stop() {
      if (stopped) return
      stopped = true
      clearTimeout(timer)
      await deliveries.stop()
      await outbox.close()
      await unlock()
    },
  }
}

/** RFC 3411: first bit set, enterprise number (net-snmp's, as the provisional arc), format 5 (octets), eight octets of ours. */
const newEngineId = () => `80001f8805${randomBytes(8).toString('hex')}`
