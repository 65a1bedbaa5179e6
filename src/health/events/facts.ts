import { ENTITY_ATTRIBUTES } from '../../wire/event.js'

/** Which entity a name means, of those it has or had: its id, or undefined. */
export type FindEntity = (category: string, name: string) => number | undefined

/** All that a name may mean in a search: ids. */
export type FindEntities = (category: string, name: string) => readonly number[]

/** Longer values are found by their beginning. */
export const FACT_CHARACTERS = 300
const MOST_FACTS = 500

/** What stands in the index for a value of an attribute. */
export const factOf = (name: string, value: string): string => `${name}=${value}`.slice(0, FACT_CHARACTERS)

/** What stands in the index for an entity, whatever its name is. No attribute's name begins with `@`. */
export const entityFact = (id: number): string => `@${id}`

/** What an event is found by: each value of its attributes, and each entity that they name by what is its name now. */
export function factsOf(
  attributes: Readonly<Record<string, readonly string[]>>,
  findEntity: FindEntity,
): string[] {
  const facts = new Set<string>()
  const subject = findEntity(attributes.ENTITY_CATEGORY?.[0] ?? '', attributes.ENTITY_ID?.[0] ?? '')
  if (subject !== undefined) facts.add(entityFact(subject))
  for (const [name, values] of Object.entries(attributes)) {
    const category = ENTITY_ATTRIBUTES[name]
    for (const value of values) {
      if (facts.size >= MOST_FACTS) return [...facts]
      facts.add(factOf(name, value))
      const entity = category === undefined ? undefined : findEntity(category, value)
      if (entity !== undefined) facts.add(entityFact(entity))
    }
  }
  return [...facts]
}
