/**
 * Measures layouts of the samples table on the embedded engine, and prints a table.
 *
 *     npm run build:server && node bench/layout/layout.mjs [part of a layout's name …]
 *
 * Per layout: inserting ready Native blocks over HTTP (512 Ki rows each, one after the other), bytes per sample after
 * merges, and the best of nine runs of each query, in milliseconds: the best, since the figures are to be compared on a machine
 * that does other things too.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { mixed, tsbs } from './data.mjs'
import { createTable, LAYOUTS } from './layouts.mjs'

const dist = (path) => import(new URL(`../../dist-modules/${path}`, import.meta.url))
const { openEngine } = await dist('engine/index.js')
const { insertBlock, readBlocks } = await dist('metrics/native/client.js')
const { sha52, idBits } = await dist('metrics/ids.js')

const BLOCK = 512 * 1024
const START = Date.UTC(2026, 0, 5, 6)
const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const dataDir = await mkdtemp(join(tmpdir(), 'bellwether-layout-'))
const engine = await openEngine({ dataDir, logger: quiet })
const { url, username, password } = engine.connection
const client = createClient({ url, username, password, log: { level: ClickHouseLogLevel.OFF } })
const settings = { async_insert: 0, allow_experimental_codecs: 1, optimize_on_insert: 0 }

const ids = {
  UInt64: Array.from({ length: 4000 }, (_, i) => sha52(`id${i}`)),
  UInt32: Array.from({ length: 4000 }, (_, i) => i + 1),
}

/** Ready blocks of the table, for UInt64 or UInt32 ids. */
function blocksOf(data, id) {
  const blocks = []
  for (let from = 0; from < data.rows; from += BLOCK) {
    const rows = Math.min(BLOCK, data.rows - from)
    const column = (indexes) =>
      id === 'UInt64'
        ? Float64Array.from({ length: rows }, (_, i) => idBits(ids.UInt64[indexes[from + i]]))
        : Uint32Array.from({ length: rows }, (_, i) => ids.UInt32[indexes[from + i]])
    const time = BigInt64Array.from({ length: rows }, (_, i) => BigInt(data.time[from + i]))
    const part = (name, type, array) => ({
      name,
      type,
      parts: [new Uint8Array(array.buffer, array.byteOffset, array.byteLength)],
    })
    blocks.push({
      rows,
      columns: [
        part('metric', id, column(data.metric)),
        part('entity', id, column(data.entity)),
        part('ts', "DateTime64(3, 'UTC')", time),
        part('v', 'Float64', data.value.subarray(from, from + rows)),
      ],
    })
  }
  return blocks
}

async function fill(table, blocks) {
  const started = performance.now()
  for (const { columns, rows } of blocks) await insertBlock(client, table, columns, rows, { settings })
  return (performance.now() - started) / 1000
}

async function bytes(table) {
  const result = await client.query({
    query: `SELECT sum(data_compressed_bytes) / sum(rows) AS total, sum(bytes_on_disk) / sum(rows) AS disk FROM system.parts WHERE active AND table = '${table}'`,
    format: 'JSONEachRow',
  })
  const columns = await client.query({
    query: `SELECT column, sum(column_data_compressed_bytes) / sum(rows) AS b FROM system.parts_columns WHERE active AND table = '${table}' GROUP BY column`,
    format: 'JSONEachRow',
  })
  const by = Object.fromEntries((await columns.json()).map(({ column, b }) => [column, b.toFixed(3)]))
  const [{ disk }] = await result.json()
  return { disk, by }
}

async function best(query, runs = 9) {
  const times = []
  for (let i = 0; i <= runs; i++) {
    const started = performance.now()
    await readBlocks(client, query, () => {})
    if (i > 0) times.push(performance.now() - started)
  }
  return Math.min(...times)
}

function queries(table, id, suffix = '') {
  const of = (n) => ids[id][n]
  const list = (n, from = 0) => ids[id].slice(from, from + n).join(',')
  const from = `FROM ${table}${suffix}`
  const within = `ts >= fromUnixTimestamp64Milli(${START}) AND ts < fromUnixTimestamp64Milli(${START + 3_600_000})`
  return {
    'one series, raw': `SELECT ts, v ${from} WHERE metric = ${of(3)} AND entity = ${of(1234)} AND ${within} ORDER BY ts`,
    '8×5, max a minute': `SELECT metric, entity, toStartOfMinute(ts) AS t, max(v) ${from} WHERE metric IN (${list(5)}) AND entity IN (${list(8, 100)}) AND ${within} GROUP BY metric, entity, t`,
    'avg all, 1 metric': `SELECT entity, toStartOfHour(ts) AS t, avg(v) ${from} WHERE metric = ${of(3)} AND ${within} GROUP BY entity, t`,
    'avg all, 10 metrics': `SELECT metric, entity, toStartOfHour(ts) AS t, avg(v) ${from} WHERE metric IN (${list(10)}) AND ${within} GROUP BY metric, entity, t`,
    'last of all': `SELECT entity, max(ts), argMax(v, ts) ${from} WHERE metric = ${of(3)} AND ${within} GROUP BY entity`,
  }
}

