import type { Entity } from '../../metrics/index.js'

/** Attribute names are compared without case and underscores: `serviceName`, `servicename` and `service_name` are one. */
export function normalizeAttribute(name: string): string {
  const known = normalized.get(name)
  if (known !== undefined) return known
  const result = name.toLowerCase().replaceAll('_', '')
  // Names come from senders and from queries: a bound, so that neither can fill the memory.
  if (normalized.size > 10_000) normalized.clear()
  normalized.set(name, result)
  return result
}
const normalized = new Map<string, string>()

/** Attributes whose values are compared with regard to case; of all others case does not count. */
const CASE_SENSITIVE = new Set(['roleconfiggroup', 'kafkatopicname'])

export const isCaseSensitive = (attribute: string) => CASE_SENSITIVE.has(normalizeAttribute(attribute))

/**
 * Reads one attribute of many entities: remembers how senders spell it, so that the usual case is one look-up.
 * `category` and `entityName` are attributes too; the latter is the current name.
 */
export function attributeReader(attribute: string): (entity: Entity) => string | undefined {
  const wanted = normalizeAttribute(attribute)
  if (wanted === 'category') return (entity) => entity.category
  if (wanted === 'entityname') return (entity) => entity.name
  const spellings = [attribute]
  return (entity) => {
    for (const spelling of spellings)
      if (Object.hasOwn(entity.attributes, spelling)) return entity.attributes[spelling]
    for (const name of Object.keys(entity.attributes))
      if (normalizeAttribute(name) === wanted) {
        spellings.push(name)
        return entity.attributes[name]
      }
    return undefined
  }
}
