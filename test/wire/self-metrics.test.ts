import fc from 'fast-check'
import { Counter, Gauge, Histogram, Registry, Summary } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { encodeNativeBatch } from '../../src/wire/native-batch.js'
import {
  foldMetricName,
  selfMetrics,
  selfMetricsBatch,
  startSelfMetrics,
} from '../../src/wire/self-metrics.js'
import { decodeBatch, recordingLogger, startReceiver, until } from '../agent/support.js'

const source = (registry: Registry) => ({ registry, roleType: 'MONITOR', hostname: 'node1' })

async function valuesOf(registry: Registry): Promise<Record<string, number>> {
  const { samples } = await selfMetrics(source(registry))
  return Object.fromEntries(samples.map(({ metric, value }) => [metric.name, value]))
}

describe('metrics of a process of ours', () => {
  it('are of its ROLE entity', async () => {
    const registry = new Registry()
    expect((await selfMetrics({ ...source(registry), hostId: 'h1' })).entity).toEqual({
      category: 'ROLE',
      name: 'mgmt-MONITOR-node1',
      identity: 'mgmt-MONITOR-h1',
      displayName: 'MONITOR (node1)',
      attributes: {
        serviceType: 'MGMT',
        serviceName: 'mgmt',
        serviceDisplayName: 'Management Service',
        roleType: 'MONITOR',
        roleName: 'mgmt-MONITOR-node1',
        hostname: 'node1',
        hostId: 'h1',
      },
    })
  })

  it('of a manager are of its CMSERVER entity', async () => {
    const { entity } = await selfMetrics({ ...source(new Registry()), roleType: 'MANAGER' })
    expect(entity).toEqual({
      category: 'CMSERVER',
      name: 'CMSERVER:node1',
      displayName: 'CMSERVER:node1',
      attributes: { hostname: 'node1' },
    })
  })

  it('keep the sum of a labelled counter and its parts, the first sixteen of them', async () => {
    const registry = new Registry()
    const registers = [registry]
    const counter = new Counter({
      name: 'http_requests_total',
      help: 'h',
      labelNames: ['method', 'code'],
      registers,
    })
    counter.inc({ method: 'GET', code: 200 }, 3)
    counter.inc({ method: 'POST', code: 503 }, 4)
    expect(await valuesOf(registry)).toEqual({
      http_requests_total: 7,
      http_requests_total_get_200: 3,
      http_requests_total_post_503: 4,
    })
    for (let code = 0; code < 1000; code++) counter.inc({ method: 'GET', code: 1000 + code })
    const values = await valuesOf(registry)
    expect(Object.keys(values)).toHaveLength(17)
    expect(values.http_requests_total).toBe(1007)
  })

  it('do not add up gauges, leave buckets out, keep sums, counts and quantiles, and drop what is no number', async () => {
    const registry = new Registry()
    const registers = [registry]
    const gauge = new Gauge({ name: 'queue', help: 'h', labelNames: ['kind'], registers })
    gauge.set({ kind: 'a' }, 1)
    gauge.set({ kind: 'b' }, 2)
    new Gauge({ name: 'broken', help: 'h', registers }).set(Number.NaN)
    new Histogram({ name: 'insert_seconds', help: 'h', buckets: [1, 2], registers }).observe(1.5)
    new Summary({ name: 'query_seconds', help: 'h', percentiles: [0.5, 0.99], registers }).observe(2)
    expect(await valuesOf(registry)).toEqual({
      queue_a: 1,
      queue_b: 2,
      insert_seconds_sum: 1.5,
      insert_seconds_count: 1,
      query_seconds_p50: 2,
      query_seconds_p99: 2,
      query_seconds_sum: 2,
      query_seconds_count: 1,
    })
  })

  it('have units where their names tell, and say what is a counter', async () => {
    const registry = new Registry()
    const registers = [registry]
    new Counter({ name: 'cpu_seconds_total', help: 'CPU.', registers }).inc(1)
    new Gauge({ name: 'heap_bytes', help: 'Heap.', registers }).set(1)
    const { samples } = await selfMetrics(source(registry))
    expect(samples.map(({ metric }) => metric)).toEqual([
      expect.objectContaining({ name: 'cpu_seconds_total', unitNumerators: ['seconds'], isCounter: true }),
      expect.objectContaining({ name: 'heap_bytes', unitNumerators: ['bytes'], isCounter: false }),
    ])
  })

  it('have names that tsquery takes, whatever they were', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        const name = foldMetricName(text)
        expect(name).toMatch(/^[a-z]+[a-z0-9]*(_[a-z0-9]+)*$/)
        expect(foldMetricName(name)).toBe(name)
        expect(name.length).toBeLessThanOrEqual(122)
      }),
    )
    expect(foldMetricName('nodejs:Heap-Size')).toBe('nodejs_heap_size')
  })

  it('become a batch', async () => {
    const registry = new Registry()
    new Gauge({ name: 'a', help: 'h', registers: [registry] }).set(5)
    new Gauge({ name: 'b', help: 'h', registers: [registry] }).set(6)
    const batch = await selfMetricsBatch({ ...source(registry), time: 1_700_000_000_000 })
    const { samples } = decodeBatch(encodeNativeBatch(batch))
    const common = { category: 'ROLE', entity: 'mgmt-MONITOR-node1', time: 1_700_000_000_000 }
    expect(samples).toEqual([
      { ...common, metric: 'a', value: 5 },
      { ...common, metric: 'b', value: 6 },
    ])
  })

  it('are posted every interval, through a monitor that refuses for a while', async () => {
    const registry = new Registry()
    const counter = new Counter({ name: 'n_total', help: 'h', registers: [registry] })
    const { logger, lines } = recordingLogger()
    // Until it is said.
    const receiver = await startReceiver((response) => {
      counter.inc()
      response.statusCode = lines.length === 0 ? 503 : 200
      response.end()
    })
    const options = { ...source(registry), monitorUrl: receiver.url, intervalMs: 50, logger }
    const pusher = startSelfMetrics(options)
    await until(() => receiver.received.length >= 4, 'four batches')
    await until(() => lines.length === 2, 'both to be said')
    await pusher.stop()
    await pusher.stop()
    const count = receiver.received.length
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(receiver.received.length).toBe(count)
    expect(lines.map(({ level }) => level)).toEqual([40, 30])
    const stamps = receiver.received.map(({ body }) => decodeBatch(body).samples[0]!.time)
    expect(stamps.every((stamp) => stamp % 50 === 0)).toBe(true)
  })

  it('are sent again in a moment when the monitor was away; nothing is said of one that ends shortly before', async () => {
    const registry = new Registry()
    new Counter({ name: 'c', help: 'h', registers: [registry] }).inc()
    const answers = [200, 503, 200]
    const receiver = await startReceiver((response) => {
      response.statusCode = answers.shift() ?? 503
      response.end()
    })
    const { logger, lines } = recordingLogger()
    const pusher = startSelfMetrics({
      ...{ ...source(registry), monitorUrl: receiver.url, logger },
      intervalMs: 400,
    })
    await until(() => receiver.received.length === 4, 'a batch that is refused, and again, and one for good')
    const [first, refused, again] = receiver.received.map(({ body }) => decodeBatch(body).samples[0]!.time)
    expect(refused).toBeGreaterThan(first!)
    expect(again).toBe(refused)
    await pusher.stop()
    expect(lines).toEqual([])
  })
})
