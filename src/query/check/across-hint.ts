import type { Catalogue, Metric } from '../../metrics/index.js'
import type { QueryProblem } from '../../wire/timeseries.js'
import { nearest } from '../names/index.js'
import { didYouMean, type MetricName } from '../syntax/index.js'
import { isMember, isSamePlural, pluralNames } from './across-names.js'
import { problemAt } from './arguments.js'

/** Why an aggregate across entities has no streams: there are no such entities, or none of them has the metric. */
export function acrossHint(
  node: MetricName,
  metric: Metric,
  plural: string,
  catalogue: Catalogue,
): QueryProblem | undefined {
  const member = isMember(plural)
  if (catalogue.entitiesOf(metric.index).some((index) => member(catalogue.entityAt(index)))) return undefined
  const known = pluralNames(catalogue)
  if (known.some((name) => isSamePlural(name, plural)))
    return problemAt(node, `None of the ${plural} has the metric “${metric.name}”.`)
  const near = nearest(plural, known, 3)
  const beginning = node.name.endsWith(plural) ? node.name.slice(0, -plural.length) : undefined
  return problemAt(
    node,
    `There are no “${plural}” to aggregate across.${didYouMean(near)}`,
    [],
    beginning === undefined ? [] : near.map((name) => beginning + name),
  )
}
