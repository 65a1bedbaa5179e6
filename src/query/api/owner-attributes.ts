import type { EntityDescription } from '../../wire/timeseries-columns.js'
import { attributeReader } from '../check/attributes.js'
import type { StreamOwner } from '../run/sink.js'

const CLUSTER = (['clusterName', 'clusterDisplayName'] as const).map(
  (name) => [name, attributeReader(name)] as const,
)

/** What is written of an owner, in every form; made once for an entity, as long as nothing of it changes. */
export interface OwnerRecord {
  /** The catalogue's own object, which is replaced when the attributes change. */
  readonly source: object
  readonly name: string
  readonly displayName: string
  readonly active: boolean
  /** The entity's own, and `active`, `category` and `entityName`; all are strings. */
  readonly attributes: Readonly<Record<string, string>>
  /** Kept here by the columnar form. */
  description: EntityDescription | undefined
  /** Kept here by JSON: display name and attributes as bytes. */
  json: { readonly name: Uint8Array; readonly attributes: Uint8Array } | undefined
}

/** Records that are kept: some 2 kB each. */
const MOST = 20_000
/** By the entity's index in the catalogue. */
let records: (OwnerRecord | undefined)[] = []
let count = 0

export function ownerRecord(owner: StreamOwner, active: boolean): OwnerRecord {
  const { index, attributes } = owner
  if (index === undefined || index >= MOST_INDEX) return recordOf(owner, active)
  const known = records[index]
  if (
    known !== undefined &&
    known.source === attributes &&
    known.active === active &&
    known.name === owner.name &&
    known.displayName === owner.displayName
  )
    return known
  const record = recordOf(owner, active)
  if (known === undefined && ++count > MOST) {
    records = []
    count = 1
  }
  records[index] = record
  return record
}

/** Beyond, an array with few entries is no array any more; such entities (parents that are made up) are not kept. */
const MOST_INDEX = 10_000_000

function recordOf(owner: StreamOwner, active: boolean): OwnerRecord {
  const { name, displayName, attributes: source, category } = owner
  const rest = { description: undefined, json: undefined }
  if (owner.index === undefined) {
    const attributes = category === '' ? source : { ...source, category }
    return { source, name, displayName, active, attributes, ...rest }
  }
  const attributes: Record<string, string> = {
    ...source,
    active: active ? 'true' : 'false',
    category,
    entityName: name,
  }
  for (const [own, read] of CLUSTER) {
    const value = read(owner)
    if (value !== undefined) attributes[own] ??= value
  }
  return { source, name, displayName, active, attributes, ...rest }
}
