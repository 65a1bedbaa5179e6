import { readdirSync, readFileSync } from 'node:fs'
import { uptime } from 'node:os'

/** What tells a process from any other, and where it belongs (proc_pid_stat(5)). */
export interface ProcessStat {
  pid: number
  /** `R`, `S`, `D`, `Z` … */
  state: string
  parent: number
  group: number
  session: number
  /** Ticks since boot. */
  start: string
}

export function readStat(pid: number): ProcessStat | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The command in parentheses may hold anything, parentheses too.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return {
      pid,
      state: fields[0]!,
      parent: Number(fields[1]),
      group: Number(fields[2]),
      session: Number(fields[3]),
      start: fields[19]!,
    }
  } catch {
    return undefined
  }
}

/** A zombie has ended; that nobody has waited for it does not keep it alive. */
export const isAlive = (stat: ProcessStat | undefined): stat is ProcessStat =>
  stat !== undefined && stat.state !== 'Z' && stat.state !== 'X' && stat.state !== 'x'

/** True while the process with this id is the one that started then. */
export const runs = (pid: number, start: string): boolean => {
  const stat = readStat(pid)
  return isAlive(stat) && stat.start === start
}

export function allProcesses(): ProcessStat[] {
  const found: ProcessStat[] = []
  for (const name of readdirSync('/proc')) {
    if (name.charCodeAt(0) < 0x30 || name.charCodeAt(0) > 0x39) continue
    const stat = readStat(Number(name))
    if (isAlive(stat)) found.push(stat)
  }
  return found
}

/** In the environment of each process that we start; descendants carry it wherever they go. */
export const COOKIE = 'BELLWETHER_PROCESS'

export function hasCookie(pid: number, cookie: string): boolean {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`)
    const entry = Buffer.from(`${COOKIE}=${cookie}\0`)
    const at = environment.indexOf(entry)
    return at === 0 || (at > 0 && environment[at - 1] === 0)
  } catch {
    return false
  }
}

/**
 * Signals a process if it is still the one that is meant. Between the look and the signal it would have to end, and its id
 * to be given away again by a kernel that first goes through all others.
 */
export function signalExactly(
  { pid, start }: { pid: number; start: string },
  signal: NodeJS.Signals,
): boolean {
  if (!runs(pid, start)) return false
  return signalQuietly(pid, signal)
}

/** Negative ids are groups (kill(2)). False where there is none, or it is not ours to signal. */
export function signalQuietly(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch {
    return false
  }
}

export const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()

/** Wall-clock time of a start time; USER_HZ is 100 wherever Node.js runs. Milliseconds since the epoch. */
export const startTime = (start: string): number =>
  Math.round(Date.now() - uptime() * 1000 + Number(start) * 10)
