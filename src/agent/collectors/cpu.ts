import type { Collector, Roots } from './collector.js'
import { monotonic, reportCounter } from './collector.js'
import type { Counters } from './counters.js'
import { numberOf, readText } from './read.js'

/** Fields of the `cpu` line of /proc/stat, in their order there (proc_stat(5)). */
const STATES = [
  'user',
  'nice',
  'system',
  'idle',
  'iowait',
  'irq',
  'soft_irq',
  'steal',
  'guest',
  'guest_nice',
] as const

/** /proc/stat counts in USER_HZ, which is 100 on every architecture that Node.js runs on. */
const TICKS_PER_SECOND = 100

export interface CpuTimes {
  /** Seconds by state, in the order of `STATES`; NaN where the kernel is too old to know the state. */
  seconds: number[]
  cores: number
}

/** Reads the CPU lines of /proc/stat; undefined when there is none. */
export function parseCpu(stat: string): CpuTimes | undefined {
  let seconds: number[] | undefined
  let cores = 0
  for (const line of stat.split('\n')) {
    if (!line.startsWith('cpu')) continue
    const fields = line.split(/\s+/)
    if (fields[0] === 'cpu') seconds = STATES.map((_, i) => numberOf(fields[i + 1]) / TICKS_PER_SECOND)
    else cores++
  }
  return seconds && !Number.isNaN(seconds[0]) ? { seconds, cores } : undefined
}

/** Share of time in percent that was neither idle nor I/O wait; undefined when no time has passed. */
export function busyPercent(before: CpuTimes, now: CpuTimes): number | undefined {
  // Guest times are part of user and nice. I/O wait is known to step back at times: that counts as nothing.
  const grown = STATES.slice(0, 8).map((_, i) =>
    Math.max(0, (now.seconds[i] ?? 0) - (before.seconds[i] ?? 0) || 0),
  )
  const total = grown.reduce((sum, value) => sum + value, 0)
  if (total <= 0) return undefined
  const idle = grown[STATES.indexOf('idle')]! + grown[STATES.indexOf('iowait')]!
  return Math.min(100, Math.max(0, 100 * (1 - idle / total)))
}

export function createCpuCollector({ procRoot }: Roots, counters: Counters): Collector {
  let before: CpuTimes | undefined
  return {
    name: 'cpu',
    collect(round) {
      const at = monotonic()
      const now = parseCpu(readText(procRoot, 'stat') ?? '')
      if (!now) {
        before = undefined
        return
      }
      const { entity } = round.host
      STATES.forEach((state, i) => {
        reportCounter(round, counters, entity, `cpu_${state}`, now.seconds[i]!, at)
      })
      if (now.cores > 0) round.report(entity, 'cores', now.cores)
      const percent = before && busyPercent(before, now)
      if (percent !== undefined) round.report(entity, 'cpu_percent', percent)
      before = now
    },
  }
}
