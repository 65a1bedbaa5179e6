import type { Change } from './change.js'
import { inUse } from './errors.js'
import type { Role } from './types.js'

const alive = ['PREPARING', 'STARTING', 'RUNNING', 'BACKOFF', 'STOPPING']
const over = ['STOPPED', 'EXITED', 'FATAL']

/** Refuses when one of the roles is to run, or is reported to run. */
export async function mustBeStopped(change: Change, roles: readonly Role[], what: string): Promise<void> {
  if (roles.length === 0) return
  const rows = await change.trx
    .selectFrom('process')
    .leftJoin('processReport', 'processReport.processId', 'process.id')
    .select('process.roleId')
    .where(
      'process.roleId',
      'in',
      roles.map((role) => role.id),
    )
    .where('process.current', '=', true)
    .where((eb) =>
      eb.or([
        eb('processReport.state', 'in', alive),
        eb.and([
          eb('process.wanted', '=', 'RUNNING'),
          eb.or([eb('processReport.state', 'is', null), eb('processReport.state', 'not in', over)]),
        ]),
      ]),
    )
    .execute()
  if (rows.length === 0) return
  const names = roles.filter((role) => rows.some((row) => row.roleId === role.id)).map((role) => role.name)
  const shown =
    names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ')
  throw inUse(`${what} cannot be deleted while it runs. Stop ${shown} first.`, names)
}
