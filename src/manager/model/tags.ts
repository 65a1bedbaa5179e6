import type { Change } from './change.js'
import { invalid } from './errors.js'
import { type Entity, tagKey } from './types.js'

const columns = { CLUSTER: 'clusterId', SERVICE: 'serviceId', ROLE: 'roleId', HOST: 'hostId' } as const
const MAX_TAGS = 100

/** Sets tags of an entity; others stay as they are. */
export async function setTags(
  change: Change,
  entity: Entity,
  id: number,
  tags: Readonly<Record<string, string>>,
): Promise<void> {
  const entries = Object.entries(tags)
  for (const [name, value] of entries)
    if (
      name === '' ||
      name.length > 255 ||
      value.length > 1_024 ||
      name.includes('\0') ||
      value.includes('\0')
    )
      throw invalid('A tag has a name of 1 to 255 characters and a value of at most 1024.')
  if (entries.length === 0) return
  if (entries.length > MAX_TAGS) throw invalid(`An entity has at most ${MAX_TAGS} tags.`)
  const owner = { clusterId: null, serviceId: null, roleId: null, hostId: null, [columns[entity]]: id }
  await change.trx
    .insertInto('tag')
    .values(entries.map(([name, value]) => ({ ...owner, name, value })))
    .onConflict((c) => c.constraint('tag_name').doUpdateSet((eb) => ({ value: eb.ref('excluded.value') })))
    .execute()
  change.touch('tag', [tagKey(entity, id)])
}

export async function deleteTags(
  change: Change,
  entity: Entity,
  id: number,
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) return
  await change.trx
    .deleteFrom('tag')
    .where(columns[entity], '=', id)
    .where('name', 'in', [...names])
    .execute()
  change.touch('tag', [tagKey(entity, id)])
}
