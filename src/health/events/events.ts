import type { Hono } from 'hono'
import type { BaseLogger } from 'pino'
import type { Registry } from 'prom-client'
import type { Store } from '../../metrics/index.js'
import type { EventRecord } from '../../wire/event.js'
import { createEventApi } from './api.js'
import {
  type AlertRules,
  DEFAULT_ALERT_RULES,
  eventOfChange,
  type HealthChangeInput,
} from './health-change.js'
import { createEventLog, type LoggedEvent } from './log.js'
import { createLookUp } from './look-up.js'
import { createRecorder } from './recorder.js'
import { DEFAULT_EVENT_RETENTION, dropOldEvents, type EventRetention } from './retention.js'
import { createEventMetrics, NO_EVENT_METRICS } from './self-metrics.js'
import { createEventStore, type EventStore } from './store.js'
import { alertOf } from './subject.js'

export interface EventsOptions {
  store: Pick<Store, 'client' | 'catalogue'> & Partial<Pick<Store, 'placement'>>
  logger: BaseLogger
  registry?: Registry
  retention?: Partial<EventRetention>
  /** Whether this monitor drops old data, and by what time; without it only too much is dropped, not what is too old. */
  keeper?: { readonly isLeader: boolean; readonly retention: { readonly time: number | undefined } }
  /** Whether there is a publisher to take alerts; see `createAlerting`. Default false: none are kept for it. */
  alerts?: boolean
  alertRules?: AlertRules
  /**
   * Whether nobody is to be disturbed because of an entity now (maintenance), by its category and a name of it. For events of
   * senders; changes of health say it themselves. Default: never.
   */
  quiet?: (category: string, name: string) => boolean
  /** Between two looks for what is to be dropped, milliseconds. Default: 10 minutes. */
  retentionEveryMs?: number
}

export interface Events {
  readonly app: Hono
  /**
   * Takes changes of health: stores an event for each that is news, and the alerts. Resolves with true when they are stored:
   * only then may whoever evaluates health forget them. Ids that are stored already are not stored again.
   */
  healthChanged(changes: readonly HealthChangeInput[]): Promise<boolean>
  /** Stores events of the monitor itself, as `healthChanged` does. */
  record(records: readonly EventRecord[]): Promise<boolean>
  /** What waits for the publisher; for `createAlerting`. */
  readonly outbox: Pick<EventStore, 'pendingAlerts' | 'countPendingAlerts' | 'alertsDone' | 'giveUpAlerts'>
  /** Calls the listener whenever there are new alerts in the outbox. */
  onAlerts(listener: () => void): void
  /** Stores what waits, but not for long. May be called twice. */
  stop(): Promise<void>
}

/**
 * The event store, its API, and the way from health to alerts.
 *
 *     const events = createEvents({ store, logger, registry, keeper: rollups, alerts: true })
 *     app.route('/', events.app)
 */
export function createEvents(options: EventsOptions): Events {
  const { store, logger, registry, keeper, quiet } = options
  const { alerts = false, alertRules = DEFAULT_ALERT_RULES } = options
  const retention = { ...DEFAULT_EVENT_RETENTION, ...options.retention }
  const lookUp = createLookUp(store.catalogue)
  const findEntity = (category: string, name: string) => lookUp.one(category, name)?.id
  const findAll = (category: string, name: string) => lookUp.all(category, name).map(({ id }) => id)
  const eventStore = createEventStore(() => store.client, findAll)
  const listeners: (() => void)[] = []
  const metrics = registry
    ? createEventMetrics(registry, () => log.waiting + recorder.waiting)
    : NO_EVENT_METRICS
  const log = createEventLog({
    store: eventStore,
    findEntity,
    logger,
    keepAlerts: alerts,
    onStored(events, alerted) {
      for (const [category, count] of countsOf(events.map(({ record }) => record.category)))
        metrics.stored(category, count)
      if (alerted > 0) for (const listener of listeners) listener()
    },
  })
  const recorder = createRecorder(log, logger)
  const logged = (record: EventRecord): LoggedEvent =>
    record.alert ? { record, alert: alertOf(record, lookUp.one, quiet) } : { record }
  const app = createEventApi({ store: eventStore, log, logged, logger, onRefused: metrics.refused })

  const sweep = async () => {
    // Where statements cannot be run on all of a cluster's servers, the one whose server has the events drops them.
    const anyone = store.placement?.cluster !== undefined && !store.placement.everywhere
    if (keeper && !keeper.isLeader && !anyone) return
    const time = keeper?.retention.time
    metrics.dropped(await dropOldEvents(store.client, retention, time, logger, store.placement))
  }
  const sweeping = setInterval(() => {
    sweep().catch((error: unknown) => logger.warn({ err: error }, 'old events could not be dropped'))
  }, options.retentionEveryMs ?? 600_000).unref()

  let stopped: Promise<void> | undefined
  return {
    app,
    healthChanged: (changes) =>
      recorder.record(changes.flatMap((change) => eventOfChange(change, lookUp.one, alertRules) ?? [])),
    record: (records) => recorder.record(records.map(logged)),
    outbox: eventStore,
    onAlerts(listener) {
      listeners.push(listener)
    },
    stop: () =>
      (stopped ??= (async () => {
        clearInterval(sweeping)
        await recorder.stop()
        await log.stop()
      })()),
  }
}

function countsOf(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return counts
}
