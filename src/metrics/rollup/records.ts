import type { ClickHouseClient } from '@clickhouse/client'
import { ONE_SERVER, type Placement } from '../cluster/placement.js'
import { readBlocks } from '../native/client.js'
import { TABLES, TOUCHED_METRIC } from '../schema/tables.js'
import { type FoldTask, integer } from './fold-sql.js'
import { FINEST_MS, LEVELS } from './levels.js'

const time = (ms: number) => `fromUnixTimestamp64Milli(${integer(ms)}, 'UTC')`

/** By name of each day's partition of `samples`, the number of the newest insert into it: it grows with every insert. */
export async function readPartitions(
  client: ClickHouseClient,
  signal?: AbortSignal,
  placement: Placement = ONE_SERVER,
): Promise<Map<string, number>> {
  const partitions = new Map<string, number>()
  await readBlocks(
    client,
    `SELECT partition, toFloat64(sum(newest)) FROM ${placement.perShard(
      'SELECT partition, max(max_block_number) AS newest FROM system.parts ' +
        `WHERE active AND database = ${placement.databaseSql} AND table = '${TABLES.samples}' GROUP BY partition`,
    )} GROUP BY partition`,
    ({ rows, columns }) => {
      for (let i = 0; i < rows; i++)
        partitions.set(columns[0]!.values[i] as string, columns[1]!.values[i] as number)
    },
    signal && { signal },
  )
  return partitions
}

/** By stamp of the finest buckets in (from, to], how many inserts touched each. */
export async function readTouched(
  client: ClickHouseClient,
  from: number,
  to: number,
  signal?: AbortSignal,
): Promise<Map<number, number>> {
  const touched = new Map<number, number>()
  await readBlocks(
    client,
    `SELECT toUnixTimestamp64Milli(ts), uniqExact(entity) FROM ${TABLES.samples} ` +
      `WHERE metric = ${TOUCHED_METRIC} AND ts >= ${time(from)} AND ts < ${time(to)} GROUP BY ts`,
    ({ rows, columns }) => {
      for (let i = 0; i < rows; i++)
        touched.set((columns[0]!.values[i] as number) + FINEST_MS, columns[1]!.values[i] as number)
    },
    { settings: { max_threads: 1 }, ...(signal && { signal }) },
  )
  return touched
}

/** Per level, by stamp of its buckets in (from, to], from what each was folded. */
export async function readFolded(
  client: ClickHouseClient,
  from: number,
  to: number,
  signal?: AbortSignal,
): Promise<Map<number, number>[]> {
  const folded = LEVELS.map(() => new Map<number, number>())
  await readBlocks(
    client,
    `SELECT level, toUnixTimestamp64Milli(stamp), max(version) FROM ${TABLES.rollupFolds} ` +
      `WHERE stamp > ${time(from)} AND stamp <= ${time(to)} GROUP BY level, stamp`,
    ({ rows, columns }) => {
      for (let i = 0; i < rows; i++)
        folded[LEVELS.findIndex(({ id }) => id === columns[0]!.values[i])]?.set(
          columns[1]!.values[i] as number,
          columns[2]!.values[i] as number,
        )
    },
    { settings: { max_threads: 1 }, ...(signal && { signal }) },
  )
  return folded
}

/** Written after the rows are stored: that the record is there means that the rows are. */
export async function writeFolded(
  client: ClickHouseClient,
  { level, stamps, versions }: FoldTask,
  { series, seconds }: { series: number; seconds: number },
): Promise<void> {
  await client.insert({
    table: TABLES.rollupFolds,
    columns: ['level', 'stamp', 'version', 'series', 'seconds'],
    format: 'JSONEachRow',
    values: stamps.map((stamp, i) => ({
      level: level.id,
      stamp: (stamp / 1000).toFixed(3),
      version: versions[i],
      series: Math.round(series / versions.length),
      seconds: seconds / versions.length,
    })),
  })
}
