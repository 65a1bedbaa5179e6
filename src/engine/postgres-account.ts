import { execFile } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PostgresError } from './postgres-errors.js'

const run = promisify(execFile)

/**
 * How PostgreSQL is run, which refuses to be root.
 * - `same`: as we are, who are not root
 * - `switch`: as another user of this machine, who owns the data
 * - `namespace`: in a user namespace (user_namespaces(7)) where our root has another number: the data stay root's own
 * - `override`: as another user of this machine, who owns the data, and may pass through folders that are closed to it
 *   (CAP_DAC_OVERRIDE, capabilities(7)): what is left in a container below a closed folder such as /root
 */
export type Account =
  | { kind: 'same' }
  | { kind: 'switch'; uid: number; gid: number }
  | { kind: 'namespace'; uid: number; gid: number }
  | { kind: 'override'; uid: number; gid: number }

/**
 * Chooses an account that changes nothing on the machine, no user made and no folder opened: the user `postgres` where
 * there is one and it can reach `folder`; else a user namespace; else `nobody`, who may share its rights with other
 * programs; else one of the two with a capability that opens closed folders to it. Data that exist decide by their owner.
 */
export async function chooseAccount(folder: string, uid = process.getuid?.()): Promise<Account> {
  if (uid !== 0) return { kind: 'same' }
  const users = await passwd()
  const owner = await ownerOf(join(folder, 'pgdata'))
  const stranger = users.get('postgres') ?? users.get('nobody')
  const namespace: Account | undefined = stranger && { kind: 'namespace', ...stranger }
  if (owner !== undefined) {
    if (owner.uid !== 0) return (await reaching(folder, owner)) ?? { kind: 'switch', ...owner }
    if (namespace && (await namespacesWork(namespace))) return namespace
    throw new PostgresError('no-account', {
      subject: folder,
      reason:
        'its data belong to root, and user namespaces, in which they were made, are not allowed any more',
    })
  }
  const postgres = users.get('postgres')
  if (postgres && (await canEnter(folder, { kind: 'switch', ...postgres })))
    return { kind: 'switch', ...postgres }
  if (namespace && (await namespacesWork(namespace))) return namespace
  const nobody = users.get('nobody')
  if (nobody && (await canEnter(folder, { kind: 'switch', ...nobody }))) return { kind: 'switch', ...nobody }
  const override: Account | undefined = stranger && { kind: 'override', ...stranger }
  if (override && (await canEnter(folder, override))) return override
  throw new PostgresError('no-account', {
    subject: folder,
    reason: 'neither the user postgres nor nobody can reach it, and user namespaces are not allowed here',
  })
}

/** Program and arguments that run a command as an account, and the ids to spawn it with. */
export function asAccount(
  account: Account,
  command: readonly string[],
): { program: string; args: string[]; uid?: number; gid?: number } {
  const before =
    account.kind === 'namespace' ? unshare(account) : account.kind === 'override' ? overriding(account) : []
  const wrapped = [...before, ...command]
  const [program = '', ...args] = wrapped
  return { program, args, ...(account.kind === 'switch' ? { uid: account.uid, gid: account.gid } : {}) }
}

/** The owner of data that exist, with a capability where it could not reach them without. */
async function reaching(folder: string, ids: { uid: number; gid: number }): Promise<Account | undefined> {
  for (const kind of ['switch', 'override'] as const)
    if (await canEnter(folder, { kind, ...ids })) return { kind, ...ids }
  return undefined
}

/** Does the account own files of its own, which root's are not? */
export function ownsData(account: Account): account is Extract<Account, { kind: 'switch' | 'override' }> {
  return account.kind === 'switch' || account.kind === 'override'
}

export async function canEnter(folder: string, account: Account): Promise<boolean> {
  const { program, args, ...ids } = asAccount(account, ['/bin/sh', '-c', 'cd "$1"', 'sh', folder])
  return succeeds(program, args, ids)
}

function unshare({ uid, gid }: { uid: number; gid: number }): string[] {
  return ['unshare', '--user', `--map-user=${uid}`, `--map-group=${gid}`, '--']
}

function overriding({ uid, gid }: { uid: number; gid: number }): string[] {
  const ids = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups']
  return ['setpriv', ...ids, '--inh-caps=-all,+dac_override', '--ambient-caps=-all,+dac_override', '--']
}

function namespacesWork(account: Account & { uid: number; gid: number }): Promise<boolean> {
  const [program = '', ...args] = [...unshare(account), 'true']
  return succeeds(program, args, {})
}

async function succeeds(
  program: string,
  args: string[],
  ids: { uid?: number; gid?: number },
): Promise<boolean> {
  try {
    await run(program, args, { cwd: '/', timeout: 10_000, ...ids })
    return true
  } catch {
    return false
  }
}

async function ownerOf(folder: string): Promise<{ uid: number; gid: number } | undefined> {
  try {
    const { uid, gid } = await stat(folder)
    return { uid, gid }
  } catch {
    return undefined
  }
}

async function passwd(): Promise<Map<string, { uid: number; gid: number }>> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '')
  return new Map(
    text
      .split('\n')
      .map((line) => line.split(':'))
      .filter(([name, , uid]) => name && Number(uid) > 0)
      .map(([name, , uid, gid]) => [name!, { uid: Number(uid), gid: Number(gid) }]),
  )
}
