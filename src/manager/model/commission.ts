import type { CommissionState } from '../database/index.js'
import type { Change } from './change.js'
import type { Host, Model, Role } from './types.js'

export async function setRoleCommission(
  change: Change,
  roles: readonly Pick<Role, 'id'>[],
  commissionState: CommissionState,
): Promise<void> {
  if (roles.length === 0) return
  await change.trx
    .updateTable('role')
    .set({ commissionState })
    .where(
      'id',
      'in',
      roles.map((role) => role.id),
    )
    .execute()
  change.touch()
}

export async function setHostCommission(
  change: Change,
  hosts: readonly Pick<Host, 'id'>[],
  commissionState: CommissionState,
): Promise<void> {
  if (hosts.length === 0) return
  await change.trx
    .updateTable('host')
    .set({ commissionState })
    .where(
      'id',
      'in',
      hosts.map((host) => host.id),
    )
    .execute()
  change.touch()
}

/** May it be started? Not while its host or itself is decommissioned, or on the way there. */
export function mayRun(model: Model, role: Role): boolean {
  return (
    role.commissionState === 'COMMISSIONED' &&
    model.hosts.get(role.hostId)?.commissionState === 'COMMISSIONED'
  )
}
