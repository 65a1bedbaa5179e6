import { Counter, Gauge, type Registry } from 'prom-client'

export interface EventMetrics {
  stored(category: string, count: number): void
  refused(count: number): void
  dropped(days: number): void
}

export const NO_EVENT_METRICS: EventMetrics = { stored() {}, refused() {}, dropped() {} }

/** `bellwether_events_…`; `waiting` says how many events wait for the store. */
export function createEventMetrics(registry: Registry, waiting: () => number): EventMetrics {
  const registers = [registry]
  const stored = new Counter({
    name: 'bellwether_events_stored_total',
    help: 'Events stored, by category',
    labelNames: ['category'],
    registers,
  })
  const refused = new Counter({
    name: 'bellwether_events_refused_total',
    help: 'Events of senders that were malformed',
    registers,
  })
  const dropped = new Counter({
    name: 'bellwether_events_dropped_days_total',
    help: 'Days of events that retention has dropped',
    registers,
  })
  new Gauge({
    name: 'bellwether_events_waiting',
    help: 'Events that wait for the store',
    registers,
    collect() {
      this.set(waiting())
    },
  })
  return {
    stored: (category, count) => stored.inc({ category }, count),
    refused: (count) => refused.inc(count),
    dropped: (days) => dropped.inc(days),
  }
}
