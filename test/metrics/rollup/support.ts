import type { Registry } from 'prom-client'
import {
  LEVELS,
  type Level,
  ROLLUP_COLUMNS,
  type Rollups,
  type RollupTuning,
  readBlocks,
  type Store,
  startRollups,
} from '../../../src/metrics/index.js'
import { columns, silent } from '../support.js'
import { type Bucket, difference, naiveRollup } from './naive.js'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
/** A Sunday, 12:00 UTC. */
export const NOON = Date.UTC(2026, 4, 17, 12)

/** What was written, so that a test can say what the rollups have to be. */
export interface Written {
  /** By series. */
  readonly samples: Map<number, Map<number, number>>
  write(...rows: [series: number, time: number, value: number][]): Promise<void>
}

export function writer(store: Store): Written {
  const samples = new Map<number, Map<number, number>>()
  return {
    samples,
    async write(...rows) {
      for (const [series, time, value] of rows) {
        const mine = samples.get(series) ?? new Map<number, number>()
        mine.set(time, value)
        samples.set(series, mine)
      }
      await store.writer.write(columns(...rows))
    },
  }
}

/** Rollups that work when they are told to, on a clock of the test's own. */
export function manual(
  store: Store,
  clock: { now: number },
  tuning: Partial<RollupTuning> = {},
  registry?: Registry,
): Rollups {
  return startRollups({
    store,
    logger: silent,
    now: () => clock.now,
    tuning: { everyMs: 0, refoldShare: 1, ...tuning },
    ...(registry && { registry }),
  })
}

/** Every bucket of a level, by metric and entity. */
export async function readLevel(store: Store, level: Level): Promise<Map<string, Bucket[]>> {
  const result = new Map<string, Bucket[]>()
  await readBlocks(
    store.client,
    `SELECT ${ROLLUP_COLUMNS} FROM ${level.table} FINAL ORDER BY metric, entity, ts`,
    ({ rows, columns }) => {
      const at = (column: number, row: number) => columns[column]!.values[row] as number
      for (let i = 0; i < rows; i++) {
        const key = `${at(0, i)}/${at(1, i)}`
        const bucket = {
          stamp: at(2, i),
          count: at(3, i),
          min: at(4, i),
          minTime: at(5, i),
          max: at(6, i),
          maxTime: at(7, i),
          mean: at(8, i),
          squares: at(9, i),
          sampleTime: at(10, i),
          sampleValue: at(11, i),
          first: at(12, i),
          drops: at(13, i),
        }
        result.set(key, [...(result.get(key) ?? []), bucket])
      }
    },
  )
  return result
}

/** What of the levels is not as plain loops over the samples have it; only buckets that end before `closedBefore`. */
export async function differences(
  store: Store,
  written: Written,
  closedBefore = Number.POSITIVE_INFINITY,
  levels: readonly Level[] = LEVELS,
): Promise<string[]> {
  const found: string[] = []
  for (const level of levels) {
    const stored = await readLevel(store, level)
    for (const [series, samples] of written.samples) {
      const { metric, entity, isCounter } = seriesIds(store, series)
      const key = `${metric}/${entity}`
      const expected = naiveRollup(level, samples).filter((bucket) => bucket.stamp <= closedBefore)
      if (!isCounter) for (const bucket of expected) bucket.drops = 0
      const actual = (stored.get(key) ?? []).map((bucket, i) =>
        isCounter ? bucket : { ...bucket, first: expected[i]?.first ?? Number.NaN },
      )
      stored.delete(key)
      const text = difference(actual, expected)
      if (text !== '') found.push(`${level.name}, series ${series}: ${text}`)
    }
    for (const key of stored.keys()) found.push(`${level.name}: ${key} was never written`)
  }
  return found
}

interface Ids {
  metric: number
  entity: number
  isCounter: boolean
}

/** The ids of a series, which are the store's own business: found by what the catalogue tells. */
function seriesIds({ catalogue }: Store, series: number): Ids {
  const { series: list } = catalogue as unknown as {
    series: { metrics: Uint32Array; entities: Uint32Array }
  }
  const metric = catalogue.metricAt(list.metrics[series]!)
  return {
    metric: metric.id,
    entity: catalogue.entityAt(list.entities[series]!).id,
    isCounter: metric.isCounter,
  }
}
