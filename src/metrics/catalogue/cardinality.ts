import type { CardinalityAnswer } from '../../wire/cardinality.js'
import type { CatalogueCore } from './catalogue.js'

/** Where the series come from: the catalogue's part of what the cardinality page shows. */
export type Cardinality = Omit<CardinalityAnswer, 'limits' | 'refused'>

const SLICE = 20_000
/** Distinct values are counted up to here for each attribute. */
const MAX_VALUES = 1_000_000

/** Counts; gives way to other work now and then, since a million entities take a second or two. */
export async function cardinality(catalogue: CatalogueCore, top = 20): Promise<Cardinality> {
  const { metrics, entities, series, senders } = catalogue
  const byMetric: { name: string; series: number }[] = []
  for (let i = 0; i < metrics.count; i++)
    byMetric.push({ name: metrics.at(i).name, series: series.countOf(i) })

  const attributes = new Map<string, { values: Set<string>; series: number }>()
  const count = entities.count
  for (let i = 0; i < count; i++) {
    if (i % SLICE === SLICE - 1) await new Promise((resolve) => setImmediate(resolve))
    const own = series.countOfEntity(i)
    const of = entities.attributesAt(i)
    for (const key of Object.keys(of)) {
      let entry = attributes.get(key)
      if (entry === undefined) attributes.set(key, (entry = { values: new Set(), series: 0 }))
      entry.series += own
      if (entry.values.size < MAX_VALUES) entry.values.add(of[key]!)
    }
  }
  const byCategory = entities.categories().map((category) => {
    const members = entities.in(category)
    let own = 0
    for (const entity of members) own += series.countOfEntity(entity)
    return { category, entities: members.length, series: own }
  })
  const bySeries = (a: { series: number }, b: { series: number }) => b.series - a.series
  return {
    metrics: metrics.count,
    entities: count,
    series: series.count,
    topMetrics: byMetric.sort(bySeries).slice(0, top),
    topSenders: senders.all().sort(bySeries).slice(0, top),
    topCategories: byCategory.sort(bySeries).slice(0, top),
    topAttributes: [...attributes]
      .map(([attribute, { values, series: own }]) => ({ attribute, values: values.size, series: own }))
      .sort((a, b) => b.values - a.values)
      .slice(0, top),
  }
}
