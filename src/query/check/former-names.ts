import type { Catalogue, Entity } from '../../metrics/index.js'
import { attributeReader, DEFAULT_CLUSTER, normalizeAttribute } from './attributes.js'
import type { Pin } from './selection.js'

/** What every entity has that belongs to one whose name has changed: all of them. */
export type Belonging = readonly Pin[]

/** Attributes that hold what somebody is called, and is called otherwise after a rename. */
const OWNERS: Readonly<Record<string, string>> = {
  hostname: 'HOST',
  clusterdisplayname: 'CLUSTER',
  servicedisplayname: 'SERVICE',
}

const clusterName = attributeReader('clusterName')
const serviceName = attributeReader('serviceName')

/**
 * Those whose host, cluster or service was called so before: a dashboard or a trigger that names it by its earlier name goes
 * on to find it, as long as nobody else goes by that name now. Empty for other attributes.
 *
 * @example
 * formerOwners(catalogue, 'hostname', 'old.example.com') // [[{ attribute: 'hostId', value: '5c1…' }]]
 */
export function formerOwners(catalogue: Catalogue, attribute: string, value: string): readonly Belonging[] {
  const category = OWNERS[normalizeAttribute(attribute)]
  return category === undefined ? [] : catalogue.formerlyShownAs(category, value).map(belonging)
}

/** The same for a pattern. */
export function formerOwnersLike(
  catalogue: Catalogue,
  attribute: string,
  matches: (value: string) => boolean,
): readonly Belonging[] {
  const category = OWNERS[normalizeAttribute(attribute)]
  if (category === undefined) return []
  const names = new Set(catalogue.shownOtherwise(category).flatMap((each) => each.formerDisplayNames ?? []))
  const owners = [...names]
    .filter(matches)
    .flatMap((name) => catalogue.formerlyShownAs(category, name))
    .map((owner): [number, Entity] => [owner.id, owner])
  return [...new Map(owners).values()].map(belonging)
}

function belonging(owner: Entity): Belonging {
  if (owner.category === 'HOST') return [{ attribute: 'hostId', value: owner.identity }]
  const cluster = clusterName(owner) ?? (owner.category === 'CLUSTER' ? owner.name : DEFAULT_CLUSTER)
  const inCluster = { attribute: 'clusterName', value: cluster }
  if (owner.category === 'CLUSTER') return [inCluster]
  // First what fewer have: candidates are found by it.
  return [{ attribute: 'serviceName', value: serviceName(owner) ?? owner.name }, inCluster]
}
