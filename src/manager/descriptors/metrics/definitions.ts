import type { MetricDescriptor, ServiceMetrics } from '../model/mdl.js'
import { rateName } from './name.js'

/** A metric as the monitor's catalogue knows it, and the categories of entities that have it. */
export interface CatalogueMetric {
  readonly name: string
  readonly displayName: string
  readonly description: string
  readonly unitNumerators: readonly string[]
  readonly unitDenominators: readonly string[]
  readonly isCounter: boolean
  readonly aliases: readonly string[]
  /** `SERVICE`, `ROLE`, or an entity type of the MDL. */
  readonly categories: readonly string[]
  /** For roles: their types, as `KAFKA-KAFKA_BROKER`. */
  readonly roleTypes: readonly string[]
  /** The metric by which averages of this one are weighted. */
  readonly weightingMetricName: string | undefined
}

export interface CatalogueEntityType {
  /** Category of its entities. */
  readonly name: string
  readonly label: string
  readonly labelPlural: string
  readonly description: string
  readonly plural: string
  readonly immutableAttributeNames: readonly string[]
  readonly mutableAttributeNames: readonly string[]
  /** Attributes whose values make the entity's name. */
  readonly nameFormat: readonly string[]
  readonly parents: readonly string[]
}

/**
 * What a service type brings to the monitor's catalogue: its metrics, a rate for every counter, and its entity types, with
 * those of the service and its roles first (for the plural names of aggregates).
 *
 * ```ts
 * catalogueOf(zookeeper.metrics).metrics.map((each) => each.name)
 * // ['zookeeper_avg_latency', 'zookeeper_packets_received_count', 'zookeeper_packets_received_rate', …]
 * ```
 */
export function catalogueOf(mdl: ServiceMetrics): {
  metrics: CatalogueMetric[]
  entityTypes: CatalogueEntityType[]
} {
  const byName = new Map<string, CatalogueMetric>()
  const add = (metrics: readonly MetricDescriptor[], category: string, roleType?: string) => {
    for (const metric of metrics)
      for (const each of expand(metric)) {
        const known = byName.get(each.name)
        byName.set(each.name, {
          ...each,
          categories: union(known?.categories, category),
          roleTypes: roleType === undefined ? (known?.roleTypes ?? []) : union(known?.roleTypes, roleType),
        })
      }
  }
  add(mdl.metrics, 'SERVICE')
  for (const role of mdl.roles) add(role.metrics, 'ROLE', `${mdl.type}-${role.type}`)
  for (const type of mdl.entityTypes) add(type.metrics, type.name)
  return { metrics: [...byName.values()], entityTypes: entityTypes(mdl) }
}

function expand(metric: MetricDescriptor): Omit<CatalogueMetric, 'categories' | 'roleTypes'>[] {
  const own = {
    name: metric.name,
    displayName: metric.label,
    description: metric.description,
    unitNumerators: [metric.numeratorUnit],
    unitDenominators: metric.denominatorUnit === undefined ? [] : [metric.denominatorUnit],
    isCounter: metric.counter,
    aliases: metric.aliases,
    weightingMetricName: metric.weightingMetricName,
  }
  if (!metric.counter) return [own]
  const rate = {
    ...own,
    name: rateName(metric.name),
    unitDenominators: ['seconds'],
    isCounter: false,
    aliases: metric.aliases.map(rateName),
  }
  return [{ ...own, displayName: `${metric.label} (total)` }, rate]
}

function union(known: readonly string[] | undefined, more: string): readonly string[] {
  return known?.includes(more) ? known : [...(known ?? []), more]
}

function entityTypes(mdl: ServiceMetrics): CatalogueEntityType[] {
  const builtIn = { description: '', mutableAttributeNames: [] as readonly string[] }
  return [
    {
      ...builtIn,
      name: mdl.type,
      label: mdl.type,
      labelPlural: mdl.plural,
      plural: mdl.plural,
      immutableAttributeNames: ['serviceName'],
      nameFormat: ['serviceName'],
      parents: [],
    },
    ...mdl.roles.map((role) => ({
      ...builtIn,
      name: `${mdl.type}-${role.type}`,
      label: role.type,
      labelPlural: role.plural,
      plural: role.plural,
      immutableAttributeNames: ['roleName', ...role.additionalImmutableAttributeNames],
      mutableAttributeNames: role.additionalMutableAttributeNames,
      nameFormat: ['roleName'],
      parents: [mdl.type],
    })),
    ...mdl.entityTypes.map((type) => ({
      name: type.name,
      label: type.label,
      labelPlural: type.labelPlural,
      description: type.description,
      plural: type.plural,
      immutableAttributeNames: type.immutableAttributeNames,
      mutableAttributeNames: type.mutableAttributeNames,
      nameFormat: type.entityNameFormat,
      parents: type.parentMetricEntityTypeNames,
    })),
  ]
}
