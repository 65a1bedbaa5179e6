import type { Logger } from 'pino'
import { createAgentProcessCollector } from './agent-process.js'
import type { Collector, Roots } from './collector.js'
import type { Counters } from './counters.js'
import { createCpuCollector } from './cpu.js'
import { createDiskCollector } from './disk.js'
import { createFileSystemCollector } from './filesystem.js'
import { createKernelCollector } from './kernel.js'
import { createMemoryCollector } from './memory.js'
import { createNetworkInterfaceCollector } from './network-interface.js'
import type { StatFs } from './statfs.js'
import { createTcpCollector } from './tcp.js'

export type { Collector } from './collector.js'
export { createCounters } from './counters.js'

export interface HostCollectorsOptions extends Roots {
  logger: Logger
  statfs?: StatFs
}

/** Everything that is known of a host from its kernel. */
export function createHostCollectors(options: HostCollectorsOptions, counters: Counters): Collector[] {
  return [
    createCpuCollector(options, counters),
    createMemoryCollector(options, counters),
    createKernelCollector(options, counters),
    createTcpCollector(options, counters),
    createDiskCollector(options, counters),
    createNetworkInterfaceCollector(options, counters),
    createAgentProcessCollector(counters),
    createFileSystemCollector(options),
  ]
}
