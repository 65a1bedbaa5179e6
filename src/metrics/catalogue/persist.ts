import type { ClickHouseClient } from '@clickhouse/client'
import { insertBlock } from '../native/client.js'
import { encodeInt64s, encodeStringLists, encodeStrings, type OutColumn } from '../native/encode.js'
import { TABLES } from '../schema/tables.js'
import type { CatalogueCore, PendingRows } from './catalogue.js'

/** Rows of one insert: making its columns takes some 10 ms, and between two inserts others have their turn. */
const ENTITIES = 5_000
const SERIES = 25_000

/**
 * Writes the rows to ClickHouse: what others refer to first. Writing the same rows again does no harm.
 * `writer` marks them as this process's own, so that its refresh does not read them back.
 */
export async function persist(
  client: ClickHouseClient,
  catalogue: CatalogueCore,
  rows: PendingRows,
  writer: number,
): Promise<void> {
  if (rows.metrics.size > 0) {
    const metrics = [...rows.metrics].map((index) => catalogue.metrics.at(index))
    await insertBlock(
      client,
      TABLES.metrics,
      [
        int64(
          'id',
          metrics.map((metric) => metric.id),
        ),
        text(
          'name',
          metrics.map((metric) => metric.name),
        ),
        text(
          'display_name',
          metrics.map((metric) => metric.displayName),
        ),
        text(
          'description',
          metrics.map((metric) => metric.description),
        ),
        texts(
          'unit_numerators',
          metrics.map((metric) => metric.unitNumerators),
        ),
        texts(
          'unit_denominators',
          metrics.map((metric) => metric.unitDenominators),
        ),
        {
          name: 'is_counter',
          type: 'Bool',
          parts: [Uint8Array.from(metrics, (metric) => Number(metric.isCounter))],
        },
        texts(
          'aliases',
          metrics.map((metric) => metric.aliases),
        ),
        constant('writer', writer, metrics.length),
      ],
      metrics.length,
    )
  }
  for (const part of slices([...rows.entities], ENTITIES)) {
    const entities = part.map((index) => catalogue.entities.at(index))
    await insertBlock(
      client,
      TABLES.entities,
      [
        int64(
          'id',
          entities.map((entity) => entity.id),
        ),
        text(
          'category',
          entities.map((entity) => entity.category),
        ),
        text(
          'identity',
          entities.map((entity) => entity.identity),
        ),
        // The first name, which holds from `since` on; later names are rows of their own. Mostly it is the identity, and then
        // left out.
        text(
          'name',
          entities.map(({ names, identity }) => (names[0]!.name === identity ? '' : names[0]!.name)),
        ),
        text(
          'display_name',
          entities.map((entity) => (entity.displayName === entity.name ? '' : entity.displayName)),
        ),
        text(
          'attributes',
          entities.map((entity) => JSON.stringify(entity.attributes)),
        ),
        time(
          'since',
          entities.map((entity) => entity.since),
        ),
        constant('writer', writer, entities.length),
      ],
      entities.length,
    )
  }
  if (rows.names.length > 0) {
    await insertBlock(
      client,
      TABLES.entityNames,
      [
        int64(
          'entity',
          rows.names.map((row) => catalogue.entities.idAt(row.entity)),
        ),
        text(
          'name',
          rows.names.map((row) => row.name),
        ),
        time(
          'since',
          rows.names.map((row) => row.since),
        ),
        constant('writer', writer, rows.names.length),
      ],
      rows.names.length,
    )
  }
  const { senderOf } = catalogue.series
  for (const part of slices(rows.series, SERIES)) {
    await insertBlock(
      client,
      TABLES.series,
      [
        int64(
          'metric',
          part.map((series) => catalogue.metrics.at(catalogue.series.metrics[series]!).id),
        ),
        int64(
          'entity',
          part.map((series) => catalogue.entities.idAt(catalogue.series.entities[series]!)),
        ),
        text(
          'sender',
          part.map((series) => catalogue.senders.nameOf(senderOf(series))),
        ),
        constant('writer', writer, part.length),
      ],
      part.length,
    )
  }
}

function* slices<T>(list: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < list.length; at += size) yield list.slice(at, at + size)
}

const int64 = (name: string, values: number[]): OutColumn => ({
  name,
  type: 'UInt64',
  parts: [encodeInt64s(values)],
})
const time = (name: string, values: number[]): OutColumn => ({
  name,
  type: "DateTime64(3, 'UTC')",
  parts: [encodeInt64s(values)],
})
const text = (name: string, values: string[]): OutColumn => ({
  name,
  type: 'String',
  parts: [encodeStrings(values)],
})
const constant = (name: string, value: number, rows: number): OutColumn => ({
  name,
  type: 'UInt64',
  parts: [encodeInt64s(new Float64Array(rows).fill(value))],
})
const texts = (name: string, values: string[][]): OutColumn => ({
  name,
  type: 'Array(String)',
  parts: encodeStringLists(values),
})
