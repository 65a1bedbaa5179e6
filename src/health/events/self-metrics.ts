import type { Registry } from 'prom-client'
import { declareMetrics } from '../../wire/declare-metrics.js'

export interface EventMetrics {
  stored(category: string, count: number): void
  refused(count: number): void
  dropped(days: number): void
}

export const NO_EVENT_METRICS: EventMetrics = { stored() {}, refused() {}, dropped() {} }

/** `bellwether_events_…`; `waiting` says how many events wait for the store. */
export function createEventMetrics(registry: Registry, waiting: () => number): EventMetrics {
  const { counter, reading } = declareMetrics(registry, 'bellwether_events_')
  const stored = counter('stored_total', 'Events stored, by category', 'category')
  const refused = counter('refused_total', 'Events of senders that were malformed')
  const dropped = counter('dropped_days_total', 'Days of events that retention has dropped')
  reading('waiting', 'Events that wait for the store', waiting)
  return {
    stored: (category, count) => stored.inc({ category }, count),
    refused: (count) => refused.inc(count),
    dropped: (days) => dropped.inc(days),
  }
}
