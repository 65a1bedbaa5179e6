import type { Catalogue, Entity, EntityIndex } from '../../metrics/index.js'
import type { Value } from '../syntax/index.js'
import { isMadeUp } from './ancestors.js'
import { attributeReader, isCaseSensitive, normalizeAttribute } from './attributes.js'

/**
 * The part of a predicate that is about attributes, per entity: true, false, or a condition on streams that is still open
 * (`undefined`).
 */
export type Selector = (entity: Entity) => boolean | undefined

/** Where to look for entities, when the predicate pins it down. */
export interface Candidates {
  readonly category?: string
  readonly entityName?: string
  /** Every selected entity has one of these values. */
  readonly pins?: readonly Pin[]
}

export interface Pin {
  readonly attribute: string
  readonly value: string
}

/** How an entity is asked whether it is active: see docs/decisions on `active`. */
export interface Activity {
  /** End of the window, milliseconds. */
  readonly to: number
  /** How long after its last sample an entity still counts as active, milliseconds. */
  readonly graceMs: number
}

export function isActive(catalogue: Catalogue, entity: EntityIndex, activity: Activity): boolean {
  // A parent that is made up from its members is there as long as they are.
  if (isMadeUp({ index: entity })) return true
  const end = Math.min(activity.to, Date.now())
  return catalogue.lastSeen(entity) >= end - activity.graceMs
}

/** `attribute = value`. A name matches under any name that the entity has had. */
export function equalsSelector(
  attribute: string,
  value: Pick<Value, 'text'>,
  catalogue: Catalogue,
  activity: Activity,
): Selector {
  const name = normalizeAttribute(attribute)
  if (name === 'active') {
    const wanted = value.text.toLowerCase() !== 'false'
    return (entity) => isActive(catalogue, entity.index, activity) === wanted
  }
  const read = attributeReader(attribute)
  const wanted = value.text
  if (isCaseSensitive(attribute)) return (entity) => read(entity) === wanted
  const lower = wanted.toLowerCase()
  const same = (text: string | undefined) =>
    text !== undefined && (text === wanted || (text.length === wanted.length && text.toLowerCase() === lower))
  if (name === 'entityname')
    return (entity) =>
      same(entity.name) || (entity.names.length > 1 && entity.names.some((known) => same(known.name)))
  return (entity) => same(read(entity))
}

/** `attribute RLIKE pattern`: the whole value must match. An entity without the attribute does not. */
export function matchSelector(
  attribute: string,
  matches: (value: string) => boolean,
  catalogue: Catalogue,
  activity: Activity,
): Selector {
  const name = normalizeAttribute(attribute)
  if (name === 'active')
    return (entity) => matches(isActive(catalogue, entity.index, activity) ? 'true' : 'false')
  // Thousands of entities share few values of most attributes.
  const known = new Map<string, boolean>()
  const test = (value: string): boolean => {
    const before = known.get(value)
    if (before !== undefined) return before
    const result = matches(value)
    known.set(value, result)
    return result
  }
  if (name === 'entityname')
    return (entity) =>
      test(entity.name) || (entity.names.length > 1 && entity.names.some((former) => test(former.name)))
  const read = attributeReader(attribute)
  return (entity) => {
    const value = read(entity)
    return value !== undefined && test(value)
  }
}
