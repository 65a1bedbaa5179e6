/** What a process and its descendants have used, from /proc. */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Linux's USER_HZ: 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100

export interface Usage {
  cpuSeconds: number
  /** Sum of the processes' peak resident sizes, bytes: never less than the peak of their sum. */
  peakBytes: number
  /** Sum of the present resident sizes, bytes. */
  residentBytes: number
}

export function usageOf(root: number): Usage {
  const usage = { cpuSeconds: 0, peakBytes: 0, residentBytes: 0 }
  for (const pid of withDescendants(root)) {
    try {
      const fields = statFields(pid)
      // utime, stime, and those of children that were waited for (proc(5): fields 14 to 17, `fields` begins at 3)
      for (let i = 11; i <= 14; i++) usage.cpuSeconds += Number(fields[i]) / TICKS_PER_SECOND
      const status = readFileSync(`/proc/${pid}/status`, 'latin1')
      usage.peakBytes += Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024
      usage.residentBytes += Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024
    } catch {
      // gone in the meantime: its parent has its CPU time
    }
  }
  return usage
}

const IDLE_STEP_MS = 250
const IDLE_SHARE = 0.08
const LONGEST_WAIT_MS = 20_000

/**
 * Resolves when the process and its children have used next to nothing for some steps of a quarter of a second, at the latest
 * after 20 s: what a server does after its start (opening tables, merging, reading what is newest) is over then, or what it
 * does after large answers (collecting garbage, giving memory back).
 */
export async function untilIdle(root: number, steps = 4): Promise<void> {
  let quiet = 0
  let before = usageOf(root).cpuSeconds
  for (let waited = 0; quiet < steps && waited < LONGEST_WAIT_MS; waited += IDLE_STEP_MS) {
    await sleep(IDLE_STEP_MS)
    const now = usageOf(root).cpuSeconds
    quiet = now - before <= (IDLE_SHARE * IDLE_STEP_MS) / 1000 ? quiet + 1 : 0
    before = now
  }
}

/** CPU seconds that the whole machine has worked since it started, steal included: /proc/stat, first line. */
export function machineCpuSeconds(): number {
  const [user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'latin1')
    .slice(5, 200)
    .split('\n')[0]!
    .split(' ')
    .map(Number)
  return (user! + nice! + system! + irq! + softirq! + steal!) / TICKS_PER_SECOND
}

/** The process and all its descendants that are alive. */
export function withDescendants(root: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      parents.set(Number(name), Number(statFields(Number(name))[1]))
    } catch {
      // gone in the meantime
    }
  }
  const found = [root]
  for (const pid of found) for (const [child, parent] of parents) if (parent === pid) found.push(child)
  return found
}

/** The fields of /proc/PID/stat from the third on: the second is a name that may hold spaces. */
function statFields(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}
