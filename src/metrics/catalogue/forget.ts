import type { ClickHouseClient } from '@clickhouse/client'
import type { BaseLogger } from 'pino'
import type { Placement } from '../cluster/placement.js'
import { insertBlock, readBlocks } from '../native/client.js'
import { encodeInt64s } from '../native/encode.js'
import { LEVELS } from '../rollup/levels.js'
import { TABLES } from '../schema/tables.js'
import type { CatalogueCore } from './catalogue.js'

/**
 * Series of which no level has data any more leave the catalogue.
 *
 * Monitors do not wait for each other, so it takes two steps. First the series are announced (`series_forgotten`): every monitor
 * takes them out of its lists within seconds, and a sample that comes from then on registers its series anew, with a row of
 * its own. A while later those that still have no data are deleted from the tables, but for rows that are younger than
 * the announcement. Cut off anywhere, the next day's look finds what is left.
 */
export interface Forgetter {
  /** Does what is due: announces, or deletes what was announced long enough ago. How many series were announced or deleted. */
  pass(): Promise<{ announced: number; deleted: number }>
}

export interface ForgetterOptions {
  client: () => ClickHouseClient
  catalogue: CatalogueCore
  /** Of this process, in the rows that it makes. */
  writer: number
  placement: Placement
  database: string
  /** Resolves when what was registered before the call is stored. */
  persist: () => Promise<void>
  logger: BaseLogger
  /** How long after its registration a series is left alone, milliseconds. */
  graceMs: number
  /** From the announcement to the deletion, milliseconds: longer than any monitor takes to learn of it. */
  confirmMs: number
  signal?: AbortSignal
}

/** Series that are looked at one by one in a pass: the others wait for the next. */
const MOST_CANDIDATES = 50_000
const PAIRS_A_QUERY = 4_000
const DAY_MS = 86_400_000
/** In a note: the entity has no series left. Never a metric's id. */
const NO_METRIC = 0
const MINE = 'writer = {writer: UInt64} AND inserted >= fromUnixTimestamp64Milli({time: Int64})'
const SCAN_SETTINGS = { max_threads: 1, optimize_aggregation_in_order: 1 } as const
const PAIRS_SETTINGS = { max_query_size: '4000000', max_threads: 1 } as const

/** Of each coarse level, how much of it may hold series that the next coarser one does not have yet. */
const SCANS: readonly [level: string, days: number][] = [
  ['WEEKLY', 100_000],
  ['DAILY', 15],
  ['SIX_HOURLY', 3],
]

