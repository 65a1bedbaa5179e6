import { readdirSync } from 'node:fs'
import { readText } from './read.js'

/** What /proc tells of a process (proc_pid_stat(5), proc_pid_status(5), proc_pid_io(5)); times in seconds, sizes in bytes. */
export interface ProcessFigures {
  pid: number
  parent: number
  user: number
  system: number
  /** Times of children that it has waited for. */
  childUser: number
  childSystem: number
  minorFaults: number
  majorFaults: number
  threads: number
  /** Ticks since boot. */
  start: string
  virtual: number
  rss: number
}

const TICKS_PER_SECOND = 100
const PAGE_BYTES = 4096

export function processFigures(procRoot: string, pid: number): ProcessFigures | undefined {
  const stat = readText(procRoot, `${pid}/stat`)
  if (stat === undefined) return undefined
  const f = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (f.length < 22 || f[0] === 'Z') return undefined
  const seconds = (i: number) => Number(f[i]) / TICKS_PER_SECOND
  return {
    pid,
    parent: Number(f[1]),
    minorFaults: Number(f[7]),
    majorFaults: Number(f[9]),
    user: seconds(11),
    system: seconds(12),
    childUser: seconds(13),
    childSystem: seconds(14),
    threads: Number(f[17]),
    start: f[19]!,
    virtual: Number(f[20]),
    // Machines with larger pages (some ARM servers) get `rss` from the status file, in kB.
    rss: Number(f[21]) * PAGE_BYTES,
  }
}

/** Descendants by process, from one pass over /proc. */
export function descendantsOf(procRoot: string, roots: ReadonlySet<number>): Map<number, ProcessFigures[]> {
  const children = new Map<number, ProcessFigures[]>()
  for (const name of readdirSync(procRoot)) {
    const first = name.charCodeAt(0)
    if (first < 0x30 || first > 0x39) continue
    const one = processFigures(procRoot, Number(name))
    if (!one || one.parent <= 1) continue
    const siblings = children.get(one.parent)
    if (siblings) siblings.push(one)
    else children.set(one.parent, [one])
  }
  const found = new Map<number, ProcessFigures[]>()
  for (const root of roots) {
    const all: ProcessFigures[] = []
    const queue = [root]
    for (let pid = queue.pop(); pid !== undefined && all.length < 100_000; pid = queue.pop())
      for (const child of children.get(pid) ?? []) {
        all.push(child)
        queue.push(child.pid)
      }
    found.set(root, all)
  }
  return found
}
