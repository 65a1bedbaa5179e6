import { Counter, Registry } from 'prom-client'
import { declareMetrics } from '../../wire/declare-metrics.js'
import type { SpoolStats } from '../spool/spool.js'

/** What the agent counts of itself: on its status page, and sent with its rounds. */
export function createAgentMetrics(spoolStats: () => SpoolStats) {
  const registry = new Registry()
  const registers = [registry]
  const { counter, gauge, reading } = declareMetrics(registry)
  // prom-client's default metrics keep a 10 ms timer for the event loop's lag: more than all the rest of the agent costs.
  reading('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss())
  reading('nodejs_heap_size_used_bytes', 'Heap in use.', () => process.memoryUsage().heapUsed)
  reading('process_uptime_seconds', 'Time since the start.', () => process.uptime())
  reading('bellwether_agent_spool_records', 'Batches that wait.', () => spoolStats().records)
  reading('bellwether_agent_spool_bytes', 'Size of the spool on disk.', () => spoolStats().bytes)
  reading(
    'bellwether_agent_spool_memory_bytes',
    'Batches in memory, for want of a disk.',
    () => spoolStats().memoryBytes,
  )
  reading('bellwether_agent_spool_disk_failing', '1 while the spool cannot be written.', () =>
    spoolStats().diskError ? 1 : 0,
  )
  const lost = new Counter({
    name: 'bellwether_agent_batches_lost_total',
    help: 'Batches that were lost: the spool was full, they were too old, or the monitor refused them for good.',
    labelNames: ['reason'],
    registers,
    collect() {
      const { dropped, expired, rejected } = spoolStats()
      this.reset()
      this.inc({ reason: 'full' }, dropped)
      this.inc({ reason: 'age' }, expired)
      this.inc({ reason: 'refused' }, rejected)
    },
  })
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'CPU time, user and system.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1e6)
    },
  })
  return {
    registry,
    lost,
    rounds: counter('bellwether_agent_rounds_total', 'Rounds of collection.'),
    roundsSkipped: counter(
      'bellwether_agent_rounds_skipped_total',
      'Rounds left out because one took too long.',
    ),
    collectorFailures: counter('bellwether_agent_collector_failures_total', 'Failures.', 'collector'),
    samples: counter('bellwether_agent_samples_total', 'Samples collected.'),
    samplesRefused: counter(
      'bellwether_agent_samples_refused_total',
      'Samples that the monitor left out of batches it took.',
    ),
    attempts: counter('bellwether_agent_send_attempts_total', 'Attempts to send a batch.', 'outcome'),
    sentBytes: counter('bellwether_agent_sent_bytes_total', 'Bytes of batches that were stored.'),
    sendSeconds: counter('bellwether_agent_send_seconds_total', 'Time of all attempts to send.'),
    roundSeconds: gauge('bellwether_agent_round_seconds', 'Duration of the last round.'),
  }
}
