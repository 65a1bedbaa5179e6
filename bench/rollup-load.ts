/**
 * What many hosts cost that send a sample of each series a minute, rollups on: processor time and memory of the monitor and
 * its engine, minute by minute. Run with
 *
 *     npm run build:server && npx esbuild bench/rollup-load.ts --bundle --packages=external --platform=node --format=esm \
 *       --outfile=dist-bench/rollup-load.js && node dist-bench/rollup-load.js [HOSTS [MINUTES [WARM_UP_MINUTES]]]
 *
 * Default: 1,000 hosts (20 entities and 1,000 series each) for 35 minutes, of which the first 5, in which the series are
 * registered, are not counted. Each host sends its 1,000 samples at a time of its own in the minute, as agents do.
 */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeNativeBatch, NATIVE_BATCH_CONTENT_TYPE, type NativeBatch } from '../src/wire/native-batch.js'

const [hosts = 1_000, minutes = 35, warmUp = 5] = process.argv.slice(2).map(Number)
const KINDS = [
  'HOST',
  ...Array(6).fill('DISK'),
  ...Array(4).fill('NETWORK_INTERFACE'),
  ...Array(9).fill('ROLE'),
]
const METRICS = 50
const MINUTE = 60_000

const categories = [...new Set(KINDS)]
const metrics = categories.flatMap((category) =>
  Array.from({ length: METRICS }, (_, i) => ({
    name: `${category.toLowerCase()}_metric_${i}`,
    isCounter: i % 10 < 3,
  })),
)

/** A host's batch; only times and values change from minute to minute. */
function batchOf(host: number): NativeBatch {
  const count = KINDS.length * METRICS
  const series = Array.from({ length: count }, (_, i) => i)
  const name = `host${host}.example.com`
  return {
    sender: name,
    metrics,
    entities: KINDS.map((category, i) => ({
      category,
      name: i === 0 ? name : `${name}:${category.toLowerCase()}${i}`,
      attributes: { hostname: name, rackId: `/r${host % 40}` },
    })),
    seriesMetric: Uint32Array.from(
      series,
      (i) => categories.indexOf(KINDS[Math.floor(i / METRICS)]!) * METRICS + (i % METRICS),
    ),
    seriesEntity: Uint32Array.from(series, (i) => Math.floor(i / METRICS)),
    sampleSeries: Uint32Array.from(series),
    sampleTime: new Float64Array(count),
    sampleValue: new Float64Array(count),
  }
}

/** Counters, constants, whole numbers and measurements with two decimals: what hosts have. */
function fill(batch: NativeBatch, time: number): void {
  const { sampleTime, sampleValue } = batch
  for (let i = 0; i < sampleTime.length; i++) {
    sampleTime[i] = time
    const kind = i % 10
    if (kind < 3) sampleValue[i] = sampleValue[i]! + Math.floor(Math.random() * (1 + (i % 100)))
    else if (kind < 6) sampleValue[i] = i
    else if (kind < 8) sampleValue[i] = Math.floor(Math.random() * 50)
    else sampleValue[i] = Math.round(Math.random() * 10_000) / 100
  }
}

const port = await new Promise<number>((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port: free } = server.address() as AddressInfo
    server.close(() => resolve(free))
  })
})
const folder = await mkdtemp(join(tmpdir(), 'bellwether-rollup-load-'))
const monitor = spawn(
  process.execPath,
  ['dist/cli/main.js', 'monitor', '--data', folder, '--monitor-port', String(port), '--log-level', 'warn'],
  { stdio: ['ignore', 'inherit', 'inherit'] },
)
const agent = new Agent({ keepAlive: true, maxSockets: 8 })

function call(method: string, path: string, body?: Uint8Array): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = body ? { 'content-type': NATIVE_BATCH_CONTENT_TYPE, 'content-length': body.length } : {}
    const sent = request({ host: '127.0.0.1', port, path, method, agent, headers }, (response) => {
      let text = ''
      response.on('data', (data) => {
        text += data
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

interface Usage {
  cpu: number
  monitor: number
  engine: number
}

/** The monitor and its child, the engine. */
function usage(): Usage {
  const found: Usage = { cpu: 0, monitor: 0, engine: 0 }
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
      const isMonitor = Number(pid) === monitor.pid
      if (!isMonitor && Number(fields[1]) !== monitor.pid) continue
      found.cpu += (Number(fields[11]) + Number(fields[12])) / 100
      const rss = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0)
      if (isMonitor) found.monitor += rss / 1024
      else found.engine += rss / 1024
    } catch {
      // gone in the meantime
    }
  }
  return found
}

try {
  for (let i = 0; ; i++) {
    const up = await call('GET', '/health/ready').catch(() => undefined)
    if (up?.status === 200) break
    if (i > 300) throw new Error('the monitor does not start')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const batches = Array.from({ length: hosts }, (_, host) => batchOf(host))
  let acknowledged = 0
  let refused = 0
  let slowest = 0
  const send = async (host: number) => {
    const batch = batches[host]!
    const started = performance.now()
    fill(batch, Date.now())
    const { status } = await call('POST', '/ingest/native', encodeNativeBatch(batch)).catch(() => ({
      status: 0,
    }))
    slowest = Math.max(slowest, performance.now() - started)
    if (status >= 200 && status < 300) acknowledged += batch.sampleTime.length
    else refused++
  }
  const started = Date.now()
  let next = 0
  let before = usage()
  let first: Usage | undefined
  let peak = 0
  for (let minute = 1; minute <= minutes; minute++) {
    const end = started + minute * MINUTE
    while (Date.now() < end) {
      const due = ((Date.now() - started) / MINUTE) * hosts
      for (; next < due; next++) void send(next % hosts)
      await new Promise((resolve) => setTimeout(resolve, 20))
      if (next % 50 === 0 && minute > warmUp) {
        const { monitor: m, engine } = usage()
        peak = Math.max(peak, m + engine)
      }
    }
    const now = usage()
    if (minute === warmUp) first = now
    const own = (await call('GET', '/metrics')).text
    const lag = /^bellwether_rollup_lag_seconds\{level="TEN_MINUTELY"\} (\S+)/m.exec(own)?.[1]
    const folds = [...own.matchAll(/^bellwether_rollup_fold_seconds_total\{level="(\w+)"\} (\S+)/gm)]
    console.log(
      JSON.stringify({
        minute,
        cores: Number(((now.cpu - before.cpu) / 60).toFixed(3)),
        monitorMB: Math.round(now.monitor),
        engineMB: Math.round(now.engine),
        acknowledged,
        refused,
        slowestMs: Math.round(slowest),
        lag: Number(lag),
        foldSeconds: Object.fromEntries(folds.map(([, level, s]) => [level, Number(Number(s).toFixed(2))])),
      }),
    )
    slowest = 0
    before = now
  }
  if (first)
    console.log(
      `after the first ${warmUp} minutes: ${((100 * (before.cpu - first.cpu)) / (60 * (minutes - warmUp))).toFixed(1)} % of a core, at most ${Math.round(peak)} MB, ${hosts * KINDS.length * METRICS} series`,
    )
  console.log((await call('GET', '/api/v45/timeseries/retention')).text)
} finally {
  agent.destroy()
  monitor.kill('SIGTERM')
  await new Promise((resolve) => monitor.once('close', resolve))
  await rm(folder, { recursive: true, force: true })
}
