import { listOf } from '../descriptors/index.js'
import type { Directory, Limits } from './process.js'
import { type Context, processUser, textOf } from './scope.js'

/** Local directories that a role needs: its log directory and every `localDataDir`, for the process's user. */
export function directoriesOf(context: Context): Directory[] {
  const owner = processUser(context)
  const out = new Map<string, Directory>()
  for (const { parameter, value } of context.config.values()) {
    // A heap dump folder such as /tmp belongs to everyone.
    if (parameter.pathType !== 'localDataDir' || parameter.purpose === 'JVM' || !value) continue
    const paths = parameter.type === 'path_array' ? listOf(parameter, value) : [value]
    for (const path of paths) out.set(path, { path, ...owner, mode: Number.parseInt(parameter.mode, 8) })
  }
  return [...out.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}

const MIB = 1024 ** 2

export function limitsOf({ config }: Context): Limits {
  const number = (name: string, standard: number) => {
    const value = textOf(config, name)
    return value === undefined || value === '' ? standard : Number(value)
  }
  const bytes = (megabytes: number) => (megabytes < 0 ? -1 : megabytes * MIB)
  const openFiles = textOf(config, 'rlimit_fds')
  return {
    openFiles: openFiles ? Number(openFiles) : undefined,
    cpuShares: number('rm_cpu_shares', 1024),
    ioWeight: number('rm_io_weight', 500),
    memorySoftBytes: bytes(number('rm_memory_soft_limit', -1)),
    memoryHardBytes: bytes(number('rm_memory_hard_limit', -1)),
  }
}

export function lifeOf({ config }: Context): {
  autoRestart: boolean
  startSeconds: number
  startRetries: number
  stopSeconds: number
} {
  const number = (name: string, standard: number) => Number(textOf(config, name) || standard)
  return {
    autoRestart: textOf(config, 'process_auto_restart') === 'true',
    startSeconds: number('process_start_secs', 20),
    startRetries: number('process_start_retries', 3),
    stopSeconds: number('graceful_stop_timeout', 30),
  }
}
