import type { Target } from '../load/load.js'
import type { Protocol } from '../tsbs/data-set.js'

/** One of the systems that are compared. */
export interface System {
  name: string
  /** Absent when it can be run here; else what is missing and how to get it. */
  missing?: string
  version: string
  protocols: Protocol[]
  /** Starts it on a folder of its own, loopback only, on free ports; resolves when it takes requests. */
  start(folder: string): Promise<Running>
}

export interface Running {
  pid: number
  /** Where queries go. */
  origin: string
  target(protocol: Protocol): Target
  /** Brings everything to disk and merges it as far as the system offers; resolves when that is done. */
  settle(): Promise<void>
  /** Bytes that the samples and their index occupy. */
  bytesOnDisk(): Promise<number>
  /** Of them, rollups: aggregates kept beside the samples. Absent where there are none. */
  rollupBytes?(): Promise<number>
  /** Ends it by its process id; the folder stays. */
  stop(): Promise<void>
}
