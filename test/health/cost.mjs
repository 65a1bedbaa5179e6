/**
 * What health costs: 20,000 hosts and roles with 15 tests each, samples once a minute, beside the same ingest without it.
 *
 *     npm run build:server && node --expose-gc test/health/cost.mjs [--hosts 5000] [--roles 15000] [--seconds 60]
 */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { openEngine } from '../../dist-modules/engine/index.js'
import { createHealth } from '../../dist-modules/health/index.js'
import { openStore } from '../../dist-modules/metrics/index.js'

const { values: args } = parseArgs({
  options: {
    hosts: { type: 'string', default: '5000' },
    roles: { type: 'string', default: '15000' },
    seconds: { type: 'string', default: '60' },
  },
})
const HOSTS = Number(args.hosts)
const ROLES = Number(args.roles)
const SECONDS = Number(args.seconds)
const SERVERS_PER_SERVICE = 5
const ROLE_METRICS = {
  unexpected_exits: 0,
  fd_open: 100,
  fd_max: 1e3,
  mem_swap: 0,
  web_metrics_collection_status: 1,
  web_metrics_collection_duration: 20,
  zookeeper_is_leader: 0,
  zookeeper_max_request_latency: 10,
  zookeeper_connections: 10,
  zookeeper_outstanding_requests: 0,
  zookeeper_jvm_pause_time: 10,
}
const HOST_METRICS = { total_swap_out: 5, total_oom_kills: 0, entropy_available: 256 }
const FILESYSTEM_METRICS = {
  capacity: 1e12,
  capacity_free: 5e11,
  inodes: 1e6,
  inodes_free: 5e5,
  filesystem_not_responding: 0,
}
const INTERFACE_METRICS = { total_frame_receive: 0, total_packets_receive: 1e6, slow_mode: 0 }
const logger = pino({ level: 'warn' })
const folder = await mkdtemp(join(tmpdir(), 'bellwether-health-'))
const engine = await openEngine({ dataDir: folder, logger, memoryLimitBytes: 15e8 })
// Without samples kept for queries: they would grow meanwhile, with health or without.
const store = await openStore({
  connection: engine.connection,
  logger,
  limits: { series: 3e6 },
  hot: { bytes: 0 },
})
try {
  const series = register(store)
  print({ series: series.length, hosts: HOSTS, roles: ROLES })
  await minute(store, series, 20)
  const without = await measure('without health', () => minute(store, series, SECONDS))
  const before = memory()
  const rssBefore = process.memoryUsage().rss
  const told = new Map()
  const held = []
  const health = createHealth({
    store: watched(store, held),
    logger,
    onChanges(changes) {
      for (const { entity, tests } of changes)
        for (const { test, from } of tests)
          if (from !== undefined && test === 'HOST_DNS_RESOLUTION')
            told.set(entity.identity, performance.now())
    },
  })
  await health.start()
  const started = performance.now()
  await health.setModel(model())
  await facts(health)
  await health.evaluate()
  print({ modelAndFirstEvaluationSeconds: seconds(started) })
  held.length = 0
  await minute(store, series, 20, health)
  // Of series that are new to it: the longest time, in milliseconds of processor time, that a listener held the others up.
  held.sort((a, b) => a - b)
  print({
    listenerCalls: held.length,
    medianListenerMs: round(held[held.length >> 1]),
    p99ListenerMs: round(held[Math.floor(held.length * 0.99)]),
    longestListenerMs: round(held.at(-1)),
  })
  const rss = process.memoryUsage().rss
  const withIt = await measure('with health', () => minute(store, series, SECONDS, health))
  print(await latency(store, told, () => minute(store, series, 60, health)))
  const evaluated = performance.now()
  await health.evaluate()
  const entities = health.results({ tests: false })
  const tests = entities.slice(0, 2e3).flatMap((each) => health.entity(each.category, each.identity).tests)
  print({
    evaluationSeconds: seconds(evaluated),
    entities: entities.length,
    good: entities.filter(({ summary }) => summary === 'GOOD').length,
    testsPerHost: tests.length / Math.min(2e3, entities.length),
    percentOfACoreMore: round(100 * (withIt.cpu - without.cpu)),
    enginePercentOfACoreMore: round(100 * (withIt.engine - without.engine)),
    heapMiBMore: round((memory() - before) / 2 ** 20),
    // While it works, and what is left after a collection.
    rssMiBMore: round((rss - rssBefore) / 2 ** 20),
    rssMiBMoreCollected: round((process.memoryUsage().rss - rssBefore) / 2 ** 20),
  })
  await health.stop()
} finally {
  await store.stop()
  await engine.stop()
  await rm(folder, { recursive: true, force: true })
}
/** Measures how long each call of its listener takes. */
function watched(store, held) {
  return Object.create(store, {
    onStored: {
      value: (listener) =>
        store.onStored((samples) => {
          const before = process.cpuUsage()
          listener(samples)
          const { user, system } = process.cpuUsage(before)
          held.push((user + system) / 1e3)
        }),
    },
  })
}
/** From the moment that a sample is stored until the change that it causes is told, while the others go on. */
async function latency({ catalogue, writer }, told, others) {
  const times = []
  let done = false
  const work = others().finally(() => {
    done = true
  })
  for (let i = 0; !done && i < HOSTS; i++) {
    // Nobody else sends this one.
    const name = `host-${(i * 7919) % HOSTS}`
    const entity = catalogue.findEntity('HOST', name)
    const series = catalogue.addSeries(catalogue.addMetric({ name: 'dns_resolution_status' }), entity.index)
    told.delete(name)
    await writer.write({
      length: 1,
      series: Uint32Array.of(series),
      time: Float64Array.of(Date.now()),
      value: Float64Array.of(0),
    })
    const stored = performance.now()
    while (!told.has(name) && performance.now() - stored < 60_000)
      await new Promise((resolve) => setTimeout(resolve, 5))
    times.push((told.get(name) ?? Number.POSITIVE_INFINITY) - stored)
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 1_000))
  }
  await work
  times.sort((a, b) => a - b)
  return {
    changes: times.length,
    medianMs: round(times[times.length >> 1]),
    longestMs: round(times.at(-1)),
  }
}
function register({ catalogue }) {
  const out = []
  const add = (category, name, attributes, metrics) => {
    const entity = catalogue.addEntity({ category, name, attributes })
    for (const [metric, value] of Object.entries(metrics))
      out.push({
        index: catalogue.addSeries(catalogue.addMetric({ name: metric }), entity),
        value,
        counts: metric === 'total_packets_receive',
      })
  }
  for (let h = 0; h < HOSTS; h++) {
    const hostId = `host-${h}`
    add('HOST', hostId, { hostId, hostname: `node${h}` }, HOST_METRICS)
    for (const mountpoint of ['/', '/data/1', '/data/2', '/var'])
      add('FILESYSTEM', `${hostId}:${mountpoint}`, { hostId, mountpoint }, FILESYSTEM_METRICS)
    for (const iface of ['eth0', 'eth1'])
      add('NETWORK_INTERFACE', `${hostId}:${iface}`, { hostId, iface }, INTERFACE_METRICS)
    for (const device of ['sda', 'sdb'])
      add('DISK', `${hostId}:${device}`, { hostId, device }, { await_time: 5 })
  }
  for (let r = 0; r < ROLES; r++)
    add('ROLE', `role-${r}`, { roleName: `role-${r}`, hostId: `host-${r % HOSTS}` }, ROLE_METRICS)
  return out
}
function model() {
  const services = Math.ceil(ROLES / SERVERS_PER_SERVICE)
  return {
    term: 1,
    version: 1,
    configs: {
      zk: { values: {}, paths: { log: ['/var/log/zk'], data: ['/data/1/zk'], dataLog: ['/data/2/zk'] } },
    },
    clusters: [{ identity: 'c', name: 'c' }],
    services: Array.from({ length: services }, (_, s) => ({
      identity: `zk-${s}`,
      name: `zk-${s}`,
      serviceName: `zk-${s}`,
      type: 'ZOOKEEPER',
      cluster: 'c',
      expected: 'RUNNING',
    })),
    hosts: Array.from({ length: HOSTS }, (_, h) => ({
      identity: `host-${h}`,
      name: `host-${h}`,
      hostname: `node${h}`,
      cluster: 'c',
    })),
    roles: Array.from({ length: ROLES }, (_, r) => ({
      identity: `role-${r}`,
      name: `role-${r}`,
      type: 'SERVER',
      service: `zk-${Math.floor(r / SERVERS_PER_SERVICE)}`,
      host: `host-${r % HOSTS}`,
      expected: 'RUNNING',
      config: 'zk',
    })),
  }
}
async function facts(health) {
  const at = Date.now()
  const body = JSON.stringify({
    term: 1,
    at,
    hosts: Array.from({ length: HOSTS }, (_, h) => ({
      identity: `host-${h}`,
      lastHeartbeat: at,
      clockOffsetMs: 3,
    })),
    roles: Array.from({ length: ROLES }, (_, r) => ({
      identity: `role-${r}`,
      state: 'RUNNING',
      startedAt: at - 36e5,
    })),
  })
  const response = await health.app.request('/health/facts', { method: 'POST', body })
  if (response.status !== 200) throw new Error(await response.text())
}
async function minute({ writer }, series, forSeconds, health) {
  const steps = forSeconds * 4
  const start = performance.now()
  for (let step = 0; step < steps; step++) {
    const from = Math.floor((series.length * (step % 240)) / 240)
    const to = Math.floor((series.length * ((step % 240) + 1)) / 240)
    const part =
      forSeconds < 60
        ? series.slice((series.length * step) / steps, (series.length * (step + 1)) / steps)
        : series.slice(from, to)
    const time = Date.now()
    await writer.write({
      length: part.length,
      series: Uint32Array.from(part, (each) => each.index),
      time: new Float64Array(part.length).fill(time),
      value: Float64Array.from(part, (each) => (each.counts ? each.value + (time % 1e9) / 1e6 : each.value)),
    })
    if (health && step % 60 === 59) await facts(health)
    const wait = start + 250 * (step + 1) - performance.now()
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
  }
}
async function measure(what, run) {
  const start = performance.now()
  const cpu = process.cpuUsage()
  const engineBefore = engineSeconds()
  await run()
  const { user, system } = process.cpuUsage(cpu)
  const elapsed = (performance.now() - start) / 1e3
  const result = { cpu: (user + system) / 1e6 / elapsed, engine: (engineSeconds() - engineBefore) / elapsed }
  print({ what, percentOfACore: round(100 * result.cpu), enginePercentOfACore: round(100 * result.engine) })
  return result
}
function engineSeconds() {
  const fields = readFileSync(`/proc/${engine.pid}/stat`, 'latin1').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}
function memory() {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
function seconds(since) {
  return round((performance.now() - since) / 1e3)
}
function round(value) {
  return Math.round(value * 100) / 100
}
function print(value) {
  process.stdout.write(`${JSON.stringify(value)}
`)
}
