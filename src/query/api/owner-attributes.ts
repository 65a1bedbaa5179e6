import { attributeReader } from '../check/attributes.js'
import type { StreamOwner } from '../run/sink.js'

/** An owner's attributes as they were last written, by the catalogue's own object, which is replaced when they change. */
interface Written {
  readonly name: string
  readonly active: boolean
  readonly attributes: Readonly<Record<string, string>>
}
const CLUSTER = (['clusterName', 'clusterDisplayName'] as const).map(
  (name) => [name, attributeReader(name)] as const,
)
const written = new WeakMap<object, Written>()

/** The attributes of a stream on the wire: the entity's own, and `active`, `category` and `entityName`; all are strings. */
export function ownerAttributes(owner: StreamOwner, active: boolean): Readonly<Record<string, string>> {
  if (owner.index === undefined)
    return owner.category === '' ? owner.attributes : { ...owner.attributes, category: owner.category }
  const known = written.get(owner.attributes)
  if (known !== undefined && known.active === active && known.name === owner.name) return known.attributes
  const attributes: Record<string, string> = {
    ...owner.attributes,
    active: active ? 'true' : 'false',
    category: owner.category,
    entityName: owner.name,
  }
  for (const [name, read] of CLUSTER) {
    const value = read(owner)
    if (value !== undefined) attributes[name] ??= value
  }
  written.set(owner.attributes, { name: owner.name, active, attributes })
  return attributes
}
