import type { MetricDefinition } from '../../wire/native-batch.js'
import { idBits } from '../ids.js'
import type { Metric, MetricId, MetricIndex } from '../types.js'
import { grown } from './grow.js'

/** Metrics by index, by id, and by every name and alias. */
export interface MetricList {
  readonly count: number
  /** Every id as `idBits`, by index; longer than `count`. Fetch anew after an `add`. */
  readonly bits: Float64Array
  at(index: MetricIndex): Metric
  byId(id: MetricId): Metric | undefined
  /** In any case; an exact name goes before an alias. */
  find(name: string): Metric | undefined
  add(id: MetricId, name: string, definition: MetricDefinition): Metric
  /** Takes over what the definition says; false when it says nothing new. */
  update(metric: Metric, definition: MetricDefinition): boolean
}

export function createMetricList(): MetricList {
  const metrics: Metric[] = []
  let bits = new Float64Array(64)
  const ids = new Map<MetricId, MetricIndex>()
  const aliases = new Map<string, MetricIndex>()
  const names = new Map<string, MetricIndex>()

  function addAliases(metric: Metric): void {
    for (const alias of metric.aliases) {
      const folded = alias.toLowerCase()
      if (!aliases.has(folded)) aliases.set(folded, metric.index)
    }
  }

  return {
    get count() {
      return metrics.length
    },
    get bits() {
      return bits
    },
    at(index) {
      const metric = metrics[index]
      if (metric === undefined) throw new RangeError(`no metric has index ${index}`)
      return metric
    },
    byId(id) {
      const index = ids.get(id)
      return index === undefined ? undefined : metrics[index]
    },
    find(name) {
      const folded = name.toLowerCase()
      const index = names.get(folded) ?? aliases.get(folded)
      return index === undefined ? undefined : metrics[index]
    },
    add(id, name, definition) {
      const metric: Metric = {
        id,
        index: metrics.length,
        name,
        displayName: definition.displayName ?? '',
        description: definition.description ?? '',
        unitNumerators: definition.unitNumerators ?? [],
        unitDenominators: definition.unitDenominators ?? [],
        isCounter: definition.isCounter ?? false,
        aliases: definition.aliases ?? [],
        weightingMetricName: definition.weightingMetricName ?? '',
      }
      metrics.push(metric)
      bits = grown(bits, metrics.length)
      bits[metric.index] = idBits(id)
      ids.set(id, metric.index)
      names.set(name, metric.index)
      addAliases(metric)
      return metric
    },
    update(metric, definition) {
      const {
        displayName,
        description,
        unitNumerators,
        unitDenominators,
        isCounter,
        aliases,
        weightingMetricName,
      } = definition
      let changed = false
      const take = <K extends keyof Metric>(key: K, value: Metric[K] | undefined, same: boolean) => {
        if (value === undefined || same) return
        metric[key] = value
        changed = true
      }
      take('displayName', displayName, displayName === metric.displayName)
      take('description', description, description === metric.description)
      take('unitNumerators', unitNumerators, equal(unitNumerators, metric.unitNumerators))
      take('unitDenominators', unitDenominators, equal(unitDenominators, metric.unitDenominators))
      take('isCounter', isCounter, isCounter === metric.isCounter)
      take('aliases', aliases, equal(aliases, metric.aliases))
      take('weightingMetricName', weightingMetricName, weightingMetricName === metric.weightingMetricName)
      if (changed) addAliases(metric)
      return changed
    },
  }
}

function equal(a: readonly string[] | undefined, b: readonly string[]): boolean {
  return a !== undefined && a.length === b.length && a.every((value, i) => value === b[i])
}
