import type { Change } from './change.js'
import { inUse } from './errors.js'
import type { Role } from './types.js'

const alive = ['PREPARING', 'STARTING', 'RUNNING', 'BACKOFF', 'STOPPING']
const over = ['STOPPED', 'EXITED', 'FATAL']

/**
 * Refuses when one of the roles is to run, or is reported to run, and while a command has still something to do with one, such as
 * a restart that has only stopped it yet. `what` is what is to be deleted, as a sentence begins with it.
 */
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
  if (rows.length === 0) return mustNotBeWorkedOn(change, roles, what)
  const names = roles.filter((role) => rows.some((row) => row.roleId === role.id)).map((role) => role.name)
  const shown =
    names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ')
  throw inUse(
    `${what} cannot be deleted: ${names.length === 1 ? 'a role runs' : 'roles run'}. Stop ${shown} first.`,
    names,
  )
}

async function mustNotBeWorkedOn(change: Change, roles: readonly Role[], what: string): Promise<void> {
  const command = await change.trx
    .selectFrom('command as part')
    .innerJoin('command as root', 'root.id', 'part.rootId')
    .select(['root.id', 'root.name'])
    .where(
      'part.roleId',
      'in',
      roles.map((role) => role.id),
    )
    .where('part.kind', 'is not', null)
    .where('part.state', 'in', ['WAITING', 'RUNNING'])
    // What a command that has failed did not come to still waits, for ever.
    .where('root.state', 'in', ['WAITING', 'RUNNING'])
    .limit(1)
    .executeTakeFirst()
  if (command)
    throw inUse(
      `${what} cannot be deleted: the command "${command.name}" (${command.id}) is at work there. Wait until it has ended, or abort it.`,
    )
}
