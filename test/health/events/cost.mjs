// What searches cost with many events: node test/health/events/cost.mjs [EVENTS]. Needs a built dist/.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEngine } from '../../../dist-modules/engine/index.js'
import { createEvents } from '../../../dist-modules/health/index.js'
import { EVENT_TABLES, openStore } from '../../../dist-modules/metrics/index.js'

const events = Number(process.argv[2] ?? 10_000_000)
const days = 20
const dataDir = await mkdtemp(join(tmpdir(), 'bellwether-events-'))
const logger = { debug() {}, info() {}, warn() {}, error: console.error }
const engine = await openEngine({ dataDir, logger, memoryLimitBytes: 1_500_000_000 })
const store = await openStore({ connection: engine.connection, logger, refreshMs: 0, seenMs: 0 })
const api = createEvents({ store, logger, alerts: false })

const words =
  "['connection','refused','timeout','block','replica','datanode','leader','election','heap','pause','exception','session','expired','client','server','region','split','compaction','flush','checkpoint']"
const word = (n) => `ws[1 + rand(${n}) % 20]`
let began = performance.now()
for (let day = 0; day < days; day++) {
  const count = events / days
  await store.client.command({
    query: `INSERT INTO ${EVENT_TABLES.events}
      SELECT toString(generateUUIDv4()), t, t + toIntervalMillisecond(1500),
        ['LOG_EVENT','LOG_EVENT','LOG_EVENT','HEALTH_EVENT','AUDIT_EVENT'][1 + number % 5],
        ['INFORMATIONAL','IMPORTANT','IMPORTANT','CRITICAL'][1 + number % 4], number % 50 = 0,
        concat('The ', ${word(1)}, ' of ', ${word(2)}, ' on node', toString(host), ' has ', ${word(4)}, ' after ', toString(rand(5) % 100000), ' ms in task_', toString(number)),
        ['CLUSTER','SERVICE','ROLE','ROLE_TYPE','HOSTS','LOG_LEVEL'],
        [['Cluster 1'], [concat('svc', toString(role % 40))], [concat('ROLE-', toString(role))], ['DATANODE'], [concat('node', toString(host))], ['WARN']],
        ['CLUSTER=Cluster 1', 'ROLE_TYPE=DATANODE', 'LOG_LEVEL=WARN', concat('SERVICE=svc', toString(role % 40)), concat('ROLE=ROLE-', toString(role)), concat('HOSTS=node', toString(host)), concat('@', toString(4194304 + role))]
      FROM (SELECT number + ${day * count} AS number, ${words} AS ws, rand(7) % 20000 AS role, rand(8) % 2000 AS host,
        toDateTime64('2026-10-01 00:00:00', 3, 'UTC') + toIntervalDay(${day}) + toIntervalMillisecond((number % ${count}) * ${Math.floor(86_400_000 / count)}) AS t
        FROM numbers(${count}))`,
    clickhouse_settings: { max_insert_threads: '2' },
  })
}
console.log(`${events} events stored in ${((performance.now() - began) / 1000).toFixed(0)} s`)
const [size] = await (
  await store.client.query({
    query: `SELECT formatReadableSize(sum(bytes_on_disk)) AS bytes, count() AS parts FROM system.parts WHERE active AND table = '${EVENT_TABLES.events}'`,
    format: 'JSONEachRow',
  })
).json()
console.log(`${size.bytes} on the disk in ${size.parts} parts`)

for (const query of [
  '',
  'category==log_event;severity==critical',
  'content==leader',
  'content=="leader has"',
  'content==leader;content==election;attributes.host==node77',
  `content==task_${Math.floor(events / 2)}`,
  'content==*ode1999',
  'attributes.host==node77',
  'attributes.role==ROLE-777',
  'attributes.host==node77*',
  'severity==critical;timeReceived=ge=2026-10-20T20:00',
  'timeOccurred=ge=2026-10-05T03:00;timeOccurred=lt=2026-10-05T04:00;content!=leader;alert==true',
  'id==nobody',
]) {
  const times = []
  let total = 0
  for (let i = 0; i < 3; i++) {
    began = performance.now()
    const answer = await api.app.request(`/api/v45/events?${new URLSearchParams({ query })}`)
    const body = await answer.json()
    if (answer.status !== 200) throw new Error(JSON.stringify(body))
    total = body.totalResults
    times.push(performance.now() - began)
  }
  console.log(
    `${times.map((ms) => ms.toFixed(0).padStart(5)).join(' ')} ms  ${String(total).padStart(9)}  ${query}`,
  )
}

const batch = (n) =>
  Array.from({ length: 1_000 }, (_, i) => ({
    id: `post-${n}-${i}`,
    time: Date.now(),
    category: 'LOG_EVENT',
    severity: 'IMPORTANT',
    alert: false,
    content: `Slow BlockReceiver write packet to mirror took ${i}ms`,
    attributes: { ROLE: ['ROLE-1'], HOSTS: ['node1'], LOG_LEVEL: ['WARN'] },
  }))
began = performance.now()
for (let n = 0; n < 20; n++)
  await api.app.request('/events', { method: 'POST', body: JSON.stringify({ events: batch(n) }) })
console.log(`20 posts of 1,000 events: ${((performance.now() - began) / 20).toFixed(0)} ms each`)
await api.stop()
await store.stop(500)
await engine.stop()
await rm(dataDir, { recursive: true, force: true })
