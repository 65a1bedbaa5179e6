import { readdirSync } from 'node:fs'
import type { Collector } from './collector.js'
import { monotonic, reportCounter } from './collector.js'
import type { Counters } from './counters.js'
import { keyValues, numberOf, readText } from './read.js'

/** The agent itself, under Cloudera Manager's names `agent_…` of the host. Always from the real /proc. */
export function createAgentProcessCollector(counters: Counters): Collector {
  return {
    name: 'agent-process',
    collect(round) {
      const { entity } = round.host
      const { user, system } = process.cpuUsage()
      const at = monotonic()
      reportCounter(round, counters, entity, 'agent_cpu_user', user / 1e6, at)
      reportCounter(round, counters, entity, 'agent_cpu_system', system / 1e6, at)
      const status = keyValues(readText('/proc', 'self/status') ?? '')
      round.report(entity, 'agent_physical_memory_used', (status.get('VmRSS') ?? Number.NaN) * 1024)
      round.report(entity, 'agent_virtual_memory_used', (status.get('VmSize') ?? Number.NaN) * 1024)
      round.report(entity, 'agent_fd_open', openDescriptors())
      const limits = readText('/proc', 'self/limits') ?? ''
      round.report(entity, 'agent_fd_max', numberOf(/^Max open files\s+(\d+)/m.exec(limits)?.[1]))
    },
  }
}

function openDescriptors(): number {
  try {
    // One of them is the descriptor that lists them.
    return readdirSync('/proc/self/fd').length - 1
  } catch {
    return Number.NaN
  }
}
