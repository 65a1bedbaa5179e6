import { existsSync, readdirSync } from 'node:fs'
import type { EntityDefinition } from '../../wire/native-batch.js'
import type { Round } from '../round.js'
import type { Collector, Roots } from './collector.js'
import { createPartEntities, monotonic, reportCounter } from './collector.js'
import type { Counters } from './counters.js'
import { numberOf, readText } from './read.js'

const SECTOR_BYTES = 512
/** The kernel prints the millisecond fields as unsigned 32-bit numbers (block/genhd.c, diskstats_show). */
const MS_WRAPS_AT = 2 ** 32
/** Not disks: loop and memory devices, floppies and CD drives. */
const NOT_DISKS = /^(loop|ram|zram|fd|sr)\d+$/

/** Fields of /proc/diskstats from the fourth on (Documentation/admin-guide/iostats.rst). */
export interface DiskStats {
  device: string
  reads: number
  readsMerged: number
  sectorsRead: number
  readMs: number
  writes: number
  writesMerged: number
  sectorsWritten: number
  writeMs: number
  inProgress: number
  ioMs: number
  weightedMs: number
}

/** Lines of another form and devices that have never been used are left out. */
export function parseDiskStats(text: string): DiskStats[] {
  const disks: DiskStats[] = []
  for (const line of text.split('\n')) {
    const fields = line.trim().split(/\s+/)
    const device = fields[2]
    if (!device || fields.length < 14 || NOT_DISKS.test(device)) continue
    const n = fields.slice(3, 14).map(numberOf)
    if (n.some(Number.isNaN) || (n[0] === 0 && n[4] === 0)) continue
    disks.push({
      device,
      reads: n[0]!,
      readsMerged: n[1]!,
      sectorsRead: n[2]!,
      readMs: n[3]!,
      writes: n[4]!,
      writesMerged: n[5]!,
      sectorsWritten: n[6]!,
      writeMs: n[7]!,
      inProgress: n[8]!,
      ioMs: n[9]!,
      weightedMs: n[10]!,
    })
  }
  return disks
}

/**
 * True for what lies on another device of the list: partitions, LVM and dm-crypt volumes, software RAID. Adding up the disks
 * with `logicalPartition = false` counts each byte once.
 */
function isLogical(sysRoot: string, device: string): boolean {
  const folder = `${sysRoot}/class/block/${device.replaceAll('/', '!')}`
  if (existsSync(`${folder}/partition`)) return true
  try {
    return readdirSync(`${folder}/slaves`).length > 0
  } catch {
    return false
  }
}

export function createDiskCollector({ procRoot, sysRoot }: Roots, counters: Counters): Collector {
  const entityOf = createPartEntities('DISK')
  let logical = new Map<string, boolean>()
  return {
    name: 'disk',
    collect(round) {
      const at = monotonic()
      const disks = parseDiskStats(readText(procRoot, 'diskstats') ?? '')
      const present = new Map<string, boolean>()
      for (const disk of disks) {
        const { device } = disk
        const isPart = logical.get(device) ?? isLogical(sysRoot, device)
        present.set(device, isPart)
        const entity = entityOf(round.host, device, { device, logicalPartition: String(isPart) })
        reportDisk(round, counters, entity, disk, at)
      }
      logical = present
    },
  }
}

function reportDisk(round: Round, counters: Counters, entity: EntityDefinition, disk: DiskStats, at: number) {
  reportCounter(round, counters, entity, 'read_bytes', disk.sectorsRead * SECTOR_BYTES, at)
  reportCounter(round, counters, entity, 'write_bytes', disk.sectorsWritten * SECTOR_BYTES, at)
  reportCounter(round, counters, entity, 'read_ios', disk.reads, at)
  reportCounter(round, counters, entity, 'write_ios', disk.writes, at)
  reportCounter(round, counters, entity, 'merged_read_ios', disk.readsMerged, at)
  reportCounter(round, counters, entity, 'merged_write_ios', disk.writesMerged, at)
  round.report(entity, 'ios_in_progress', disk.inProgress)
  round.report(entity, 'total_read_time', disk.readMs)
  round.report(entity, 'total_write_time', disk.writeMs)
  round.report(entity, 'total_io_time', disk.ioMs)
  round.report(entity, 'total_weighted_io_time', disk.weightedMs)

  const grown = (field: keyof DiskStats, wrapsAt?: number) =>
    counters.growth(`${entity.name} ${field}`, disk[field] as number, at, wrapsAt)
  const reads = grown('reads')
  const writes = grown('writes')
  const sectorsRead = grown('sectorsRead')
  const sectorsWritten = grown('sectorsWritten')
  const readMs = grown('readMs', MS_WRAPS_AT)
  const writeMs = grown('writeMs', MS_WRAPS_AT)
  const ioMs = grown('ioMs', MS_WRAPS_AT)
  const weightedMs = grown('weightedMs', MS_WRAPS_AT)
  // As iostat: 0, not a gap, when there was no request to take the mean of.
  const mean = (sum: number, count: number) => (count > 0 ? sum / count : 0)
  if (reads && readMs) round.report(entity, 'await_read_time', mean(readMs.delta, reads.delta))
  if (writes && writeMs) round.report(entity, 'await_write_time', mean(writeMs.delta, writes.delta))
  if (reads && writes) {
    const requests = reads.delta + writes.delta
    if (readMs && writeMs) round.report(entity, 'await_time', mean(readMs.delta + writeMs.delta, requests))
    if (ioMs) round.report(entity, 'service_time', mean(ioMs.delta, requests))
    if (sectorsRead && sectorsWritten)
      round.report(entity, 'average_request_size', mean(sectorsRead.delta + sectorsWritten.delta, requests))
  }
  // The kernel rounds busy time up to ticks, so that it may pass the time that there was.
  if (ioMs) round.report(entity, 'utilization', Math.min(100, ioMs.delta / ioMs.seconds / 10))
  if (weightedMs) round.report(entity, 'average_queue_length', weightedMs.delta / weightedMs.seconds / 1000)
}
