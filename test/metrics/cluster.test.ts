import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { splitRecords } from '../../src/metrics/cluster/insert.js'
import { checkClusterName } from '../../src/metrics/cluster/placement.js'
import { replicated, replicatedMigrations, shardingKey } from '../../src/metrics/cluster/schema.js'
import { MIGRATIONS, type Migration } from '../../src/metrics/schema/migrations.js'
import { TABLES } from '../../src/metrics/schema/tables.js'
import { createChunk, NO_SERIES } from '../../src/metrics/writer/chunk.js'

describe('the place of a sample', () => {
  test('follows from its entity and its time', () => {
    expect(shardingKey([{ since: 0, slots: 2 }], 'start')).toBe('entity % 2')
    const grown = [
      { since: 0, slots: 1 },
      { since: 600_000, slots: 2 },
      { since: 1_200_000, slots: 3 },
    ]
    expect(shardingKey(grown, 'start')).toBe(
      "if(ts >= fromUnixTimestamp64Milli(1200000, 'UTC'), entity % 3, if(ts >= fromUnixTimestamp64Milli(600000, 'UTC'), entity % 2, entity % 1))",
    )
    // A bucket is stamped with its end, which belongs to the next one.
    expect(shardingKey(grown.slice(0, 2), 'end')).toContain('ts > ')
  })

  test('a name that could be more than a name is refused', () => {
    for (const name of ['', "a'", 'a b', 'a;DROP', 'a'.repeat(65), '1a'])
      expect(() => checkClusterName(name)).toThrow(/cannot be a cluster's name/)
    expect(checkClusterName('metrics_2')).toBe('metrics_2')
  })
})

test('with a Keeper every table is made on all servers, and replicated', () => {
  const tables = (migrations: readonly Migration[]) =>
    migrations
      .flatMap(({ statements }) => statements)
      .flatMap((text) => /^CREATE TABLE IF NOT EXISTS (\w+)/.exec(text)?.[1] ?? [])
  expect(tables(replicatedMigrations('prod'))).toEqual(tables(MIGRATIONS))
  expect(tables(MIGRATIONS)).toContain(TABLES.samples)
  const statements = replicatedMigrations('prod').flatMap((migration) => migration.statements)
  for (const statement of statements.filter((text) => text.startsWith('CREATE'))) {
    expect(statement).toMatch(/^CREATE TABLE IF NOT EXISTS \w+ ON CLUSTER prod \(/)
    expect(statement).toMatch(/ENGINE = Replicated(Replacing)?MergeTree\b/)
  }
  for (const statement of MIGRATIONS.flatMap((migration) => migration.statements))
    if (statement.startsWith('INSERT')) expect(replicated(statement, 'prod')).toBe(statement)
})

test('records are parted from samples, and neither loses a row', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.boolean(), { maxLength: 50 }), { maxLength: 5 }), (shape) => {
      let n = 0
      const chunks = shape.map((rows) => {
        const chunk = createChunk()
        for (const record of rows) {
          const row = chunk.rows++
          chunk.metric[row] = n
          chunk.entity[row] = -n
          chunk.time.set([n, n + 1], 2 * row)
          chunk.value[row] = n / 2
          chunk.series[row] = record ? NO_SERIES : 1
          n++
        }
        return chunk
      })
      const flags = shape.flat()
      const { samples, records } = splitRecords(chunks)
      const rows = (of: typeof chunks) =>
        of.flatMap((chunk) =>
          Array.from({ length: chunk.rows }, (_, i) => {
            const metric = chunk.metric[i]!
            expect([chunk.entity[i], chunk.value[i]]).toEqual([-metric, metric / 2])
            expect([...chunk.time.subarray(2 * i, 2 * i + 2)]).toEqual([metric, metric + 1])
            return metric
          }),
        )
      expect(rows(samples)).toEqual(flags.flatMap((record, i) => (record ? [] : [i])))
      expect(rows(records)).toEqual(flags.flatMap((record, i) => (record ? [i] : [])))
    }),
    { numRuns: 30 },
  )
})
