import { idBits } from '../ids.js'
import type { Entity, EntityId, EntityIndex, EntityName } from '../types.js'
import { grown } from './grow.js'
import { createIdTable } from './id-table.js'

/**
 * Entities as columns, so that a million of them stay affordable: an `Entity` object is made when one is asked for.
 * Strings are shared: an attribute's value that many entities have is held once.
 */
export interface EntityList {
  readonly count: number
  /** Every id as `idBits`, by index; longer than `count`. Fetch anew after an `add`. */
  readonly bits: Float64Array
  at(index: EntityIndex): Entity
  idAt(index: EntityIndex): EntityId
  attributesAt(index: EntityIndex): Readonly<Record<string, string>>
  byId(id: EntityId): EntityIndex | undefined
  /** Is it this one, or another that happens to have the same id? */
  is(index: EntityIndex, category: string, identity: string): boolean
  /** Is this its present name? */
  isNamed(index: EntityIndex, name: string): boolean
  /** By a name's hash (`nameId`); the caller's hash is the same as for ids. */
  find(nameId: number, category: string, name: string): EntityIndex | undefined
  add(entity: NewEntity): EntityIndex
  /** Takes over attributes and display name; false when they are not new. Attributes that are not named stay. */
  update(index: EntityIndex, attributes: Record<string, string>, displayName: string | undefined): boolean
  /** Display names of before; what is known already, or is the present one, changes nothing. Whether it was new. */
  addFormer(index: EntityIndex, displayNames: readonly string[]): boolean
  /** Entities that have had other display names. */
  readonly former: ReadonlyMap<EntityIndex, readonly string[]>
  /** Records that the entity has had the name from `since` on. False when that was known. */
  addName(index: EntityIndex, name: string, since: number, nameId: number): boolean
  in(category: string): readonly EntityIndex[]
  categories(): string[]
}

export interface NewEntity {
  id: EntityId
  category: string
  identity: string
  name: string
  nameId: number
  displayName: string
  attributes: Record<string, string>
  since: number
}

export function createEntityList(): EntityList {
  let count = 0
  let ids = new Float64Array(64)
  let bits = new Float64Array(64)
  let since = new Float64Array(64)
  let categoryOf = new Uint16Array(64)
  const identities: string[] = []
  const names: string[] = []
  const displayNames: string[] = []
  const attributes: Record<string, string>[] = []
  /** Only of entities that were renamed. */
  const histories = new Map<EntityIndex, EntityName[]>()
  const former = new Map<EntityIndex, readonly string[]>()
  const categories: string[] = []
  const members = new Map<string, EntityIndex[]>()
  const byId = createIdTable()
  const byName = createIdTable()
  const strings = new Map<string, string>()

  const shared = (text: string): string => {
    const known = strings.get(text)
    if (known !== undefined) return known
    if (strings.size >= MAX_SHARED) strings.clear()
    strings.set(text, text)
    return text
  }

  const namesAt = (index: EntityIndex): EntityName[] =>
    histories.get(index) ?? [{ name: names[index]!, since: since[index]! }]

  function addFormer(index: EntityIndex, list: readonly string[]): boolean {
    const known = former.get(index) ?? []
    const news = list.filter((name) => name !== '' && name !== displayNames[index] && !known.includes(name))
    if (news.length === 0) return false
    former.set(index, [...known, ...new Set(news)].slice(-MOST_FORMER))
    return true
  }

  return {
    former,
    addFormer,
    get count() {
      return count
    },
    get bits() {
      return bits
    },
    at(index) {
      if (index >= count) throw new RangeError(`no entity has index ${index}`)
      const name = names[index]!
      const before = former.get(index)
      return {
        id: ids[index]!,
        index,
        category: categories[categoryOf[index]!]!,
        name,
        identity: identities[index]!,
        displayName: displayNames[index] || name,
        attributes: attributes[index]!,
        names: namesAt(index),
        ...(before && { formerDisplayNames: before }),
        since: since[index]!,
      }
    },
    idAt: (index) => ids[index]!,
    attributesAt: (index) => attributes[index]!,
    byId: (id) => byId.get(id),
    is: (index, category, identity) =>
      categories[categoryOf[index]!] === category && identities[index] === identity,
    isNamed: (index, name) => names[index] === name,
    find(nameId, category, name) {
      const index = byName.get(nameId)
      if (index === undefined || categories[categoryOf[index]!] !== category) return undefined
      return namesAt(index).some((known) => known.name === name) ? index : undefined
    },
    add(entity) {
      const index = count++
      ids = grown(ids, count)
      bits = grown(bits, count)
      bits[index] = idBits(entity.id)
      since = grown(since, count)
      categoryOf = grown(categoryOf, count)
      ids[index] = entity.id
      since[index] = entity.since
      let list = members.get(entity.category)
      if (list === undefined) {
        list = []
        members.set(entity.category, list)
        categories.push(entity.category)
      }
      list.push(index)
      categoryOf[index] = categories.indexOf(entity.category)
      names.push(entity.name)
      identities.push(entity.identity === entity.name ? entity.name : entity.identity)
      displayNames.push(shared(entity.displayName))
      attributes.push(compact(entity.attributes, shared))
      byId.set(entity.id, index)
      byName.set(entity.nameId, index)
      return index
    },
    update(index, changes, displayName) {
      let changed = false
      const old = attributes[index]!
      for (const key of Object.keys(changes))
        if (old[key] !== changes[key] && key !== '__proto__') changed = true
      if (changed) attributes[index] = compact({ ...old, ...changes }, shared)
      if (displayName !== undefined && displayName !== displayNames[index]) {
        const before = displayNames[index]!
        displayNames[index] = shared(displayName)
        if (FOLLOWED.has(categories[categoryOf[index]!]!)) addFormer(index, [before])
        changed = true
      }
      return changed
    },
    addName(index, name, from, nameId) {
      const history = namesAt(index)
      if (history.some((known) => known.name === name && known.since === from)) return false
      const last = history[history.length - 1]!
      if (from >= last.since && last.name === name) return false
      const longer = [...history, { name, since: from }].sort((a, b) => a.since - b.since)
      histories.set(index, longer)
      names[index] = longer[longer.length - 1]!.name
      const owner = byName.get(nameId)
      if (owner === undefined || names[owner] !== name) byName.set(nameId, index)
      return true
    },
    in: (category) => members.get(category) ?? [],
    categories: () => [...categories],
  }
}

const MAX_SHARED = 1_000_000
/** What people rename. Display names of others change by themselves, as a disk's does with what is on it. */
const FOLLOWED = new Set(['CLUSTER', 'SERVICE', 'HOST', 'ROLE'])
const MOST_FORMER = 20

/** Keys in one order, so that entities of a kind share a hidden class; values shared. `__proto__` cannot be a key. */
function compact(
  attributes: Record<string, string>,
  shared: (text: string) => string,
): Record<string, string> {
  const out: Record<string, string> = {}
  for (const key of Object.keys(attributes).sort())
    if (key !== '__proto__') out[shared(key)] = shared(attributes[key]!)
  return out
}
