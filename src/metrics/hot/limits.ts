import { totalmem } from 'node:os'

/** Length of a chunk: it divides a day, so a chunk lies in one partition of the table. */
export const CHUNK_MS = 2 * 3_600_000

export interface HotLimits {
  /** Memory for samples; 0: no cache. */
  readonly bytes: number
  /** How often a chunk is asked for, within `admitMs`, before it is read into memory. */
  readonly touches: number
  readonly admitMs: number
  /** The part of the memory that is filled after the start, in idle time, with what is newest; 0: none. */
  readonly preloadPart: number
  /** True: a query waits for what it needs to be read into memory. Else it is read beside it, for later ones. */
  readonly wait: boolean
  /** What was used this short ago is not given up for something new, milliseconds: the cache is too small for both. */
  readonly keepMs: number
  /** Most chunks of all metrics that one query may touch. */
  readonly chunksPerRead: number
}

/** The cache's size where none is named: an eighth of the machine's memory, at most 256 MiB. */
export const defaultHotBytes = () => Math.min(256 * 1024 * 1024, Math.floor(totalmem() / 8))

export const DEFAULT_HOT_LIMITS: HotLimits = {
  bytes: 0,
  touches: 2,
  admitMs: 600_000,
  preloadPart: 0.5,
  wait: false,
  keepMs: 15_000,
  chunksPerRead: 1_000,
}
