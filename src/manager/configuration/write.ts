import type { Change } from '../model/change.js'
import { type ConfigTarget, targetKey } from '../model/types.js'

/** The columns that say where a value hangs. */
export function targetColumns({ scope, id }: ConfigTarget) {
  return {
    scope,
    clusterId: scope === 'CLUSTER' ? id : null,
    serviceId: scope === 'SERVICE' ? id : null,
    roleConfigGroupId: scope === 'GROUP' ? id : null,
    roleId: scope === 'ROLE' ? id : null,
    hostId: scope === 'HOST' ? id : null,
  }
}

export interface ConfigWrite {
  readonly target: ConfigTarget
  readonly name: string
  readonly value: string
  readonly sensitive: boolean
}

/** Stores values that have been checked, sensitive ones encrypted. Each target and name may come once. */
export async function writeValues(change: Change, writes: readonly ConfigWrite[]): Promise<void> {
  const rows = writes.map(({ target, name, value, sensitive }) => ({
    ...targetColumns(target),
    name,
    value: sensitive ? null : value,
    secret: sensitive ? change.keys.seal(value, 'config') : null,
  }))
  // A statement has at most 65,535 parameters.
  for (let i = 0; i < rows.length; i += 2_000)
    await change.trx
      .insertInto('config')
      .values(rows.slice(i, i + 2_000))
      .onConflict((c) =>
        c.constraint('config_name').doUpdateSet((eb) => ({
          value: eb.ref('excluded.value'),
          secret: eb.ref('excluded.secret'),
        })),
      )
      .execute()
  change.touch(
    'config',
    writes.map(({ target }) => targetKey(target)),
  )
}

export async function removeValues(
  change: Change,
  target: ConfigTarget,
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) return
  const columns = targetColumns(target)
  let query = change.trx
    .deleteFrom('config')
    .where('scope', '=', columns.scope)
    .where('name', 'in', [...names])
  for (const name of ['clusterId', 'serviceId', 'roleConfigGroupId', 'roleId', 'hostId'] as const) {
    const id = columns[name]
    if (id !== null) query = query.where(name, '=', id)
  }
  await query.execute()
  change.touch('config', [targetKey(target)])
}
