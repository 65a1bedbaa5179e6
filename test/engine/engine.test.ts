import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestEngine, type TestEngine } from './support.js'

let started: TestEngine
beforeAll(async () => {
  started = await startTestEngine()
})
afterAll(() => started?.cleanUp())

test('a fresh engine takes a table and gives its rows back', async () => {
  const { client } = started
  await client.command({ query: 'CREATE DATABASE bw' })
  await client.command({ query: 'CREATE TABLE bw.t (a UInt64) ENGINE = MergeTree ORDER BY a' })
  await client.insert({ table: 'bw.t', values: [{ a: 1 }, { a: 2 }], format: 'JSONEachRow' })
  const rows = await client.query({
    query: 'SELECT sum(a) AS s, timezone() AS tz FROM bw.t',
    format: 'JSONEachRow',
  })
  expect(await rows.json()).toEqual([{ s: 3, tz: 'UTC' }])
})