export function createForgetter(options: ForgetterOptions): Forgetter {
  const { client, catalogue, writer, placement, database, persist, logger, graceMs, confirmMs, signal } =
    options
  let announced: { at: number; time: number; series: number[] } | undefined
  const more = signal && { signal }

  async function announce(): Promise<number> {
    const dead = await withoutData(await candidates())
    if (dead.length === 0) return 0
    let time = 0
    await readBlocks(client(), 'SELECT toUnixTimestamp64Milli(now64(3))', ({ columns }) => {
      time = columns[0]!.values[0] as number
    })
    await note(dead.map((index): [number, number] => [metricOf(index), entityOf(index)]))
    catalogue.forget(dead)
    announced = { at: performance.now(), time, series: dead }
    logger.info({ series: dead.length }, 'catalogue: series without any data left are forgotten')
    return dead.length
  }

  async function note(pairs: readonly (readonly [metric: number, entity: number])[]): Promise<void> {
    const column = (name: string, values: number[]) => ({
      name,
      type: 'UInt64',
      parts: [encodeInt64s(values)],
    })
    await insertBlock(
      client(),
      TABLES.seriesForgotten,
      [
        column(
          'metric',
          pairs.map(([metric]) => metric),
        ),
        column(
          'entity',
          pairs.map(([, entity]) => entity),
        ),
        column('writer', new Array<number>(pairs.length).fill(writer)),
      ],
      pairs.length,
    )
  }

  /**
   * Deletes what was noted since `time`: the server looks into a table, as a statement could not name so many. Not with a subquery in
   * the subquery: a mutation that has one never ends (ClickHouse 26.7, embedded).
   */
  async function remove(table: string, key: string, columns: string, time: number): Promise<void> {
    const only = table === TABLES.series ? '' : ` AND metric = ${NO_METRIC}`
    await client().command({
      query:
        `DELETE FROM ${table} WHERE inserted < fromUnixTimestamp64Milli({time: Int64}) AND ${key} IN ` +
        // A mutation runs outside of this connection, where no database is the current one.
        `(SELECT ${columns} FROM ${database}.${TABLES.seriesForgotten} WHERE ${MINE}${only})`,
      query_params: { writer, time },
      ...(signal && { abort_signal: signal }),
    })
  }

  async function confirm({ time, series }: { time: number; series: readonly number[] }): Promise<number> {
    // Samples may have come to a monitor that had not heard of it: their series get new rows before the old ones are deleted.
    const dead = new Set(await withoutData(series))
    for (const index of series) if (!dead.has(index)) catalogue.revive(index)
    await persist()
    await remove(TABLES.series, '(metric, entity)', 'metric, entity', time)
    const bare: number[] = []
    await readBlocks(
      client(),
      `SELECT DISTINCT entity FROM ${TABLES.seriesForgotten} WHERE ${MINE} AND entity NOT IN (SELECT entity FROM ${TABLES.series})`,
      ({ columns }) => bare.push(...(columns[0]!.values as Float64Array)),
      { parameters: { writer, time }, ...more },
    )
    if (bare.length > 0) {
      await note(bare.map((entity): [number, number] => [NO_METRIC, entity]))
      await remove(TABLES.entities, 'id', 'entity', time)
      await remove(TABLES.entityNames, 'entity', 'entity', time)
      await remove(TABLES.entitySeen, 'entity', 'entity', time)
    }
    return dead.size
  }

  const metricOf = (index: number) => catalogue.metrics.at(catalogue.series.metrics[index]!).id
  const entityOf = (index: number) => catalogue.entities.idAt(catalogue.series.entities[index]!)

  /** Series of the catalogue that no coarse level has, and that were not registered lately. */
  async function candidates(): Promise<number[]> {
    const { series } = catalogue
    const alive = new Uint8Array(series.count)
    const mark = (query: string, parameters: Record<string, unknown>) =>
      readBlocks(
        client(),
        query,
        ({ rows, columns }) => {
          const [metrics, entities] = columns.map(({ values }) => values as Float64Array)
          for (let i = 0; i < rows; i++) {
            const metric = catalogue.metrics.byId(metrics![i]!)?.index
            const entity = catalogue.entities.byId(entities![i]!)
            const index =
              metric === undefined || entity === undefined ? undefined : series.find(metric, entity)
            if (index !== undefined && index < alive.length) alive[index] = 1
          }
        },
        { settings: SCAN_SETTINGS, parameters, ...more },
      )
    await mark(
      `SELECT metric, entity FROM ${TABLES.series} WHERE inserted >= now64(3) - toIntervalMillisecond({ms: Int64})`,
      { ms: graceMs },
    )
    for (const [name, days] of SCANS) {
      const { table } = LEVELS.find((level) => level.name === name)!
      await mark(
        `SELECT metric, entity FROM ${table} WHERE ts >= fromUnixTimestamp64Milli({from: Int64}) GROUP BY metric, entity`,
        { from: Math.max(0, Date.now() - days * DAY_MS) },
      )
    }
    const result: number[] = []
    for (let index = 0; index < alive.length && result.length < MOST_CANDIDATES; index++)
      if (alive[index] === 0 && series.removed?.[index] !== 1) result.push(index)
    return result
  }

  /** Those of the series that have no row in any level, nor a sample. */
  async function withoutData(series: readonly number[]): Promise<number[]> {
    let left = [...series]
    for (const table of [...LEVELS.map((level) => level.table).reverse(), TABLES.samples]) {
      const found = new Set<string>()
      for (let at = 0; at < left.length; at += PAIRS_A_QUERY) {
        const pairs = left
          .slice(at, at + PAIRS_A_QUERY)
          .map((index) => `(${metricOf(index)},${entityOf(index)})`)
        await readBlocks(
          client(),
          `SELECT metric, entity FROM ${table} WHERE (metric, entity) IN (${pairs.join(',')}) GROUP BY metric, entity`,
          ({ rows, columns }) => {
            for (let i = 0; i < rows; i++) found.add(`${columns[0]!.values[i]} ${columns[1]!.values[i]}`)
          },
          { settings: PAIRS_SETTINGS, ...more },
        )
      }
      left = left.filter((index) => !found.has(`${metricOf(index)} ${entityOf(index)}`))
    }
    return left
  }

  return {
    async pass() {
      // Distributed tables take no deletions.
      if (placement.cluster !== undefined) return { announced: 0, deleted: 0 }
      if (announced === undefined) return { announced: await announce(), deleted: 0 }
      if (performance.now() - announced.at < confirmMs) return { announced: 0, deleted: 0 }
      const due = announced
      announced = undefined
      return { announced: 0, deleted: await confirm(due) }
    },
  }
}

/** Announcements of other monitors that were heeded, so that none is twice. */
export interface Announcements {
  /** Takes series that others have announced out of the catalogue. `after`: of the server, milliseconds; 0: nothing is known yet. */
  heed(client: ClickHouseClient, after: number): Promise<void>
}

export function createAnnouncements(
  catalogue: CatalogueCore,
  writer: number,
  signal?: AbortSignal,
): Announcements {
  let heeded = new Set<string>()
  return {
    async heed(client, after) {
      // What is loaded at a start is what the tables hold.
      if (after === 0) return
      const seen = new Set<string>()
      const dead: number[] = []
      await readBlocks(
        client,
        `SELECT metric, entity, writer, toUnixTimestamp64Milli(inserted) FROM ${TABLES.seriesForgotten} ` +
          'WHERE inserted >= fromUnixTimestamp64Milli({after: Int64}) AND writer != {writer: UInt64}',
        ({ rows, columns }) => {
          const [metrics, entities, writers, times] = columns.map(({ values }) => values as Float64Array)
          for (let i = 0; i < rows; i++) {
            const key = `${writers![i]} ${times![i]}`
            seen.add(key)
            if (heeded.has(key)) continue
            const metric = catalogue.metrics.byId(metrics![i]!)?.index
            const entity = catalogue.entities.byId(entities![i]!)
            if (metric === undefined || entity === undefined) continue
            const index = catalogue.series.find(metric, entity)
            if (index !== undefined) dead.push(index)
          }
        },
        { parameters: { after, writer }, ...(signal && { signal }) },
      )
      heeded = seen
      catalogue.forget(dead)
    },
  }
}
