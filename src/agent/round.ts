import type { EntityDefinition, MetricDefinition, NativeBatch } from '../wire/native-batch.js'
import { definitionOf } from './catalogue/index.js'

/** What a collector sees of one round of collection. */
export interface Round {
  /** Stamp of every sample of the round, milliseconds since the epoch. */
  readonly time: number
  readonly host: Host
  /**
   * Adds a sample. `metric` is a name of the agent's catalogue or a definition of its own. A value that is not finite is
   * left out. Entities are told apart by category and name.
   */
  report(entity: EntityDefinition, metric: string | MetricDefinition, value: number): void
}

/** The host that the agent runs on, as its entities carry it. */
export interface Host {
  readonly hostId: string
  readonly hostname: string
  /** Rack and cluster; what is on the host has them too. */
  readonly place: Readonly<Record<string, string>>
  readonly entity: EntityDefinition
}

export interface RoundBuilder {
  begin(time: number, host: Host): Round
  /** Number of samples reported since `begin`. */
  readonly sampleCount: number
  finish(): NativeBatch
}

/**
 * Turns what collectors report into batches. The dictionary (metrics, entities, series) stays from round to round and only
 * grows, so that its bytes are the same and a receiver may cache them; it starts anew when an entity is gone or has changed.
 */
export function createRoundBuilder(): RoundBuilder {
  let dictionary = createDictionary()
  let sender = ''
  let time = 0
  let round = 0
  const series: number[] = []
  const values: number[] = []

  return {
    begin(stamp, host) {
      if (dictionary.isStale(round)) dictionary = createDictionary()
      sender = `agent on ${host.hostname}`.slice(0, 200)
      time = stamp
      round++
      series.length = 0
      values.length = 0
      return {
        time,
        host,
        report(entity, metric, value) {
          if (!Number.isFinite(value)) return
          series.push(dictionary.seriesOf(entity, metric, round))
          values.push(value)
        },
      }
    },
    get sampleCount() {
      return values.length
    },
    finish: () => ({
      sender,
      metrics: dictionary.metrics,
      entities: dictionary.entities,
      seriesMetric: Uint32Array.from(dictionary.seriesMetric),
      seriesEntity: Uint32Array.from(dictionary.seriesEntity),
      sampleSeries: Uint32Array.from(series),
      sampleTime: new Float64Array(values.length).fill(time),
      sampleValue: Float64Array.from(values),
    }),
  }
}

function createDictionary() {
  const metrics: MetricDefinition[] = []
  const entities: EntityDefinition[] = []
  const seriesMetric: number[] = []
  const seriesEntity: number[] = []
  const metricIndex = new Map<string, number>()
  const known = new Map<string, { index: number; seen: number; series: Map<string, number> }>()
  let changed = false

  return {
    metrics,
    entities,
    seriesMetric,
    seriesEntity,
    isStale(round: number): boolean {
      if (changed) return true
      for (const entity of known.values()) if (entity.seen !== round) return true
      return false
    },
    seriesOf(definition: EntityDefinition, metric: string | MetricDefinition, round: number): number {
      const key = `${definition.category}\0${definition.name}`
      let entity = known.get(key)
      if (!entity) {
        entity = { index: entities.push(definition) - 1, seen: round, series: new Map() }
        known.set(key, entity)
      } else if (entities[entity.index] !== definition) {
        // Attributes have changed (a renamed host): the new ones go out with this very round.
        entities[entity.index] = definition
        changed = true
      }
      entity.seen = round
      const name = typeof metric === 'string' ? metric : metric.name
      let series = entity.series.get(name)
      if (series === undefined) {
        let index = metricIndex.get(name)
        if (index === undefined) {
          index = metrics.push(typeof metric === 'string' ? definitionOf(metric) : metric) - 1
          metricIndex.set(name, index)
        }
        seriesEntity.push(entity.index)
        series = seriesMetric.push(index) - 1
        entity.series.set(name, series)
      }
      return series
    },
  }
}
