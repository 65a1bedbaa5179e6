import type { Rollup } from './timeseries.js'

/** `GET` and `PUT /api/vN/timeseries/retention`: how long and how much of each level is kept, and how it is. */

export interface LevelRetention {
  /** How long samples (or buckets) are kept, seconds; null: for ever. */
  keepSeconds: number | null
  /** How many bytes on the disk the level may take; null: as many as there are. */
  maxBytes: number | null
}

export interface LevelState extends LevelRetention {
  level: Rollup
  rows: number
  /** On the disk. */
  bytes: number
  /** What can be dropped at once. */
  partitions: number
  /** ISO 8601; null: there is nothing. Of samples the start of the oldest day, else the oldest and newest stamps. */
  oldest: string | null
  newest: string | null
  /** Before this time the level has been dropped; null: never. */
  droppedBefore: string | null
  /** Of rollups: age of the oldest closed bucket that is not folded, 0 when none waits; null for samples. */
  lagSeconds: number | null
  /** When a bucket was folded last, which, and how long that took; null: none yet. */
  lastFold: { time: string; stamp: string; seconds: number } | null
}

export interface RetentionAnswer {
  levels: LevelState[]
  minFreeShare: number
  disk: { freeBytes: number; totalBytes: number }
  /** The time by which old data is dropped: behind the time of day after a jump of the clock or a long pause. */
  retentionTime: string | null
  /** Whether this monitor is the one that folds and drops. */
  leader: boolean
  /** What this monitor has dropped lately, newest first. */
  dropped: readonly Dropped[]
}

export interface Dropped {
  level: Rollup
  /** Too old, over the level's bytes, or for want of disk. */
  reason: 'time' | 'size' | 'disk'
  from: string
  to: string
  bytes: number
}
