import type { Catalogue, Metric } from '../../metrics/index.js'
import { attributeNames } from '../check/attribute-names.js'
import { isCaseSensitive } from '../check/attributes.js'
import { attributeText } from './attribute-texts.js'

/** As `ApiMetricSchema`. Several units of a numerator or denominator are joined by ` * `. */
export interface MetricSchema {
  name: string
  displayName: string
  description: string
  isCounter: boolean
  unitNumerator?: string
  unitDenominator?: string
  aliases: string[]
  /** By category of the entities that have the metric; Cloudera's versions of it are not known here. */
  sources: Record<string, string[]>
}

/** Entities of a metric that are looked at to find out its categories. */
const LOOKED_AT = 200

export function metricSchema(catalogue: Catalogue, metric: Metric): MetricSchema {
  const sources: Record<string, string[]> = {}
  for (const index of catalogue.entitiesOf(metric.index).slice(0, LOOKED_AT)) {
    const { category } = catalogue.entityAt(index)
    sources[category] ??= []
  }
  const { unitNumerators, unitDenominators } = metric
  return {
    name: metric.name,
    displayName: metric.displayName || metric.name,
    description: metric.description,
    isCounter: metric.isCounter,
    ...(unitNumerators.length > 0 && { unitNumerator: unitNumerators.join(' * ') }),
    ...(unitDenominators.length > 0 && { unitDenominator: unitDenominators.join(' * ') }),
    aliases: [...metric.aliases],
    sources,
  }
}

/** As `ApiTimeSeriesEntityAttribute`. */
export interface EntityAttribute {
  name: string
  displayName: string
  description: string
  isValueCaseSensitive: boolean
}

export function entityAttributes(catalogue: Catalogue): EntityAttribute[] {
  return attributeNames(catalogue).map((name) => ({
    name,
    displayName: name.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/^./, (letter) => letter.toUpperCase()),
    description: attributeText(name) ?? 'An attribute that senders gave to their entities.',
    isValueCaseSensitive: isCaseSensitive(name),
  }))
}
