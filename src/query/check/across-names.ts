import type { Catalogue, Entity } from '../../metrics/index.js'
import { attributeReader, normalizeAttribute } from './attributes.js'

/** A name such as `bytes_read_rate_across_datanodes`, taken apart. */
export interface AcrossName {
  readonly base: string
  readonly plural: string
  /** `total_…`: the plain sum. */
  readonly total: boolean
  /** One statistic of it, where the name says so. */
  readonly statistic?: 'min' | 'max'
}

/**
 * The ways in which a name can be one of an aggregate across entities. `total_x_across_ys` is the total of `x`, or, where
 * there is a metric `total_x`, its statistics: so there can be two.
 */
export function acrossNames(name: string): AcrossName[] {
  const at = name.lastIndexOf('_across_')
  if (at <= 0) return oldNames(name)
  const base = name.slice(0, at)
  const plural = name.slice(at + '_across_'.length)
  if (plural === '') return []
  const plain = { base, plural, total: false }
  return base.startsWith('total_')
    ? [{ ...plain, base: base.slice('total_'.length), total: true }, plain]
    : [plain]
}

/** As Cloudera Manager 4 named them: `bytes_receive_network_interface_sum`, `event_drain_flume_sink_min_rate`. */
function oldNames(name: string): AcrossName[] {
  const match =
    /^(.+?)_(host|disk|filesystem|network_interface|flume_(?:source|channel|sink))_(avg|sum|min|max)(_rate)?$/.exec(
      name,
    )
  if (match === null) return []
  const [, base, singular, kind, rate = ''] = match
  const across = { base: `${base}${rate}`, plural: `${singular}s`, total: kind === 'sum' }
  return kind === 'min' || kind === 'max' ? [{ ...across, statistic: kind }] : [across]
}

const roleType = attributeReader('roleType')
const serviceType = attributeReader('serviceType')

const singularOf = (plural: string) =>
  plural.endsWith('ies') ? `${plural.slice(0, -3)}y` : plural.endsWith('s') ? plural.slice(0, -1) : plural

/**
 * Whether an entity is one of `plural`: of a category (`disks`, `yarn_pools`), a role of a type (`datanodes`,
 * `kafka_brokers`, `<service>_<role>s`), or a service of a type (`hdfss`).
 */
export function isMember(plural: string): (entity: Entity) => boolean {
  const singulars = new Set([normalizeAttribute(plural), normalizeAttribute(singularOf(plural))])
  return (entity) => {
    if (singulars.has(normalizeAttribute(entity.category))) return true
    if (entity.category === 'ROLE') {
      const type = normalizeAttribute(roleType(entity) ?? '')
      if (type === '') return false
      return singulars.has(type) || singulars.has(normalizeAttribute(serviceType(entity) ?? '') + type)
    }
    return entity.category === 'SERVICE' && singulars.has(normalizeAttribute(serviceType(entity) ?? ''))
  }
}

const pluralOf = (singular: string) =>
  singular.endsWith('y') ? `${singular.slice(0, -1)}ies` : singular.endsWith('s') ? singular : `${singular}s`

/** What can stand behind `_across_`: plurals of the categories, role types and service types that there are. */
export function pluralNames(catalogue: Catalogue): string[] {
  const singulars = new Set(catalogue.categories())
  const add = (type: string | undefined) => {
    if (type !== undefined && type !== '') singulars.add(type)
  }
  for (const index of catalogue.entitiesIn('ROLE')) add(roleType(catalogue.entityAt(index)))
  for (const index of catalogue.entitiesIn('SERVICE')) add(serviceType(catalogue.entityAt(index)))
  return [...singulars].map((name) => pluralOf(name.toLowerCase())).sort()
}

/** Whether two plurals name the same entities: case and underscores do not count. */
export const isSamePlural = (a: string, b: string): boolean =>
  normalizeAttribute(singularOf(a)) === normalizeAttribute(singularOf(b))
