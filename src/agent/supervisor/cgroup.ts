import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { ResourceLimits } from '../../wire/heartbeat.js'
import { readStat } from './proc.js'

/** cgroup v2 folders of our processes; undefined members mean: not to be had here. */
export interface Cgroups {
  /** Makes the folder of a process and sets its limits. What cannot be set is named. */
  make(name: string, limits: ResourceLimits | undefined): { folder: string; refused: string[] }
  /**
   * Removes a process's folder. The kernel counts a killed task as a member until it is wholly gone, a moment after it was
   * seen to end, so this tries again for a while, until the folder is made anew.
   */
  remove(folder: string): void
  /** SIGKILL to all in it, at once (kernel 5.14 on). False where the kernel cannot. */
  kill(folder: string): boolean
  /** Removes the folders in which nothing runs, waiting at most for those that are being removed. */
  close(): Promise<void>
}

/**
 * Finds where cgroups can be made: below our own one, if it is the root, or if nobody but the agent is in it (a unit with
 * `Delegate=yes`). The rule that only leaves hold processes (cgroups(7)) then has the agent and the supervisor move to a
 * leaf of their own. Undefined where there is no cgroup v2 or it cannot be written: there are no limits then.
 */
export function findCgroups(
  own: { label: string; pids: readonly number[] },
  procRoot = '/proc',
): Cgroups | undefined {
  try {
    const mount = mountOfCgroup2(readFileSync(`${procRoot}/self/mountinfo`, 'utf8'))
    const path = /^0::(\/.*)$/m.exec(readFileSync(`${procRoot}/self/cgroup`, 'utf8'))?.[1]
    if (!mount || path === undefined) return undefined
    const here = path === '/' ? mount : join(mount, path)
    const base = here.endsWith('/bellwether-agent') ? dirname(here) : here
    accessSync(join(base, 'cgroup.procs'), constants.W_OK)
    if (base !== mount) moveToLeaf(base, own.pids)
    return cgroupsBelow(join(base, `bellwether-${own.label}`))
  } catch {
    return undefined
  }
}

function moveToLeaf(base: string, pids: readonly number[]) {
  const there = readFileSync(join(base, 'cgroup.procs'), 'latin1').split('\n').filter(Boolean).map(Number)
  // The agent's own short-lived helpers may be there too.
  const isOurs = (pid: number) => {
    const parent = readStat(pid)?.parent
    return pids.includes(pid) || parent === undefined || pids.includes(parent)
  }
  if (!there.every(isOurs)) throw new Error('others are in our cgroup')
  const leaf = join(base, 'bellwether-agent')
  mkdirSync(leaf, { recursive: true })
  for (const pid of there)
    if (!write(leaf, 'cgroup.procs', String(pid)) && readStat(pid))
      throw new Error(`process ${pid} cannot be moved`)
}

/** Waits between attempts to remove a folder, together 2 s. */
const REMOVAL_WAITS_MS = [5, 10, 20, 50, 100, 200, 400, 600, 615]

const CONTROLLERS = ['cpu', 'io', 'memory', 'pids']

/** Exported for tests on folders that only look like cgroups. */
export function cgroupsBelow(root: string): Cgroups {
  mkdirSync(root, { recursive: true })
  for (const folder of [dirname(root), root])
    for (const controller of CONTROLLERS) write(folder, 'cgroup.subtree_control', `+${controller}`)
  const leaving = new Map<string, Promise<void>>()
  const remove = (folder: string) => {
    if (tryRemove(folder)) return leaving.delete(folder)
    const attempt: Promise<void> = tryAgain(folder, () => leaving.get(folder) === attempt).finally(() => {
      if (leaving.get(folder) === attempt) leaving.delete(folder)
    })
    leaving.set(folder, attempt)
  }
  return {
    make(name, limits = {}) {
      const folder = join(root, name)
      leaving.delete(folder)
      mkdirSync(folder, { recursive: true })
      const wanted: [string, string, unknown][] = [
        ['cpuWeight', 'cpu.weight', limits.cpuWeight],
        ['ioWeight', 'io.weight', limits.ioWeight],
        ['memoryHigh', 'memory.high', limits.memoryHigh],
        ['memoryMax', 'memory.max', limits.memoryMax],
      ]
      const refused = wanted
        .filter(([, file, value]) => value !== undefined && !write(folder, file, String(value)))
        .map(([name]) => name)
      return { folder, refused }
    },
    remove,
    async close() {
      await Promise.all(leaving.values())
      // A folder that still has a process in it cannot be removed, and then neither can its parent.
      for (const entry of readdirSync(root, { withFileTypes: true }))
        if (entry.isDirectory()) tryRemove(join(root, entry.name))
      tryRemove(root)
    },
    kill: (folder) => write(folder, 'cgroup.kill', '1'),
  }
}

async function tryAgain(folder: string, isWanted: () => boolean) {
  for (const wait of REMOVAL_WAITS_MS) {
    await setTimeout(wait)
    if (!isWanted() || tryRemove(folder)) return
  }
}

/** False where something is still in it. */
function tryRemove(folder: string): boolean {
  try {
    rmdirSync(folder)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}

/** False where the file is missing: a controller that is not on, or an older kernel. */
function write(folder: string, file: string, value: string): boolean {
  const path = join(folder, file)
  if (!existsSync(path)) return false
  try {
    writeFileSync(path, value)
    return true
  } catch {
    return false
  }
}

/** The mount point of the cgroup2 file system, by its type in mountinfo (proc_pid_mountinfo(5)). */
function mountOfCgroup2(mountinfo: string): string | undefined {
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ')
    if (after.startsWith('cgroup2 ')) return before.split(' ')[4]?.replaceAll('\\040', ' ')
  }
  return undefined
}
