import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'

const GIB = 1024 ** 3
const MIN_LIMIT = 512 * 1024 ** 2

/**
 * The engine's memory limit where none is given: 40 % of what this process may use (machine or control group), at most
 * 4 GiB, at least 512 MiB, because the engine alone takes 250 MB.
 */
export function defaultMemoryLimit(total = totalmem(), constrained = process.constrainedMemory()): number {
  // Without a limit Node says 0, or the kernel's "no limit" number near 2^63.
  const usable = constrained > 0 && constrained < total ? constrained : total
  return Math.max(MIN_LIMIT, Math.min(4 * GIB, Math.floor(usable * 0.4)))
}

/** Resident memory of a process in bytes, or undefined where /proc does not say. */
export function residentMemory(pid: number): number | undefined {
  try {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
    return kib === undefined ? undefined : Number(kib) * 1024
  } catch {
    return undefined
  }
}
