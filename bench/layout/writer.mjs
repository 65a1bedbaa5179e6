/**
 * The writer beside what the engine takes from ready Native blocks, and the catalogue's memory; on the embedded engine.
 *
 *     npm run build:server && node --expose-gc bench/layout/writer.mjs [M samples]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { tsbs } from './data.mjs'

const dist = (path) => import(new URL(`../../dist-modules/${path}`, import.meta.url))
const { openEngine } = await dist('engine/index.js')
const { openStore } = await dist('metrics/index.js')
const { insertBlock } = await dist('metrics/native/client.js')
const { idBits } = await dist('metrics/ids.js')

const millions = Number(process.argv[2] ?? 20)
const logger = pino({ level: 'warn' })
const dataDir = await mkdtemp(join(tmpdir(), 'bellwether-writer-'))
const engine = await openEngine({ dataDir, logger })
const open = (database, tuning) =>
  openStore({ connection: { ...engine.connection, database }, logger, refreshMs: 0, tuning })

const HOSTS = 4000
const METRICS = 10
const BATCH = 100_000
const data = tsbs({ hosts: HOSTS, metrics: METRICS, ticks: 50, start: Date.UTC(2026, 0, 5, 6) })
const total = millions * 1e6

function register(store) {
  const metrics = Array.from({ length: METRICS }, (_, i) => store.catalogue.addMetric({ name: `usage_${i}` }))
  const entities = Array.from({ length: HOSTS }, (_, i) =>
    store.catalogue.addEntity({ category: 'HOST', name: `host_${i}`, attributes: { rack: `/r${i % 100}` } }),
  )
  return entities.flatMap((entity) =>
    metrics.map((metric) => store.catalogue.addSeries(metric, entity, 'bench')),
  )
}

/** Batches as a decoder hands them over: the same data again and again, each time later. */
function batchAt(series, n) {
  const from = (n * BATCH) % data.rows
  const shift = Math.floor((n * BATCH) / data.rows) * 50 * 10_000
  const out = {
    length: BATCH,
    series: new Uint32Array(BATCH),
    time: new Float64Array(BATCH),
    value: data.value.subarray(from, from + BATCH),
  }
  for (let i = 0; i < BATCH; i++) {
    out.series[i] = series[data.entity[from + i] * METRICS + data.metric[from + i]]
    out.time[i] = data.time[from + i] + shift
  }
  return out
}

const cpu = () => process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6
const seconds = async (task) => {
  const started = performance.now()
  const before = cpu()
  await task()
  return { wall: (performance.now() - started) / 1000, cpu: cpu() - before }
}
const rate = ({ wall, cpu: own }) =>
  `${(total / wall / 1e6).toFixed(2)} M samples/s, ${((own / total) * 1e9).toFixed(0)} ms of Node's CPU per M`

async function raw(name, rows) {
  const store = await open(name)
  const series = register(store)
  await store.writer.write(batchAt(series, 0))
  const blocks = []
  for (let k = 0; k < 4; k++) {
    const metric = new Float64Array(rows)
    const entity = new Float64Array(rows)
    const ts = new BigInt64Array(rows)
    const v = new Float64Array(rows)
    for (let i = 0; i < rows; i++) {
      const at = (k * rows + i) % data.rows
      metric[i] = idBits(store.catalogue.metricAt(data.metric[at]).id)
      entity[i] = idBits(store.catalogue.entityAt(data.entity[at]).id)
      ts[i] = BigInt(data.time[at])
      v[i] = data.value[at]
    }
    const part = (column, type, array) => ({ name: column, type, parts: [new Uint8Array(array.buffer)] })
    blocks.push([
      part('metric', 'UInt64', metric),
      part('entity', 'UInt64', entity),
      part('ts', "DateTime64(3, 'UTC')", ts),
      part('v', 'Float64', v),
    ])
  }
  const count = Math.ceil(total / rows)
  const took = await seconds(async () => {
    let next = 0
    const loop = async () => {
      for (let n; (n = next++) < count; )
        await insertBlock(store.client, 'samples', blocks[n % 4], rows, {
          settings: { insert_deduplication_token: `${name}${n}`, optimize_on_insert: 0 },
        })
    }
    await Promise.all([loop(), loop()])
  })
  console.log(`ready blocks of ${rows}, two at a time: ${rate(took)}`)
  await store.stop()
}

async function written(name, tuning, senders = 2) {
  const store = await open(name, tuning)
  const series = register(store)
  await store.writer.write(batchAt(series, 0))
  const batches = Array.from({ length: Math.ceil(total / BATCH) }, (_, n) => n)
  const ready = batches.slice(0, 20).map((n) => batchAt(series, n))
  const took = await seconds(async () => {
    let next = 0
    const loop = async () => {
      for (let n; (n = next++) < batches.length; ) await store.writer.write(ready[n % 20], n + 1)
    }
    await Promise.all(Array.from({ length: senders }, loop))
  })
  console.log(`writer ${JSON.stringify(tuning)}, ${senders} senders of ${BATCH}: ${rate(took)}`)
  await store.stop()
}

for (let round = 0; round < 2; round++) {
  await raw(`raw_a${round}`, 262_144)
  await raw(`raw_b${round}`, 100_000)
  await written(`w_1${round}`, { parallel: 1 })
  await written(`w_2${round}`, { parallel: 2 })
  await written(`w_4${round}`, { parallel: 2 }, 4)
  await written(`w_8${round}`, { parallel: 2 }, 8)
  await written(`w_n${round}`, { parallel: 2, eagerRows: 1e9 }, 8)
}

{
  const store = await open('memory')
  globalThis.gc?.()
  const before = process.memoryUsage()
  const started = performance.now()
  const metrics = Array.from({ length: 50 }, (_, i) => store.catalogue.addMetric({ name: `m${i}` }))
  for (let e = 0; e < 20_000; e++) {
    const entity = store.catalogue.addEntity({
      category: 'ROLE',
      name: `role-${e}`,
      attributes: {
        clusterName: 'c1',
        hostname: `host-${e % 1000}`,
        rackId: `/r${e % 40}`,
        serviceName: 'hdfs',
        roleType: 'DATANODE',
      },
    })
    for (const metric of metrics) store.catalogue.addSeries(metric, entity, `agent ${e % 1000}`)
  }
  const added = performance.now() - started
  const flushed = await seconds(() =>
    store.writer.write({
      length: 1,
      series: new Uint32Array(1),
      time: Float64Array.of(Date.now()),
      value: new Float64Array(1),
    }),
  )
  globalThis.gc?.()
  const after = process.memoryUsage()
  console.log(
    `1 M series of 20,000 entities: registered in ${added.toFixed(0)} ms, written to ClickHouse in ${(flushed.wall * 1000).toFixed(0)} ms; ${((after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / 1e6).toFixed(0)} MB, of which series ${(store.stats().catalogueBytes / 1e6).toFixed(0)} MB`,
  )
  await store.stop()
  const loaded = await seconds(async () => {
    const again = await open('memory')
    console.log(again.stats())
    const first = performance.now()
    for (let m = 0; m < 50; m++) again.catalogue.entitiesOf(m)
    console.log(
      `all posting lists: ${(performance.now() - first).toFixed(0)} ms, ${(again.stats().catalogueBytes / 1e6).toFixed(0)} MB`,
    )
    await again.stop()
  })
  console.log(`opened again in ${(loaded.wall * 1000).toFixed(0)} ms`)
}
await engine.stop()
await rm(dataDir, { recursive: true, force: true })
