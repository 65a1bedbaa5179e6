/** A load that goes on at one rate: what it costs, and whether memory stays flat. */
import { loadPaced } from './load/paced.js'
import { startProbe } from './load/probe.js'
import type { SteadyPlan } from './plan.js'
import { median, percentile } from './stats.js'
import type { System } from './systems/system.js'
import { type Usage, usageOf } from './systems/usage.js'
import type { DataSet } from './tsbs/data-set.js'

export interface SteadyMeasure {
  name: string
  system: string
  offeredPerSecond: number
  samples: number
  acknowledged: number
  seconds: number
  postponed: number
  medianLatency: number
  p99Latency: number
  /** Cores that the server and its children kept busy, on average. */
  serverCores: number
  peakBytes: number
  /** Median resident bytes in the second and in the last fifth of the time: the same when memory is flat. */
  earlyBytes: number
  lateBytes: number
  /** Milliseconds until the query that was asked meanwhile was answered, where one was. */
  queries?: { count: number; median: number; p99: number }
}

const SAMPLE_EVERY_MS = 500
const ASK_EVERY_MS = 200

export async function measureSteady(
  system: System,
  plan: SteadyPlan,
  dataSet: DataSet,
  folder: string,
): Promise<SteadyMeasure> {
  const running = await system.start(folder)
  const seen: Usage[] = []
  const timer = setInterval(() => seen.push(usageOf(running.pid)), SAMPLE_EVERY_MS)
  const probe = plan.probe && startProbe(running.origin, plan.probe, ASK_EVERY_MS)
  try {
    const before = usageOf(running.pid)
    const target = running.target(dataSet.protocol)
    const result = await loadPaced(dataSet, target, plan.connections, plan.samplesPerSecond)
    const after = usageOf(running.pid)
    await probe?.stop()
    const resident = (from: number, to: number) =>
      median(
        seen
          .slice(Math.floor(seen.length * from), Math.ceil(seen.length * to))
          .map((usage) => usage.residentBytes),
      )
    return {
      name: plan.name,
      system: system.name,
      offeredPerSecond: plan.samplesPerSecond,
      samples: dataSet.samples,
      acknowledged: result.samples,
      seconds: result.seconds,
      postponed: result.postponed,
      medianLatency: percentile(result.latencies, 0.5),
      p99Latency: percentile(result.latencies, 0.99),
      serverCores: (after.cpuSeconds - before.cpuSeconds) / result.seconds,
      peakBytes: after.peakBytes,
      earlyBytes: resident(0.2, 0.4),
      lateBytes: resident(0.8, 1),
      ...(probe && {
        queries: {
          count: probe.latencies.length,
          median: percentile(probe.latencies, 0.5),
          p99: percentile(probe.latencies, 0.99),
        },
      }),
    }
  } finally {
    clearInterval(timer)
    await probe?.stop().catch(() => undefined)
    await running.stop()
  }
}
