import { existsSync } from 'node:fs'
import type { ResourceLimits } from '../../wire/heartbeat.js'
import { type Account, accountOf, SYSTEM_PATH } from './account.js'
import { COOKIE } from './proc.js'
import { closedFolder, findProgram } from './program.js'
import type { Launch, Problem } from './protocol.js'

export interface Prepared {
  account: Account
  file: string
  args: string[]
  environment: Record<string, string>
}

/**
 * Everything that can be known to be wrong before a process is made, and the command line that makes it.
 *
 * The chain is `sh` (into the cgroup) → prlimit(1) → setpriv(1) → program, each of which becomes the next by execve(2): the
 * process that we start is the program. Node.js can switch user itself, but drops all groups, and knows neither limits nor
 * cgroups. Nothing that comes from outside is part of the shell's text.
 */
export async function prepare(
  launch: Launch,
  cookie: string,
  cgroup: string | undefined,
): Promise<Prepared | Problem> {
  const { folder, name } = launch
  const account = await accountOf(launch.user, launch.group)
  if ('code' in account) return account
  const environment = { PATH: SYSTEM_PATH, ...launch.environment, [COOKIE]: cookie }
  if (!existsSync(folder)) return { code: 'NO_FOLDER', message: `the process folder ${name} is gone` }
  const closed = closedFolder(folder, account)
  if (closed !== undefined)
    return {
      code: 'CLOSED_FOLDER',
      message: `user ${launch.user ?? account.uid} may not enter ${closed}, above its process folder: open it (chmod o+x), or choose another folder for processes`,
    }
  const file = findProgram(launch.program, folder, environment.PATH, account)
  if (typeof file !== 'string') return file
  const chain = [file, ...launch.args]
  if (account.switch) chain.unshift(toolOf('setpriv'), ...account.switch, '--')
  const limits = rlimitOptions(launch.limits)
  if (limits.length > 0) chain.unshift(toolOf('prlimit'), ...limits, '--')
  if (cgroup !== undefined)
    chain.unshift('/bin/sh', '-c', 'echo $$ >"$0" && exec "$@"', `${cgroup}/cgroup.procs`)
  const missing = chain.find((part) => part.startsWith('?'))
  if (missing !== undefined && (account.switch || limits.length > 0))
    return {
      code: 'TOOL_MISSING',
      message: `${missing.slice(1)} is not on this host: install util-linux`,
    }
  return { account, file: chain[0]!, args: chain.slice(1), environment }
}

/** The same for a short command beside a process: not marked as a part of it, and in no cgroup. */
export async function prepareCommand(launch: Launch): Promise<Prepared | Problem> {
  const prepared = await prepare(launch, '', undefined)
  if ('code' in prepared) return prepared
  const { [COOKIE]: _, ...environment } = prepared.environment
  return { ...prepared, environment }
}

const FOLDERS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin']

/** `?<name>` where there is none. */
const toolOf = (name: string): string =>
  FOLDERS.map((folder) => `${folder}/${name}`).find((path) => existsSync(path)) ?? `?${name}`

function rlimitOptions({ rlimits = {} }: ResourceLimits = {}): string[] {
  const word = (value: number) => (value < 0 ? 'unlimited' : String(value))
  return Object.entries(rlimits).map(([name, limit]) => {
    const { soft, hard } = typeof limit === 'number' ? { soft: limit, hard: limit } : limit
    return `--${name}=${word(soft)}:${word(hard)}`
  })
}
