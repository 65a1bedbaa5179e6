import { describe, expect, test } from 'vitest'
import { checkClusterName } from '../../src/metrics/cluster/placement.js'
import { replicated, replicatedMigrations, shardingKey } from '../../src/metrics/cluster/schema.js'
import { MIGRATIONS, type Migration } from '../../src/metrics/schema/migrations.js'
import { TABLES } from '../../src/metrics/schema/tables.js'

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
