import type { CommissionState } from '../database/index.js'
import type { Change } from './change.js'
import type { Host, Model, Role } from './types.js'

export async function setRoleCommission(
  change: Change,
  roles: readonly Pick<Role, 'id'>[],
  commissionState: CommissionState,
): Promise<void> {
  if (roles.length === 0) return
  const ids = roles.map((role) => role.id)
  await change.trx.updateTable('role').set({ commissionState }).where('id', 'in', ids).execute()
  change.touch('role', ids)
}

export async function setHostCommission(
  change: Change,
  hosts: readonly Pick<Host, 'id'>[],
  commissionState: CommissionState,
): Promise<void> {
  if (hosts.length === 0) return
  const ids = hosts.map((host) => host.id)
  await change.trx.updateTable('host').set({ commissionState }).where('id', 'in', ids).execute()
  change.touch('host', ids)
}

/** May it be started? Not while its host or itself is decommissioned, or on the way there. */
export function mayRun(model: Model, role: Role): boolean {
  return (
    role.commissionState === 'COMMISSIONED' &&
    model.hosts.get(role.hostId)?.commissionState === 'COMMISSIONED'
  )
}
