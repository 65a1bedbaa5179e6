import type { Collector, Roots } from './collector.js'
import { monotonic, reportCounter } from './collector.js'
import type { Counters } from './counters.js'
import { keyValues, numberOf, readText } from './read.js'

/** Load, tasks, context switches, interrupts, uptime, file handles, entropy and pressure stall information. */
export function createKernelCollector({ procRoot }: Roots, counters: Counters): Collector {
  return {
    name: 'kernel',
    collect(round) {
      const { entity } = round.host
      const [one, five, fifteen, tasks] = (readText(procRoot, 'loadavg') ?? '').trim().split(/\s+/)
      round.report(entity, 'load_1', numberOf(one))
      round.report(entity, 'load_5', numberOf(five))
      round.report(entity, 'load_15', numberOf(fifteen))
      round.report(entity, 'threads', numberOf(tasks?.split('/')[1]))

      const at = monotonic()
      const stat = keyValues(readText(procRoot, 'stat') ?? '')
      const of = (field: string) => stat.get(field) ?? Number.NaN
      round.report(entity, 'processes_running', of('procs_running'))
      round.report(entity, 'processes_blocked', of('procs_blocked'))
      reportCounter(round, counters, entity, 'forks', of('processes'), at)
      reportCounter(round, counters, entity, 'context_switches', of('ctxt'), at)
      reportCounter(round, counters, entity, 'interrupts', of('intr'), at)
      reportCounter(round, counters, entity, 'soft_interrupts', of('softirq'), at)

      round.report(entity, 'uptime', numberOf((readText(procRoot, 'uptime') ?? '').split(' ')[0]))
      const [open, , max] = (readText(procRoot, 'sys/fs/file-nr') ?? '').trim().split(/\s+/)
      round.report(entity, 'host_fd_open', numberOf(open))
      round.report(entity, 'host_fd_max', numberOf(max))
      const entropy = readText(procRoot, 'sys/kernel/random/entropy_avail')?.trim()
      round.report(entity, 'entropy_available', numberOf(entropy))

      for (const resource of ['cpu', 'memory', 'io']) {
        const text = readText(procRoot, `pressure/${resource}`) ?? ''
        const read = monotonic()
        for (const line of text.split('\n')) {
          const [, kind, micros] = /^(some|full) .*total=(\d+)$/.exec(line) ?? []
          // "full" of cpu is defined as 0 for the whole host (Documentation/accounting/psi.rst).
          if (!kind || (resource === 'cpu' && kind === 'full')) continue
          reportCounter(round, counters, entity, `${resource}_pressure_${kind}`, numberOf(micros) / 1e6, read)
        }
      }
    },
  }
}