const wanted = process.argv.slice(2)
const names = Object.keys(LAYOUTS).filter(
  (name) => wanted.length === 0 || wanted.some((part) => name.includes(part)),
)
const data = { tsbs: tsbs({ start: START }), mixed: mixed({ start: START }) }
const ready = {
  UInt64: blocksOf(data.tsbs, 'UInt64'),
  UInt32: blocksOf(data.tsbs, 'UInt32'),
  mixed: blocksOf(data.mixed, 'UInt64'),
  day: blocksOf(tsbs({ hosts: 200, ticks: 4320, start: START - 6 * 3_600_000 }), 'UInt64'),
}
const labels = Object.keys(queries('t', 'UInt64'))
console.log(
  `| layout | insert M/s | merge s | B/sample TSBS 30 min (metric, entity, ts, v) | TSBS 12 h (v) | mixed (ts, v) | ${labels.join(' | ')} |`,
)
console.log(`| --- | --- | --- | --- | --- | --- | ${labels.map(() => '---').join(' | ')} |`)
for (const name of names) {
  const layout = LAYOUTS[name]
  const cells = [name]
  await client.command({ query: createTable('t', layout), clickhouse_settings: settings })
  await client.command({ query: 'SYSTEM STOP MERGES t' })
  await fill('t', ready[layout.id].slice(0, 2))
  await client.command({ query: 'TRUNCATE TABLE t' })
  const rates = []
  for (let i = 0; i < 5; i++) {
    await client.command({ query: 'TRUNCATE TABLE t' })
    rates.push(data.tsbs.rows / (await fill('t', ready[layout.id])) / 1e6)
  }
  const unmerged = []
  if (name === 'base' || name === 'MergeTree')
    for (const suffix of name === 'base' ? ['', ' FINAL'] : ['']) {
      const row = []
      for (const query of Object.values(queries('t', layout.id, suffix)))
        row.push((await best(query)).toFixed(1))
      unmerged.push([`${name}, ${ready[layout.id].length} parts${suffix}`, '', '', '', '', '', ...row])
    }
  await client.command({ query: 'SYSTEM START MERGES t' })
  const mergeStarted = performance.now()
  await client.command({ query: 'OPTIMIZE TABLE t FINAL' })
  cells.push(Math.max(...rates).toFixed(1), ((performance.now() - mergeStarted) / 1000).toFixed(2))
  const size = await bytes('t')
  cells.push(`${size.disk.toFixed(2)} (${['metric', 'entity', 'ts', 'v'].map((c) => size.by[c]).join(', ')})`)
  const merged = []
  for (const query of Object.values(queries('t', layout.id))) merged.push((await best(query)).toFixed(1))
  if (name === 'base') {
    const row = []
    for (const query of Object.values(queries('t', layout.id, ' FINAL')))
      row.push((await best(query)).toFixed(1))
    unmerged.push(['base, merged FINAL', '', '', '', '', '', ...row])
  }
  await client.command({ query: 'DROP TABLE t SYNC' })
  for (const shape of ['day', 'mixed']) {
    if (layout.id !== 'UInt64') {
      cells.push('')
      continue
    }
    await client.command({ query: createTable('t', layout), clickhouse_settings: settings })
    await fill('t', ready[shape])
    await client.command({ query: 'OPTIMIZE TABLE t FINAL' })
    const { disk, by } = await bytes('t')
    cells.push(`${disk.toFixed(2)} (${shape === 'day' ? '' : `${by.ts}, `}${by.v})`)
    await client.command({ query: 'DROP TABLE t SYNC' })
  }
  console.log(`| ${[...cells, ...merged].join(' | ')} |`)
  for (const row of unmerged) console.log(`| ${row.join(' | ')} |`)
}
await client.close()
await engine.stop()
await rm(dataDir, { recursive: true, force: true })
