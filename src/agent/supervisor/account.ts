import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Problem } from './protocol.js'

const run = promisify(execFile)

export interface Account {
  /** Set when the process is to run as another user than we are: the options of setpriv(1). */
  switch?: string[]
  uid: number
  gid: number
  groups: number[]
}

/**
 * Who a process is to run as. Asks id(1), which knows every source of accounts that the system has (LDAP, SSSD), not only
 * /etc/passwd. A name that is all digits is taken as a number only if there is no such user.
 */
export async function accountOf(
  user: string | undefined,
  group: string | undefined,
): Promise<Account | Problem> {
  const me = { uid: process.getuid!(), gid: process.getgid!() }
  const myGroups = process.getgroups!()
  if (user === undefined && group === undefined) return { ...me, groups: myGroups }
  const wanted = user === undefined ? { ...me, groups: myGroups } : await lookUp(user)
  if (!wanted)
    return {
      code: 'NO_SUCH_USER',
      message: `there is no user "${user}" on this host: create it, or set another one (process_username)`,
    }
  const gid = group === undefined ? wanted.gid : await groupId(group)
  if (gid === undefined)
    return { code: 'NO_SUCH_GROUP', message: `there is no group "${group}" on this host` }
  const { uid, groups } = wanted
  if (uid === me.uid && gid === me.gid) return { uid, gid, groups: myGroups }
  if (me.uid !== 0)
    return {
      code: 'CANNOT_SWITCH_USER',
      message: `it is to run as ${user ?? uid}:${group ?? gid}, and the agent (user ${me.uid}) is not root: run the agent as root, or the role as the agent's user`,
    }
  const supplementary =
    groups.length > 0 ? `--groups=${[...new Set([gid, ...groups])].join(',')}` : '--clear-groups'
  return {
    uid,
    gid,
    groups: [gid, ...groups],
    switch: [`--reuid=${uid}`, `--regid=${gid}`, supplementary, '--inh-caps=-all'],
  }
}

async function lookUp(user: string): Promise<{ uid: number; gid: number; groups: number[] } | undefined> {
  const [uid, gid, groups] = await Promise.all(
    ['-u', '-g', '-G'].map((flag) => ask('id', [flag, '--', user])),
  )
  if (uid === undefined || gid === undefined) return undefined
  return { uid: Number(uid), gid: Number(gid), groups: (groups ?? '').split(' ').filter(Boolean).map(Number) }
}

async function groupId(group: string): Promise<number | undefined> {
  const entry = await ask('getent', ['group', '--', group])
  const id = entry?.split(':')[2] ?? (/^\d+$/.test(group) ? group : undefined)
  return id === undefined ? undefined : Number(id)
}

/** Undefined when it says no; a directory service that hangs is given ten seconds. */
async function ask(command: string, args: string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run(command, args, { timeout: 10_000, env: { PATH: SYSTEM_PATH, LC_ALL: 'C' } })
    return stdout.trim()
  } catch {
    return undefined
  }
}

export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
