import type { Logger } from 'pino'
import type { CheckFailures } from '../check-failures.js'
import { createAgentFoldersCollector } from './agent-folders.js'
import { createAgentProcessCollector } from './agent-process.js'
import { createClockCollector, type Say } from './clock.js'
import type { Collector, Roots } from './collector.js'
import type { Counters } from './counters.js'
import { createCpuCollector } from './cpu.js'
import { createDiskCollector } from './disk.js'
import { createDnsCollector } from './dns.js'
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
  /** Asks the time daemon. */
  say?: Say
  /** Is told why checks fail. */
  failures?: Pick<CheckFailures, 'set'>
  /** The agent's own folders; without it their space is not told. */
  dataDir?: string
  processDir?: string
  /** Undefined: there is no folder for processes. */
  manager?: object | undefined
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
    createDnsCollector({ failures: options.failures }),
    createClockCollector(options.say ? { say: options.say } : {}),
    ...(options.dataDir === undefined
      ? []
      : [createAgentFoldersCollector(foldersOf(options, options.dataDir))]),
  ]
}

const foldersOf = ({ processDir, manager, statfs }: HostCollectorsOptions, dataDir: string) => ({
  dataDir,
  processDir: manager ? processDir : undefined,
  ...(statfs ? { statfs } : {}),
})
