import type { StreamOwner } from '../run/sink.js'

/** The attributes of a stream on the wire: the entity's own, and `active`, `category` and `entityName`; all are strings. */
export function ownerAttributes(owner: StreamOwner): Record<string, string> {
  if (owner.index === undefined)
    return owner.category === '' ? { ...owner.attributes } : { ...owner.attributes, category: owner.category }
  return {
    ...owner.attributes,
    active: owner.active === false ? 'false' : 'true',
    category: owner.category,
    entityName: owner.name,
  }
}
