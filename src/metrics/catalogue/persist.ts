import type { ClickHouseClient } from '@clickhouse/client'
import { insertBlock } from '../native/client.js'
import { bytesOf, encodeInt64s, encodeStringLists, encodeStrings, type OutColumn } from '../native/encode.js'
import { TABLES } from '../schema/tables.js'
import type { SeriesIndex } from '../types.js'
import type { CatalogueCore, PendingRows } from './catalogue.js'

/** Rows of one insert: making its columns takes some 10 ms, and between two inserts others have their turn. */
const ENTITIES = 2_500
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
        text(
          'weighting_metric',
          metrics.map((metric) => metric.weightingMetricName),
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
        texts(
          'former_names',
          entities.map((entity) => [...(entity.formerDisplayNames ?? [])]),
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
  for (const part of slices(rows.series, SERIES))
    await insertBlock(client, TABLES.series, seriesColumns(catalogue, part, writer), part.length)
}

/** There are many of them, and mostly of one sender: ids are copied as bits, and a sender's name is encoded once in a row. */
function seriesColumns(
  { series, metrics, entities, senders }: CatalogueCore,
  part: readonly SeriesIndex[],
  writer: number,
): OutColumn[] {
  const metric = new Float64Array(part.length)
  const entity = new Float64Array(part.length)
  const names: Uint8Array[] = []
  let sender = -1
  let name = new Uint8Array(0)
  for (let i = 0; i < part.length; i++) {
    const index = part[i]!
    metric[i] = metrics.bits[series.metrics[index]!]!
    entity[i] = entities.bits[series.entities[index]!]!
    const from = series.senderOf(index)
    if (from !== sender) {
      sender = from
      name = new Uint8Array(encodeStrings([senders.nameOf(from)]))
    }
    names.push(name)
  }
  return [
    { name: 'metric', type: 'UInt64', parts: [bytesOf(metric)] },
    { name: 'entity', type: 'UInt64', parts: [bytesOf(entity)] },
    { name: 'sender', type: 'String', parts: [Buffer.concat(names)] },
    constant('writer', writer, part.length),
  ]
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
