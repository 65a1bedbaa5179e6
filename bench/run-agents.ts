/**
 * What many agents cost that send a sample of each series a minute, rollups on: processor time and memory of the monitor and
 * its engine. Each host has 20 entities and 1,000 series and sends them at a time of its own in the minute, as agents do.
 */
import { encodeNativeBatch, type NativeBatch } from '../src/wire/native-batch.js'
import { type Client, createClient } from './load/client.js'
import { median, percentile } from './stats.js'
import type { System } from './systems/system.js'
import { usageOf } from './systems/usage.js'

export interface AgentsPlan {
  name: string
  hosts: number
  /** Minutes, of which those of the warm-up (the series are registered) are not measured. */
  minutes: number
  warmUp: number
}

export interface AgentsMeasure {
  name: string
  series: number
  minutes: number
  acknowledged: number
  refused: number
  /** Milliseconds from when a batch was due to its acknowledgement. */
  medianLatency: number
  p99Latency: number
  /** Cores that the monitor and its engine kept busy, on average. */
  serverCores: number
  /** Greatest sum of the resident sizes after the warm-up. */
  peakBytes: number
}

const KINDS = [
  'HOST',
  ...Array(6).fill('DISK'),
  ...Array(4).fill('NETWORK_INTERFACE'),
  ...Array(9).fill('ROLE'),
]
const METRICS = 50
const CONNECTIONS = 8
const MINUTE = 60_000

export async function measureAgents(
  system: System,
  plan: AgentsPlan,
  folder: string,
  say: (text: string) => void,
): Promise<AgentsMeasure> {
  const { hosts, minutes, warmUp } = plan
  const running = await system.start(folder)
  const { origin, path, headers } = running.target('native')
  const clients = Array.from({ length: CONNECTIONS }, () => createClient(origin))
  try {
    const batches = Array.from({ length: hosts }, (_, host) => batchOf(host))
    const latencies: number[] = []
    let acknowledged = 0
    let refused = 0
    let peakBytes = 0
    let warm = warmUp === 0
    const started = performance.now()
    const dueAt = (n: number) => started + (n * MINUTE) / hosts
    const last = minutes * hosts

    async function lane(client: Client, first: number): Promise<void> {
      for (let n = first; n < last; n += CONNECTIONS) {
        const wait = dueAt(n) - performance.now()
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
        const batch = batches[n % hosts]!
        fill(batch, Date.now())
        const { status } = await client.send('POST', path, headers, encodeNativeBatch(batch))
        if (status >= 200 && status < 300) acknowledged += batch.sampleTime.length
        else refused++
        if (warm) latencies.push(performance.now() - dueAt(n))
      }
    }
    let before = usageOf(running.pid)
    let measuredFrom = started
    const watch = setInterval(() => {
      const usage = usageOf(running.pid)
      if (!warm && performance.now() - started >= warmUp * MINUTE) {
        warm = true
        before = usage
        measuredFrom = performance.now()
        say(
          `  ${acknowledged} samples taken in the warm-up, ${(usage.cpuSeconds / 60).toFixed(2)} CPU minutes`,
        )
      }
      if (warm) peakBytes = Math.max(peakBytes, usage.residentBytes)
    }, 1_000)
    try {
      await Promise.all(clients.map(lane))
    } finally {
      clearInterval(watch)
    }
    const cpu = usageOf(running.pid).cpuSeconds - before.cpuSeconds
    return {
      name: plan.name,
      series: hosts * KINDS.length * METRICS,
      minutes: minutes - warmUp,
      acknowledged,
      refused,
      medianLatency: median(latencies),
      p99Latency: percentile(latencies, 0.99),
      serverCores: cpu / ((performance.now() - measuredFrom) / 1000),
      peakBytes,
    }
  } finally {
    for (const client of clients) client.close()
    await running.stop()
  }
}

const categories = [...new Set(KINDS)]
const metrics = categories.flatMap((category) =>
  Array.from({ length: METRICS }, (_, i) => ({
    name: `${category.toLowerCase()}_metric_${i}`,
    isCounter: i % 10 < 3,
  })),
)

/** A host's batch; only times and values change from minute to minute. */
function batchOf(host: number): NativeBatch {
  const count = KINDS.length * METRICS
  const series = Array.from({ length: count }, (_, i) => i)
  const name = `host${host}.example.com`
  return {
    sender: name,
    metrics,
    entities: KINDS.map((category, i) => ({
      category,
      name: i === 0 ? name : `${name}:${category.toLowerCase()}${i}`,
      attributes: { hostname: name, rackId: `/r${host % 40}` },
    })),
    seriesMetric: Uint32Array.from(
      series,
      (i) => categories.indexOf(KINDS[Math.floor(i / METRICS)]!) * METRICS + (i % METRICS),
    ),
    seriesEntity: Uint32Array.from(series, (i) => Math.floor(i / METRICS)),
    sampleSeries: Uint32Array.from(series),
    sampleTime: new Float64Array(count),
    sampleValue: new Float64Array(count),
  }
}

/** Counters, constants, whole numbers and measurements with two decimals: what hosts have. */
function fill({ sampleTime, sampleValue }: NativeBatch, time: number): void {
  for (let i = 0; i < sampleTime.length; i++) {
    sampleTime[i] = time
    const kind = i % 10
    if (kind < 3) sampleValue[i] = sampleValue[i]! + Math.floor(Math.random() * (1 + (i % 100)))
    else if (kind < 6) sampleValue[i] = i
    else if (kind < 8) sampleValue[i] = Math.floor(Math.random() * 50)
    else sampleValue[i] = Math.round(Math.random() * 10_000) / 100
  }
}
