import type { Registry } from 'prom-client'
import { declareMetrics } from '../wire/declare-metrics.js'
import type { State } from './core/index.js'
import type { OutboxStats } from './outbox/outbox.js'

/** What the publisher counts of itself, `bellwether_alerts_…`. */
export function createAlertMetrics(registry: Registry, state: State, outbox: () => OutboxStats) {
  const { counter, reading: gauge } = declareMetrics(registry, 'bellwether_alerts_')
  gauge('outbox_messages', 'Messages that are not delivered yet.', () => state.messages.size)
  gauge('outbox_bytes', 'Size of the outbox on disk.', () => outbox().bytes)
  gauge(
    'outbox_oldest_seconds',
    'Age of the oldest message that is not delivered.',
    () => oldestAge(state) / 1000,
  )
  gauge('outbox_disk_failing', '1 while the outbox cannot be written.', () => (outbox().diskError ? 1 : 0))
  gauge(
    'outbox_damaged_bytes',
    'Bytes of the outbox that were unreadable at the start.',
    () => outbox().damagedBytes,
  )
  gauge('groups', 'Groups that causes are in.', () => state.groups.size)
  gauge('causes', 'Causes that are kept.', () => state.groupsOf.size)
  gauge('silences', 'Silences, those that begin later included.', () => state.silences.size)
  return {
    events: counter('events_total', 'Events that came in.', 'outcome'),
    messages: counter('messages_total', 'Messages made of them.', 'receiver'),
    attempts: counter('attempts_total', 'Attempts at a delivery.', 'receiver', 'outcome'),
    delivered: counter('delivered_total', 'Messages delivered.', 'receiver'),
    lost: counter('lost_total', 'Messages and causes that were dropped.', 'reason'),
  }
}

export type AlertMetrics = ReturnType<typeof createAlertMetrics>

export function oldestAge(state: State): number {
  let oldest = Number.POSITIVE_INFINITY
  for (const { at } of state.messages.values()) oldest = Math.min(oldest, at)
  return Number.isFinite(oldest) ? Math.max(0, Date.now() - oldest) : 0
}
