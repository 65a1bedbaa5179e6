/**
 * What agents' heartbeats cost the manager: processor time, memory, time to an answer. The simulator is a program of its own
 * (test/manager/scale.mjs), as the manager that it starts is.
 */
import { fileURLToPath } from 'node:url'
import { runToEnd } from './systems/program.js'

export interface ManagerPlan {
  name: string
  hosts: number
  /** Measured, after all agents have joined and beaten once. */
  seconds: number
}

export interface ManagerMeasure {
  name: string
  seconds: number
  beats: number
  /** Milliseconds from a beat to its answer. */
  medianLatency: number
  p99Latency: number
  /** Cores that the manager kept busy, on average, and its PostgreSQL. */
  managerCores: number
  databaseCores: number
  /** Resident size of the manager at the end. */
  residentBytes: number
  failures: number
}

const SIMULATOR = fileURLToPath(new URL('../test/manager/scale.mjs', import.meta.url))

/** Rejects where the simulator gives no figures, with what it said. */
export async function measureManager({ name, hosts, seconds }: ManagerPlan): Promise<ManagerMeasure> {
  const said = await runToEnd(process.execPath, [SIMULATOR, '--hosts', `${hosts}`, '--seconds', `${seconds}`])
  const line = said.split('\n').findLast((each) => each.startsWith('{"hosts"'))
  if (line === undefined) throw new Error(`${SIMULATOR} gave no figures:\n${said.slice(-2000)}`)
  const found = JSON.parse(line)
  return {
    name,
    seconds: found.seconds,
    beats: found.beats,
    medianLatency: found.latencyMs.p50,
    p99Latency: found.latencyMs.p99,
    managerCores: found.cpuPercentOfOneCore / 100,
    databaseCores: found.postgresCpuSeconds / found.seconds,
    residentBytes: found.rssMB * 1e6,
    failures: Object.values<number>(found.failures).reduce((sum, n) => sum + n, 0),
  }
}
