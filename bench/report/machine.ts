import { cpus, loadavg, release, totalmem } from 'node:os'

export interface Machine {
  cpu: string
  cores: number
  memoryBytes: number
  kernel: string
  node: string
  /** Mean number of runnable processes in the minute before the run. */
  loadAverage: number
}

/** Above this share of the cores, the load average at the start is worth a warning. */
const BUSY_SHARE = 0.25

export function describeMachine(): Machine {
  const all = cpus()
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
    loadAverage: loadavg()[0] ?? 0,
  }
}

export const isBusy = ({ loadAverage, cores }: Machine): boolean => loadAverage > cores * BUSY_SHARE
