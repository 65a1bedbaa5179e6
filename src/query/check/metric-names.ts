import type { Catalogue, Metric } from '../../metrics/index.js'
import { perSecond, type Units } from './units.js'

/** A metric as a query names it: stored under that name, or the rate of a stored counter. */
export interface ResolvedMetric {
  readonly metric: Metric
  /** True when the name is that of the counter's rate: the values are then the counter's change per second. */
  readonly isRateOfCounter: boolean
  readonly units: Units
}

const storedUnits = (metric: Metric): Units => ({
  numerators: metric.unitNumerators,
  denominators: metric.unitDenominators,
})

/**
 * Finds a metric by its name or an alias, else, for `…_rate`, the counter whose rate has that name: a rate is named by
 * dropping `_num_ops`, then `_count`, then `total_` or `_total` of the counter's name, and adding `_rate`.
 */
export function resolveMetric(catalogue: Catalogue, name: string): ResolvedMetric | undefined {
  const lower = name.toLowerCase()
  const stored = catalogue.findMetric(lower)
  if (stored !== undefined) return { metric: stored, isRateOfCounter: false, units: storedUnits(stored) }
  const counter = counterNamed(catalogue, lower)
  if (counter === undefined) return undefined
  return { metric: counter, isRateOfCounter: true, units: perSecond(storedUnits(counter)) }
}

/**
 * The counter that is stored beside a stored rate, for all entities that have the rate: with it the counter's true growth
 * is known. Undefined where some have the rate alone.
 */
export function counterBeside(catalogue: Catalogue, rate: Metric): Metric | undefined {
  const counter = counterNamed(catalogue, rate.name)
  if (!counter?.isCounter) return undefined
  const counted = new Set(catalogue.entitiesOf(counter.index))
  return catalogue.entitiesOf(rate.index).every((entity) => counted.has(entity)) ? counter : undefined
}

/** The stored counter whose rate has that name. */
function counterNamed(catalogue: Catalogue, rate: string): Metric | undefined {
  if (!rate.endsWith('_rate')) return undefined
  const base = rate.slice(0, -'_rate'.length)
  for (const candidate of [
    base,
    `total_${base}`,
    `${base}_total`,
    `${base}_count`,
    `${base}_num_ops`,
    `total_${base}_count`,
    `${base}_count_num_ops`,
  ]) {
    const counter = catalogue.findMetric(candidate)
    if (counter === undefined) continue
    // A plain gauge has no rate; one whose name says `total` or `count` is a counter even if its sender did not say so.
    if (!counter.isCounter && candidate === base) continue
    return counter
  }
  return undefined
}

/** Names of all metrics, for finding the nearest. */
export function* metricNames(catalogue: Catalogue): Generator<string> {
  for (let i = 0; i < catalogue.metricCount; i++) yield catalogue.metricAt(i).name
}
