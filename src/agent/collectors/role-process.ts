import { readdirSync } from 'node:fs'
import type { EntityDefinition } from '../../wire/native-batch.js'
import type { Round } from '../round.js'
import type { Collector, Roots } from './collector.js'
import { monotonic, reportCounter } from './collector.js'
import type { Counters } from './counters.js'
import type { ProcessFigures } from './process-tree.js'
import { descendantsOf, processFigures } from './process-tree.js'
import { keyValues, numberOf, readText } from './read.js'

export interface RoleProcess {
  entity: EntityDefinition
  /** Missing while it does not run. */
  running?: { pid: number; start: string; startedAt: number }
  unexpectedExits: number
  restarts: number
}

/** Per-process metrics of the roles on this host, under Cloudera Manager's names. */
export function createRoleProcessCollector(
  { procRoot }: Roots,
  counters: Counters,
  roles: () => RoleProcess[],
): Collector {
  const exitsBefore = new Map<string, number>()
  return {
    name: 'role-process',
    collect(round) {
      const all = roles()
      const pids = new Set(all.flatMap(({ running }) => (running ? [running.pid] : [])))
      const descendants = pids.size > 0 ? descendantsOf(procRoot, pids) : new Map<number, ProcessFigures[]>()
      const seen = new Set<string>()
      for (const role of all) {
        const { entity, running, unexpectedExits } = role
        const at = monotonic()
        seen.add(entity.name)
        reportCounter(round, counters, entity, 'unexpected_exits', unexpectedExits, at)
        // A new process counts from 0 again.
        const before = Math.min(exitsBefore.get(entity.name) ?? unexpectedExits, unexpectedExits)
        round.report(entity, 'unexpected_exits', unexpectedExits - before)
        exitsBefore.set(entity.name, unexpectedExits)
        const figures = running && processFigures(procRoot, running.pid)
        const runs = figures?.start === running?.start && figures !== undefined
        round.report(entity, 'process_running', runs ? 1 : 0)
        if (!runs || !running) continue
        round.report(entity, 'uptime', Math.max(0, (Date.now() - running.startedAt) / 1000))
        reportProcess(round, entity, figures, at)
        reportTree(round, entity, figures, descendants.get(figures.pid) ?? [], at)
      }
      for (const name of exitsBefore.keys()) if (!seen.has(name)) exitsBefore.delete(name)
    },
  }

  function reportProcess(round: Round, entity: EntityDefinition, figures: ProcessFigures, at: number) {
    const { pid } = figures
    reportCounter(round, counters, entity, 'cpu_user', figures.user, at)
    reportCounter(round, counters, entity, 'cpu_system', figures.system, at)
    reportCounter(round, counters, entity, 'page_faults', figures.minorFaults + figures.majorFaults, at)
    reportCounter(round, counters, entity, 'major_page_faults', figures.majorFaults, at)
    round.report(entity, 'process_threads', figures.threads)
    const { rss, virtual, swap } = memory(figures)
    round.report(entity, 'mem_rss', rss)
    round.report(entity, 'mem_virtual', virtual)
    round.report(entity, 'mem_swap', swap)
    round.report(entity, 'fd_open', openDescriptors(pid))
    const limits = readText(procRoot, `${pid}/limits`) ?? ''
    round.report(entity, 'fd_max', numberOf(/^Max open files\s+(\d+)/m.exec(limits)?.[1]))
    const io = ioOf(pid)
    reportCounter(round, counters, entity, 'read_bytes', io.read, at)
    reportCounter(round, counters, entity, 'write_bytes', io.written, at)
  }

  /** Of those that have ended, the times live on in their parent's; their other counters are lost. */
  function reportTree(
    round: Round,
    entity: EntityDefinition,
    figures: ProcessFigures,
    below: ProcessFigures[],
    at: number,
  ) {
    const tree = [figures, ...below]
    const sum = (value: (one: ProcessFigures) => number) => tree.reduce((total, one) => total + value(one), 0)
    reportCounter(
      round,
      counters,
      entity,
      'cpu_user_with_descendants',
      sum((one) => one.user + one.childUser),
      at,
    )
    reportCounter(
      round,
      counters,
      entity,
      'cpu_system_with_descendants',
      sum((one) => one.system + one.childSystem),
      at,
    )
    const memories = tree.map(memory)
    const total = (key: 'rss' | 'virtual' | 'swap') => memories.reduce((all, one) => all + (one[key] || 0), 0)
    round.report(entity, 'mem_rss_with_descendants', total('rss'))
    round.report(entity, 'mem_virtual_with_descendants', total('virtual'))
    round.report(entity, 'mem_swap_with_descendants', total('swap'))
    round.report(entity, 'descendants', below.length)
  }

  function memory({ pid, rss, virtual }: ProcessFigures) {
    const status = keyValues(readText(procRoot, `${pid}/status`) ?? '')
    const bytes = (key: string, otherwise: number) => (status.get(key) ?? otherwise / 1024) * 1024
    return { rss: bytes('VmRSS', rss), virtual: bytes('VmSize', virtual), swap: bytes('VmSwap', Number.NaN) }
  }

  function ioOf(pid: number): { read: number; written: number } {
    const io = keyValues(readText(procRoot, `${pid}/io`) ?? '')
    const value = (key: string) => io.get(key) ?? Number.NaN
    return { read: value('read_bytes'), written: value('write_bytes') }
  }

  function openDescriptors(pid: number): number {
    try {
      return readdirSync(`${procRoot}/${pid}/fd`).length
    } catch {
      return Number.NaN
    }
  }
}
