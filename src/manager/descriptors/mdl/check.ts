import type { Segment } from '../json/parse.js'
import { fail, type Place } from '../json/read.js'
import { rateName } from '../metrics/name.js'
import type { MetricDescriptor, ServiceMetrics } from '../model/mdl.js'
import { builtInAttributes } from './attributes.js'

/**
 * The rules of csd.md §5 that need the whole file: prefixes, references, and the same metric being the same everywhere.
 * `roleTypes` are those of the service's SDL.
 */
export function checkMetrics(mdl: ServiceMetrics, roleTypes: readonly string[], top: Place): void {
  const at = (...path: Segment[]): Place => ({ ...top, path: [...top.path, ...path] })
  const prefix = `${mdl.type.toLowerCase()}_`
  const seen = new Map<string, MetricDescriptor>()
  const groups: { path: Segment[]; metrics: readonly MetricDescriptor[] }[] = [
    { path: ['metricDefinitions'], metrics: mdl.metrics },
    ...mdl.roles.map((role, i) => ({ path: ['roles', i, 'metricDefinitions'], metrics: role.metrics })),
    ...mdl.entityTypes.map((type, i) => ({
      path: ['metricEntityTypeDefinitions', i, 'metricDefinitions'],
      metrics: type.metrics,
    })),
  ]
  const all = new Set(groups.flatMap((group) => group.metrics.map((metric) => metric.name)))
  for (const { path, metrics } of groups)
    for (const [i, metric] of metrics.entries()) {
      const place = at(...path, i)
      if (!metric.name.startsWith(prefix))
        fail(place, 'BAD_VALUE', `metric ${metric.name} should start with ${prefix}; rename it`)
      const first = seen.get(metric.name)
      if (!first) seen.set(metric.name, metric)
      else if (!sameMetric(first, metric))
        fail(place, 'CONFLICT', `metric ${metric.name} is defined differently elsewhere; make them the same`)
      const weight = metric.weightingMetricName
      if (weight !== undefined && (weight === metric.name || !all.has(weight)))
        fail(place, 'UNKNOWN_REFERENCE', `weightingMetricName ${weight} must be another metric of this file`)
      if (metric.counter && all.has(rateName(metric.name)))
        fail(place, 'CONFLICT', `the rate of ${metric.name} is also defined by itself; rename one of them`)
    }
  checkEntityTypes(mdl, prefix, at)
  for (const [i, role] of mdl.roles.entries())
    if (!roleTypes.includes(role.type))
      fail(
        at('roles', i, 'name'),
        'UNKNOWN_REFERENCE',
        `${role.type} is not a role type of the service (${roleTypes.join(', ') || 'it has none'})`,
      )
  uniquePlurals(mdl, prefix, at)
}

function sameMetric(a: MetricDescriptor, b: MetricDescriptor): boolean {
  return (
    a.label === b.label &&
    a.description === b.description &&
    a.numeratorUnit === b.numeratorUnit &&
    a.denominatorUnit === b.denominatorUnit &&
    a.counter === b.counter &&
    a.weightingMetricName === b.weightingMetricName
  )
}

type At = (...path: Segment[]) => Place

function checkEntityTypes(mdl: ServiceMetrics, prefix: string, at: At): void {
  const own = new Set(mdl.attributes.map((each) => each.name))
  for (const [i, each] of mdl.attributes.entries())
    if (!each.name.toLowerCase().startsWith(mdl.type.toLowerCase()))
      fail(
        at('metricEntityAttributeDefinitions', i, 'name'),
        'BAD_VALUE',
        `attribute ${each.name} should start with ${mdl.type.toLowerCase()}; rename it`,
      )
  const unknown = (names: readonly string[], ...path: Segment[]) => {
    for (const name of names)
      if (!own.has(name) && !builtInAttributes.has(name))
        fail(at(...path), 'UNKNOWN_REFERENCE', `attribute ${name} is not defined; define it or remove it`)
  }
  for (const [i, role] of mdl.roles.entries()) {
    unknown(role.additionalImmutableAttributeNames, 'roles', i, 'additionalImmutableAttributeNames')
    unknown(role.additionalMutableAttributeNames, 'roles', i, 'additionalMutableAttributeNames')
  }
  const parents = new Map<string, readonly string[]>([
    [mdl.type, ['serviceName']],
    ...mdl.roles.map((role) => [`${mdl.type}-${role.type}`, ['roleName']] as const),
    ...mdl.entityTypes.map((type) => [type.name, type.entityNameFormat] as const),
  ])
  for (const [i, type] of mdl.entityTypes.entries()) {
    const place: Segment[] = ['metricEntityTypeDefinitions', i]
    if (!type.name.toLowerCase().startsWith(prefix))
      fail(
        at(...place, 'name'),
        'BAD_VALUE',
        `entity type ${type.name} should start with ${prefix.toUpperCase()}`,
      )
    unknown(type.immutableAttributeNames, ...place, 'immutableAttributeNames')
    unknown(type.mutableAttributeNames, ...place, 'mutableAttributeNames')
    for (const name of type.entityNameFormat)
      if (!type.immutableAttributeNames.includes(name))
        fail(
          at(...place, 'entityNameFormat'),
          'UNKNOWN_REFERENCE',
          `${name} is not one of immutableAttributeNames`,
        )
    for (const parent of type.parentMetricEntityTypeNames) {
      const format = parents.get(parent)
      if (!format)
        fail(
          at(...place, 'parentMetricEntityTypeNames'),
          'UNKNOWN_REFERENCE',
          `entity type ${parent} is not known`,
        )
      else if (!format.every((name) => type.immutableAttributeNames.includes(name)))
        fail(
          at(...place, 'parentMetricEntityTypeNames'),
          'UNKNOWN_REFERENCE',
          `the name of a ${parent} (${format.join(', ')}) cannot be made from immutableAttributeNames; add these`,
        )
    }
  }
}

function uniquePlurals(mdl: ServiceMetrics, prefix: string, at: At): void {
  const seen = new Set<string>()
  const named = [
    { plural: mdl.plural, path: [] as Segment[] },
    ...mdl.roles.map((role, i) => ({ plural: role.plural, path: ['roles', i] as Segment[] })),
    ...mdl.entityTypes.map((type, i) => ({
      plural: type.plural,
      path: ['metricEntityTypeDefinitions', i] as Segment[],
    })),
  ]
  for (const { plural, path } of named) {
    const place = at(...path, 'nameForCrossEntityAggregateMetrics')
    if (seen.has(plural))
      fail(place, 'DUPLICATE', `${plural} names two kinds of entities; rename one of them`)
    seen.add(plural)
    if (!plural.startsWith(prefix.slice(0, -1)))
      fail(place, 'BAD_VALUE', `${plural} should start with ${prefix.slice(0, -1)}; rename it`)
  }
}
