import type { Catalogue, Entity } from '../../metrics/index.js'

/** Finds entities by what people and programs call them. */
export interface LookUp {
  /** The one of this identity, of this name (the present one or an earlier one), or, of a host, of this host name. */
  one(category: string, name: string): Entity | undefined
  /**
   * All that the name may mean: as `one`, and those that are shown under this display name. One that an entity had before
   * (of a host its earlier host name) finds it, as long as nobody else goes by it now.
   */
  all(category: string, name: string): Entity[]
}

type Names = Pick<
  Catalogue,
  'findEntity' | 'findByIdentity' | 'formerlyShownAs' | 'entitiesIn' | 'entityAt' | 'version'
>

const HOLD_MS = 10_000

export function createLookUp(catalogue: Names, now: () => number = Date.now): LookUp {
  /** By category: display names, and host names. Held for some seconds, as the catalogue changes all the time. */
  const shown = new Map<string, { at: number; names: Map<string, Entity[]> }>()

  function shownAs(category: string, name: string): Entity[] {
    let held = shown.get(category)
    if (held === undefined || Math.abs(now() - held.at) > HOLD_MS) {
      held = { at: now(), names: new Map() }
      shown.set(category, held)
      for (const index of catalogue.entitiesIn(category)) {
        const entity = catalogue.entityAt(index)
        const { displayName, attributes } = entity
        for (const each of new Set([displayName, ...(category === 'HOST' ? [attributes.hostname] : [])]))
          if (each) held.names.set(each, [...(held.names.get(each) ?? []), entity])
      }
    }
    return held.names.get(name) ?? []
  }

  const named = (category: string, name: string) =>
    catalogue.findByIdentity(category, name) ?? catalogue.findEntity(category, name)

  return {
    one(category, name) {
      if (category === '' || name === '') return undefined
      return named(category, name) ?? (category === 'HOST' ? shownAs(category, name)[0] : undefined)
    },
    all(category, name) {
      if (category === '' || name === '') return []
      const one = named(category, name)
      const found = shownAs(category, name)
      const others = found.length > 0 ? found : catalogue.formerlyShownAs(category, name)
      return [...new Map([...(one ? [one] : []), ...others].map((each) => [each.id, each])).values()]
    },
  }
}
