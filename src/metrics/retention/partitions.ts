import type { ClickHouseClient } from '@clickhouse/client'
import type { Rollup } from '../../wire/timeseries.js'
import { ONE_SERVER, type Placement } from '../cluster/placement.js'
import { readBlocks } from '../native/client.js'
import { LEVELS, type PartitionSpan } from '../rollup/levels.js'
import { TABLES } from '../schema/tables.js'

/** What is dropped at once. */
export interface Partition {
  readonly level: Rollup
  /** As the database names it. */
  readonly id: string
  /** Of samples their times, of rollups their stamps, in [from, to); milliseconds. */
  readonly from: number
  readonly to: number
  readonly rows: number
  readonly bytes: number
}

export interface Disk {
  readonly freeBytes: number
  readonly totalBytes: number
}

interface Table {
  readonly level: Rollup
  readonly table: string
  readonly partition: PartitionSpan
}

const RETAINED: readonly Table[] = [
  { level: 'RAW', table: TABLES.samples, partition: 'day' },
  ...LEVELS.map(({ name, table, partition }) => ({ level: name, table, partition })),
]

export const tableOf = (level: Rollup): string => RETAINED.find((each) => each.level === level)!.table

const NAMES = RETAINED.map(({ table }) => `'${table}'`).join(',')
const ours = ({ databaseSql }: Placement) => `active AND database = ${databaseSql} AND table IN (${NAMES})`

/** Every partition of every level, oldest first. */
export async function readRetained(
  client: ClickHouseClient,
  signal?: AbortSignal,
  placement: Placement = ONE_SERVER,
): Promise<Partition[]> {
  const partitions: Partition[] = []
  await readBlocks(
    client,
    `SELECT table, partition, partition_id, toFloat64(sum(n)), toFloat64(sum(bytes)) FROM ${placement.perShard(
      'SELECT table, partition, partition_id, sum(rows) AS n, sum(bytes_on_disk) AS bytes ' +
        `FROM system.parts WHERE ${ours(placement)} GROUP BY ALL`,
    )} GROUP BY table, partition, partition_id`,
    ({ rows, columns }) => {
      const [table, name, id, count, bytes] = columns.map(({ values }) => values)
      for (let i = 0; i < rows; i++) {
        const { level, partition } = RETAINED.find((each) => each.table === table![i])!
        const [from, to] = partitionRange(partition, name![i] as string)
        partitions.push({
          level,
          id: id![i] as string,
          from,
          to,
          rows: count![i] as number,
          bytes: bytes![i] as number,
        })
      }
    },
    signal && { signal },
  )
  return partitions.sort((a, b) => a.to - b.to)
}

/** The disks that hold the metrics, together; of a cluster those of the shard that has the least room, times the shards. */
export async function readDisk(
  client: ClickHouseClient,
  signal?: AbortSignal,
  placement: Placement = ONE_SERVER,
): Promise<Disk> {
  let disk = { freeBytes: 0, totalBytes: 0 }
  await readBlocks(
    client,
    `SELECT toFloat64(argMin(free, share)) * count(), toFloat64(argMin(total, share)) * count() FROM (SELECT *, free / total AS share FROM ${placement.perShard(
      'SELECT sum(unreserved_space) AS free, sum(total_space) AS total FROM system.disks ' +
        `WHERE name IN (SELECT disk_name FROM system.parts WHERE ${ours(placement)})`,
    )} WHERE total > 0)`,
    ({ rows, columns }) => {
      if (rows > 0)
        disk = {
          freeBytes: columns[0]!.values[0] as number,
          totalBytes: columns[1]!.values[0] as number,
        }
    },
    signal && { signal },
  )
  return disk
}

/** The times of a partition, from its value: `20260517`, `202605` or `2026`. */
export function partitionRange(span: PartitionSpan, value: string): [from: number, to: number] {
  const year = Number(value.slice(0, 4))
  const month = Number(value.slice(4, 6) || '1') - 1
  const day = Number(value.slice(6, 8) || '1')
  const to: Record<PartitionSpan, [number, number, number]> = {
    day: [year, month, day + 1],
    week: [year, month, day + 7],
    month: [year, month + 1, 1],
    year: [year + 1, 0, 1],
  }
  return [Date.UTC(year, month, day), Date.UTC(...to[span])]
}
