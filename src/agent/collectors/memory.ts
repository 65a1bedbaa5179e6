import type { Collector, Roots } from './collector.js'
import { monotonic, reportCounter } from './collector.js'
import type { Counters } from './counters.js'
import { keyValues, numberOf, readText } from './read.js'

/** Fields of /proc/meminfo, in KiB there (proc_meminfo(5)). */
const FIELDS: Record<string, string> = {
  MemTotal: 'physical_memory_total',
  MemFree: 'physical_memory_memfree',
  MemAvailable: 'physical_memory_available',
  Buffers: 'physical_memory_buffers',
  Cached: 'physical_memory_cached',
  Active: 'physical_memory_active',
  Inactive: 'physical_memory_inactive',
  Dirty: 'physical_memory_dirty',
  Writeback: 'physical_memory_writeback',
  Mapped: 'physical_memory_mapped',
  AnonPages: 'physical_memory_anon_pages',
  Shmem: 'physical_memory_shared',
  Slab: 'physical_memory_slab',
  SReclaimable: 'physical_memory_slab_reclaimable',
  KernelStack: 'physical_memory_kernel_stack',
  PageTables: 'physical_memory_page_tables',
  Committed_AS: 'physical_memory_committed',
  CommitLimit: 'physical_memory_commit_limit',
  Mlocked: 'physical_memory_locked',
  AnonHugePages: 'physical_memory_anon_huge_pages',
  SwapTotal: 'swap_total',
  SwapFree: 'swap_free',
  SwapCached: 'swap_cached',
}

/** Counters of /proc/vmstat: their name here and what one of them is worth. */
const VM_COUNTERS: [field: string, stem: string, factor: number][] = [
  ['pswpin', 'swap_in', 1],
  ['pswpout', 'swap_out', 1],
  ['pgpgin', 'page_in', 1024],
  ['pgpgout', 'page_out', 1024],
  ['pgfault', 'page_faults', 1],
  ['pgmajfault', 'major_page_faults', 1],
  ['oom_kill', 'oom_kills', 1],
]

export function createMemoryCollector({ procRoot }: Roots, counters: Counters): Collector {
  return {
    name: 'memory',
    collect(round) {
      const { entity } = round.host
      const memory = keyValues(readText(procRoot, 'meminfo') ?? '')
      const kib = (field: string) => (memory.get(field) ?? Number.NaN) * 1024
      for (const [field, metric] of Object.entries(FIELDS)) round.report(entity, metric, kib(field))
      const used = kib('MemTotal') - kib('MemFree') - kib('Buffers') - kib('Cached')
      round.report(entity, 'physical_memory_used', Math.max(0, used))
      round.report(entity, 'swap_used', Math.max(0, kib('SwapTotal') - kib('SwapFree')))
      const pages = (field: string) => (memory.get(field) ?? Number.NaN) * kib('Hugepagesize')
      round.report(entity, 'physical_memory_huge_pages_total', pages('HugePages_Total'))
      round.report(entity, 'physical_memory_huge_pages_free', pages('HugePages_Free'))
      const ratio = numberOf(readText(procRoot, 'sys/vm/dirty_ratio')?.trim())
      round.report(entity, 'physical_memory_dirty_ratio', ratio)

      const at = monotonic()
      const vm = keyValues(readText(procRoot, 'vmstat') ?? '')
      for (const [field, stem, factor] of VM_COUNTERS)
        reportCounter(round, counters, entity, stem, (vm.get(field) ?? Number.NaN) * factor, at)
    },
  }
}
