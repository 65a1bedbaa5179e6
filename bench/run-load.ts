/** Loads one data set into one system and takes its measures. */
import { type LoadResult, load } from './load/load.js'
import { percentile } from './stats.js'
import type { Running, System } from './systems/system.js'
import { machineCpuSeconds, usageOf } from './systems/usage.js'
import type { DataSet } from './tsbs/data-set.js'

/** The first part of the data is sent before the clock starts: connections, catalogue and code are warm then. */
const WARM_UP_SHARE = 0.1

export interface LoadMeasure {
  system: string
  samples: number
  seconds: number
  samplesPerSecond: number
  /** Of the server and its children, while the samples came in. */
  serverCpuSeconds: number
  samplesPerCpuSecond: number
  /** The same, with what it took to flush and merge all of the data afterwards. */
  settledCpuSeconds: number
  clientCpuSeconds: number
  /** Cores that were busy, on average, with neither server nor client: work of others on this machine. */
  otherCores: number
  peakBytes: number
  bytesPerSample: number
  /** Milliseconds until a batch was acknowledged. */
  medianLatency: number
  p99Latency: number
  postponed: number
}

/** Loads on a fresh folder. Stops the system again; with `keep` its data stays for queries. */
export async function measureLoad(
  system: System,
  dataSet: DataSet,
  connections: number,
  folder: string,
): Promise<LoadMeasure> {
  const running = await system.start(folder)
  try {
    const result = await loadAll(running, dataSet, connections)
    return { system: system.name, ...result }
  } finally {
    await running.stop()
  }
}

async function loadAll(
  running: Running,
  dataSet: DataSet,
  connections: number,
): Promise<Omit<LoadMeasure, 'system'>> {
  const target = running.target(dataSet.protocol)
  const { length } = dataSet.batches
  // Of few requests, half: something must be left to be measured.
  const warm = Math.min(Math.max(connections, Math.ceil(length * WARM_UP_SHARE)), Math.floor(length / 2))
  const send = (from: number, to: number): Promise<LoadResult> => load(dataSet, target, connections, from, to)
  const first = await send(0, warm)
  const before = usageOf(running.pid)
  const machineBefore = machineCpuSeconds()
  const timed = await send(warm, length)
  const machineSeconds = machineCpuSeconds() - machineBefore
  const after = usageOf(running.pid)
  if (first.samples + timed.samples !== dataSet.samples)
    throw new Error(`${first.samples + timed.samples} of ${dataSet.samples} samples were acknowledged`)
  await running.settle()
  const settled = usageOf(running.pid)
  const serverCpuSeconds = after.cpuSeconds - before.cpuSeconds
  return {
    samples: timed.samples,
    seconds: timed.seconds,
    samplesPerSecond: timed.samples / timed.seconds,
    serverCpuSeconds,
    samplesPerCpuSecond: timed.samples / serverCpuSeconds,
    settledCpuSeconds: settled.cpuSeconds - before.cpuSeconds,
    clientCpuSeconds: timed.clientCpuSeconds,
    otherCores: Math.max(0, machineSeconds - serverCpuSeconds - timed.clientCpuSeconds) / timed.seconds,
    peakBytes: after.peakBytes,
    bytesPerSample: (await running.bytesOnDisk()) / dataSet.samples,
    medianLatency: percentile(timed.latencies, 0.5),
    p99Latency: percentile(timed.latencies, 0.99),
    postponed: first.postponed + timed.postponed,
  }
}

/** Loads without measuring, for a run that only queries. */
export async function fill(
  system: System,
  dataSet: DataSet,
  connections: number,
  folder: string,
): Promise<void> {
  const running = await system.start(folder)
  try {
    await load(dataSet, running.target(dataSet.protocol), connections, 0, dataSet.batches.length)
    await running.settle()
  } finally {
    await running.stop()
  }
}
