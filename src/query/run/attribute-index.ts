import type { Catalogue, EntityIndex } from '../../metrics/index.js'
import { attributeReader, normalizeAttribute } from '../check/attributes.js'
import type { Pin } from '../check/selection.js'

/** Beyond, looking at the entities of a metric is cheaper than at all of them. */
const MOST_ENTITIES = 300_000
const MOST_ATTRIBUTES = 16

/**
 * Finds entities by the value of an attribute without looking at all of them. An index is made when the same attribute is
 * asked for a second time while the catalogue does not change; until then there is none.
 */
export class AttributeIndex {
  #version = -1
  readonly #asked = new Set<string>()
  readonly #indexes = new Map<string, ReadonlyMap<string, readonly EntityIndex[]>>()

  /** Entities that have one of the values, in any case; undefined: not known, look yourself. */
  find(catalogue: Catalogue, pins: readonly Pin[]): EntityIndex[] | undefined {
    if (catalogue.version !== this.#version) {
      this.#version = catalogue.version
      this.#asked.clear()
      this.#indexes.clear()
    }
    if (catalogue.entityCount > MOST_ENTITIES) return undefined
    const found = new Set<EntityIndex>()
    for (const { attribute, value } of pins) {
      const index = this.#indexOf(catalogue, normalizeAttribute(attribute))
      if (index === undefined) return undefined
      for (const entity of index.get(value.toLowerCase()) ?? []) found.add(entity)
    }
    return [...found]
  }

  #indexOf(catalogue: Catalogue, attribute: string) {
    const known = this.#indexes.get(attribute)
    if (known !== undefined) return known
    if (!this.#asked.has(attribute) || this.#indexes.size >= MOST_ATTRIBUTES) {
      if (this.#asked.size < 1000) this.#asked.add(attribute)
      return undefined
    }
    const index = indexBy(catalogue, attribute)
    this.#indexes.set(attribute, index)
    return index
  }
}

function indexBy(catalogue: Catalogue, attribute: string): Map<string, EntityIndex[]> {
  const read = attributeReader(attribute)
  const index = new Map<string, EntityIndex[]>()
  const add = (value: string | undefined, entity: EntityIndex) => {
    if (value === undefined) return
    const key = value.toLowerCase()
    const list = index.get(key)
    if (list === undefined) index.set(key, [entity])
    else if (list.at(-1) !== entity) list.push(entity)
  }
  for (let i = 0; i < catalogue.entityCount; i++) {
    const entity = catalogue.entityAt(i)
    if (attribute === 'entityname') for (const { name } of entity.names) add(name, i)
    else add(read(entity), i)
  }
  return index
}
