import type { Catalogue } from '../../metrics/index.js'
import { ATTRIBUTES } from '../syntax/index.js'
import { attributeReader, normalizeAttribute } from './attributes.js'

/** Entities of a category that are looked at to find out which attributes it has. */
const SAMPLE = 2_000

/** Names of all attributes that a predicate can use: those of the language, and those that senders brought. */
export function attributeNames(catalogue: Catalogue): string[] {
  const names = new Map(ATTRIBUTES.map((name) => [normalizeAttribute(name), name]))
  for (const category of catalogue.categories())
    for (const index of catalogue.entitiesIn(category).slice(-SAMPLE))
      for (const name of Object.keys(catalogue.entityAt(index).attributes)) {
        const key = normalizeAttribute(name)
        if (!names.has(key)) names.set(key, name)
      }
  return [...names.values()].sort()
}

const documented = new Set(ATTRIBUTES.map(normalizeAttribute))

/** Whether the language or any entity has an attribute of that name. Looks at all entities when there is none. */
export function isAttribute(catalogue: Catalogue, name: string): boolean {
  if (documented.has(normalizeAttribute(name))) return true
  const read = attributeReader(name)
  for (let i = 0; i < catalogue.entityCount; i++) if (read(catalogue.entityAt(i)) !== undefined) return true
  return false
}
