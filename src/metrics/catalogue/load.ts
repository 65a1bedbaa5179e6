import type { ClickHouseClient } from '@clickhouse/client'
import type { BaseLogger } from 'pino'
import { readBlocks } from '../native/client.js'
import type { Block } from '../native/decode.js'
import { TABLES } from '../schema/tables.js'
import { CatalogueCollisionError, type CatalogueCore } from './catalogue.js'

export interface LoadOptions {
  /** Rows inserted before this time (of the server, milliseconds) are known already. 0: everything. */
  after: number
  /** Rows of this writer are known already. */
  writer: number
  logger: BaseLogger
  signal?: AbortSignal
}

/**
 * Reads what is stored into the catalogue, and returns the server's time at which it began: the `after` of the next call,
 * less a margin for inserts that were under way.
 */
export async function load(
  client: ClickHouseClient,
  catalogue: CatalogueCore,
  { after, writer, logger, signal }: LoadOptions,
): Promise<number> {
  const read = async (
    query: string,
    final: '' | ' FINAL',
    row: (columns: Record<string, string[]>, i: number) => void,
  ) => {
    const parameters = { after: after / 1000, writer }
    // All of it: the newest version of each. Only what is new: in the order in which it came.
    const rest =
      after > 0
        ? ' WHERE inserted >= {after: DateTime64(3)} AND writer != {writer: UInt64} ORDER BY inserted'
        : final
    const onBlock = (block: Block) => {
      const columns: Record<string, string[]> = {}
      for (const { name, values } of block.columns) columns[name] = values as string[]
      for (let i = 0; i < block.rows; i++) {
        try {
          row(columns, i)
        } catch (error) {
          if (!(error instanceof CatalogueCollisionError)) throw error
          logger.error({ err: error }, 'catalogue: a stored row was left out')
        }
      }
    }
    await readBlocks(client, query + rest, onBlock, { parameters, ...(signal && { signal }) })
  }

  let started = 0
  await readBlocks(client, 'SELECT toFloat64(toUnixTimestamp64Milli(now64(3))) AS now', ({ columns }) => {
    started = columns[0]!.values[0] as number
  })
  await read(
    `SELECT name, display_name, description, is_counter,
       toJSONString(unit_numerators) AS numerators, toJSONString(unit_denominators) AS denominators,
       toJSONString(aliases) AS aliases FROM ${TABLES.metrics}`,
    ' FINAL',
    (c, i) =>
      catalogue.loadMetric({
        name: c.name![i]!,
        displayName: c.display_name![i]!,
        description: c.description![i]!,
        isCounter: Boolean(c.is_counter![i]),
        unitNumerators: JSON.parse(c.numerators![i]!),
        unitDenominators: JSON.parse(c.denominators![i]!),
        aliases: JSON.parse(c.aliases![i]!),
      }),
  )
  await read(
    `SELECT category, identity, name, display_name, attributes, toFloat64(toUnixTimestamp64Milli(since)) AS since
     FROM ${TABLES.entities}`,
    ' FINAL',
    (c, i) =>
      catalogue.loadEntity(
        {
          category: c.category![i]!,
          identity: c.identity![i]!,
          name: c.name![i]!,
          displayName: c.display_name![i]!,
          attributes: JSON.parse(c.attributes![i]!),
        },
        Number(c.since![i]),
      ),
  )
  await read(
    `SELECT entity, name, toFloat64(toUnixTimestamp64Milli(since)) AS since FROM ${TABLES.entityNames}`,
    ' FINAL',
    (c, i) => catalogue.loadName(Number(c.entity![i]), c.name![i]!, Number(c.since![i])),
  )
  await read(`SELECT metric, entity, sender FROM ${TABLES.series}`, '', (c, i) =>
    catalogue.loadSeries(Number(c.metric![i]), Number(c.entity![i]), c.sender![i]!),
  )
  return started
}
