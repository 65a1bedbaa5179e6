import type { MetricDefinition } from '../../wire/native-batch.js'
import metrics from './metrics.json' with { type: 'json' }

/** A metric that the agent collects; `metrics.json` beside this file holds them all. */
export interface CollectedMetric extends MetricDefinition {
  /** Entity categories that have it, e.g. `['HOST']`. */
  categories: string[]
}

const NAME = /^[a-z]+[a-z0-9]*(_[a-z0-9]+)*$/

/** Checks the catalogue file's content; throws TypeError with the entry at fault. */
export function parseCatalogue(entries: unknown): CollectedMetric[] {
  if (!Array.isArray(entries)) throw new TypeError('metric catalogue: an array is expected')
  const names = new Set<string>()
  return entries.map((entry: CollectedMetric, i) => {
    const fault = faultOf(entry) ?? (names.has(entry.name) ? 'is there twice' : undefined)
    if (fault) throw new TypeError(`metric catalogue: entry ${i} (${entry?.name}) ${fault}`)
    names.add(entry.name)
    return entry
  })
}

function faultOf(entry: CollectedMetric): string | undefined {
  if (typeof entry !== 'object' || entry === null) return 'is not an object'
  if (typeof entry.name !== 'string' || !NAME.test(entry.name)) return 'has no lower-case snake_case name'
  if (!isTexts(entry.categories) || entry.categories.length === 0) return 'has no categories'
  if (!entry.displayName || !entry.description) return 'lacks displayName or description'
  if (!isTexts(entry.unitNumerators) || !isTexts(entry.unitDenominators)) return 'lacks units'
  if (typeof entry.isCounter !== 'boolean') return 'lacks isCounter'
  if (entry.name.endsWith('_rate') !== entry.unitDenominators.includes('seconds') && entry.name !== 'speed')
    return 'must end in _rate if and only if it is per second'
  return undefined
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((text) => typeof text === 'string')

/** All metrics that the agent collects, in the order of the file. */
export const collectedMetrics: readonly CollectedMetric[] = parseCatalogue(metrics)

const definitions = new Map(
  collectedMetrics.map(({ categories: _, ...definition }) => [
    definition.name,
    definition as MetricDefinition,
  ]),
)

/** What is sent for a metric of the catalogue. Throws RangeError for a name that is not in it. */
export function definitionOf(name: string): MetricDefinition {
  const definition = definitions.get(name)
  if (!definition) throw new RangeError(`metric ${name} is not in the agent's catalogue`)
  return definition
}
