import type { Rollup } from '../../wire/timeseries.js'
import type { Disk, Partition } from './partitions.js'
import { DEFAULT_RETENTION, type RetentionSettings, ROLLUPS } from './settings.js'

export type DropReason = 'time' | 'size' | 'disk'

export interface Drop {
  readonly partition: Partition
  readonly reason: DropReason
}

export interface RetentionState {
  /** Oldest first. */
  readonly partitions: readonly Partition[]
  readonly settings: RetentionSettings
  readonly disk: Disk
  /** See `retentionTime`, milliseconds. */
  readonly time: number
}

/**
 * For want of disk nothing is dropped that is younger than this part of what its level is kept for: else a program that
 * fills the disk would take all history, bit by bit. Beyond that senders are told to wait.
 */
export const PROTECTED_SHARE = 0.1

/** What is to be dropped now, oldest first. A partition that takes today's samples never is. */
export function planDrops({ partitions, settings, disk, time }: RetentionState): Drop[] {
  const drops = new Map<Partition, DropReason>()
  const of = (level: Rollup) => partitions.filter((each) => each.level === level && each.to <= time)
  for (const level of ROLLUPS) {
    const { keepSeconds, maxBytes } = settings.levels[level]
    let bytes = partitions.reduce((sum, each) => sum + (each.level === level ? each.bytes : 0), 0)
    for (const partition of of(level)) {
      const old = keepSeconds !== null && partition.to + keepSeconds * 1000 <= time
      const over = maxBytes !== null && bytes > maxBytes
      if (!old && !over) continue
      drops.set(partition, old ? 'time' : 'size')
      bytes -= partition.bytes
    }
  }
  let missing = settings.minFreeShare * disk.totalBytes - disk.freeBytes
  for (const partition of drops.keys()) missing -= partition.bytes
  for (const level of ROLLUPS) {
    const keep = settings.levels[level].keepSeconds ?? DEFAULT_RETENTION.levels[level].keepSeconds ?? 0
    for (const partition of of(level)) {
      if (missing <= 0) break
      if (drops.has(partition) || partition.to + PROTECTED_SHARE * keep * 1000 > time) continue
      drops.set(partition, 'disk')
      missing -= partition.bytes
    }
  }
  return [...drops].map(([partition, reason]) => ({ partition, reason }))
}
