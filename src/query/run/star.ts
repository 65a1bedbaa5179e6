import type { Catalogue, Metric } from '../../metrics/index.js'
import type { TypedItem } from '../check/typed.js'
import type { Subject } from './select-entities.js'

/** The items that `*` stands for: every metric that one of the entities has, by name. */
export function starItems(subjects: readonly Subject[], catalogue: Catalogue): TypedItem[] {
  const metrics = new Map<number, Metric>()
  for (const { entity } of subjects)
    for (const index of catalogue.metricsOf(entity.index))
      if (!metrics.has(index)) metrics.set(index, catalogue.metricAt(index))
  const sorted = [...metrics.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  return sorted.map((metric) => ({
    text: metric.name,
    span: { offset: 0, length: 0 },
    expression: {
      kind: 'metric',
      shape: 'stream',
      metric,
      isRateOfCounter: false,
      units: { numerators: metric.unitNumerators, denominators: metric.unitDenominators },
    },
  }))
}
