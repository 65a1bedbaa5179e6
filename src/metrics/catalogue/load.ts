import type { ClickHouseClient } from '@clickhouse/client'
import type { BaseLogger } from 'pino'
import { readBlocks } from '../native/client.js'
import type { Block, Column } from '../native/decode.js'
import { TABLES } from '../schema/tables.js'
import { CatalogueCollisionError, type CatalogueCore } from './catalogue.js'

export interface LoadOptions {
  /** Rows inserted before this time (of the server, milliseconds) are known already. 0: everything is read. */
  after: number
  /** Rows of this writer are known already. */
  writer: number
  logger: BaseLogger
  signal?: AbortSignal
}

const MS = (column: string) => `toUnixTimestamp64Milli(${column}) AS ${column}_ms`

/**
 * Reads what is stored into the catalogue, and returns the server's time at which it began: the `after` of the next call,
 * less a margin for inserts that were under way.
 */
export async function load(
  client: ClickHouseClient,
  catalogue: CatalogueCore,
  { after, writer, logger, signal }: LoadOptions,
): Promise<number> {
  const read = (table: string, columns: string, final: '' | ' FINAL', onBlock: (block: Block) => void) =>
    readBlocks(
      client,
      // All of it: the newest version of each. Only what is new: in the order in which it came.
      `SELECT ${columns} FROM ${table}${
        after === 0
          ? final
          : ' WHERE inserted >= fromUnixTimestamp64Milli({after: Int64}) AND writer != {writer: UInt64} ORDER BY inserted'
      }`,
      onBlock,
      { parameters: { after, writer }, ...(signal && { signal }) },
    )

  /** A row that another monitor stored may collide with one of ours: then it is left out, and the rest goes on. */
  const rows = (block: Block, row: (i: number) => void) => {
    for (let i = 0; i < block.rows; i++) {
      try {
        row(i)
      } catch (error) {
        if (!(error instanceof CatalogueCollisionError)) throw error
        logger.error({ err: error }, 'catalogue: a stored row was left out')
      }
    }
  }

  let started = 0
  await readBlocks(client, 'SELECT toUnixTimestamp64Milli(now64(3))', ({ columns }) => {
    started = columns[0]!.values[0] as number
  })
  await read(
    TABLES.metrics,
    'name, display_name, description, is_counter, unit_numerators, unit_denominators, aliases, weighting_metric',
    ' FINAL',
    (block) => {
      const [name, displayName, description] = texts(block)
      const [, , , isCounter, numerators, denominators, aliases] = block.columns
      const weighting = texts(block)[7]
      rows(block, (i) =>
        catalogue.loadMetric({
          name: name![i]!,
          displayName: displayName![i]!,
          description: description![i]!,
          isCounter: isCounter!.values[i] === 1,
          unitNumerators: listAt(numerators!, i),
          unitDenominators: listAt(denominators!, i),
          aliases: listAt(aliases!, i),
          weightingMetricName: weighting![i]!,
        }),
      )
    },
  )
  await read(
    TABLES.entities,
    `category, identity, name, display_name, attributes, ${MS('since')}, former_names`,
    ' FINAL',
    (block) => {
      const [category, identity, name, displayName, attributes] = texts(block)
      const since = numbers(block)[5]!
      rows(block, (i) =>
        catalogue.loadEntity(
          {
            category: category![i]!,
            identity: identity![i]!,
            name: name![i]! || identity![i]!,
            displayName: displayName![i]!,
            attributes: JSON.parse(attributes![i]!),
          },
          since[i]!,
          listAt(block.columns[6]!, i),
        ),
      )
    },
  )
  await read(TABLES.entityNames, `entity, name, ${MS('since')}`, ' FINAL', (block) => {
    const [entity, , since] = numbers(block)
    const name = texts(block)[1]!
    rows(block, (i) => catalogue.loadName(entity![i]!, name[i]!, since![i]!))
  })
  await read(TABLES.series, 'metric, entity, sender', '', (block) => {
    const [metric, entity] = numbers(block)
    const sender = texts(block)[2]!
    rows(block, (i) => catalogue.loadSeries(metric![i]!, entity![i]!, sender[i]!))
  })
  await read(TABLES.entitySeen, `entity, ${MS('seen')}`, ' FINAL', (block) => {
    const [entity, seen] = numbers(block)
    for (let i = 0; i < block.rows; i++) catalogue.loadSeen(entity![i]!, seen![i]!)
  })
  return started
}

const numbers = ({ columns }: Block) => columns.map(({ values }) => values as Float64Array)
const texts = ({ columns }: Block) => columns.map(({ values }) => values as string[])

/** Row `i` of an `Array(String)` column. */
const listAt = ({ values, offsets }: Column, i: number): string[] =>
  (values as string[]).slice(i === 0 ? 0 : offsets![i - 1], offsets![i])
