import type { Catalogue, Entity } from '../../metrics/index.js'
import type { LookUp } from './subject.js'

const HOSTNAMES_HOLD_MS = 10_000

/**
 * Finds entities by any name that they have or had. A host's name is its id; people know it by its host name, so that finds
 * it, too (the present one: earlier ones are not recorded).
 */
export function createLookUp(catalogue: Catalogue, now: () => number = Date.now): LookUp {
  let hostnames = new Map<string, Entity>()
  let madeAt = Number.NEGATIVE_INFINITY

  function byHostname(name: string): Entity | undefined {
    if (Math.abs(now() - madeAt) > HOSTNAMES_HOLD_MS) {
      madeAt = now()
      hostnames = new Map()
      for (const index of catalogue.entitiesIn('HOST')) {
        const host = catalogue.entityAt(index)
        if (host.attributes.hostname !== undefined) hostnames.set(host.attributes.hostname, host)
      }
    }
    return hostnames.get(name)
  }

  return (category, name) =>
    category === '' || name === ''
      ? undefined
      : (catalogue.findEntity(category, name) ?? (category === 'HOST' ? byHostname(name) : undefined))
}
