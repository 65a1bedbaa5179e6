import { describe, expect, test } from 'vitest'
import { createAmbariDecoder } from '../../src/ingest/formats/ambari.js'
import { createCollectdDecoder } from '../../src/ingest/formats/collectd.js'
import { DEFAULT_LIMITS } from '../../src/ingest/limits.js'
import { contextFor, NOW } from './support/decode.js'

type Decode = (body: Uint8Array, context: ReturnType<typeof contextFor>) => void

function run(decode: Decode, value: unknown, context = contextFor()) {
  decode(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), context)
  return context
}

describe('Ambari', () => {
  const ambari = createAmbariDecoder(DEFAULT_LIMITS)

  test('points, labels, type and units as its sinks send them', () => {
    const context = run(createAmbariDecoder(DEFAULT_LIMITS), {
      metrics: [
        {
          metricname: 'jvm.JvmMetrics.MemHeapUsedM',
          appid: 'namenode',
          hostname: 'nn1',
          instanceid: '',
          timestamp: NOW,
          starttime: NOW,
          units: 'MB',
          type: 'COUNTER',
          metrics: { [NOW]: 1.5, [NOW - 10_000]: 9007199254740992, [NOW - 20_000]: null },
        },
      ],
    })
    expect(context.samples().map((s) => [s.metric, s.entityName, NOW - s.time, s.value])).toEqual([
      ['jvm_jvmmetrics_memheapusedm', 'appid=namenode,hostname=nn1', 0, 1.5],
      ['jvm_jvmmetrics_memheapusedm', 'appid=namenode,hostname=nn1', 10_000, 9007199254740992],
    ])
    expect(context.catalogue.metrics[0]).toMatchObject({ isCounter: true, unitNumerators: ['MB'] })
    expect(Object.fromEntries(context.outcome.skipped)).toEqual({ nan: 1 })
  })

  test('what is bad is refused by itself', () => {
    const context = run(ambari, {
      metrics: [
        { metricname: 'good', metrics: { [NOW]: 1 } },
        7,
        { metricname: 'no points' },
        { metricname: '', metrics: { [NOW]: 1, [NOW - 1]: 1 } },
        { metricname: 'bad points', metrics: { x: 1, [NOW]: 'x', [NOW + 1e9]: 1, 5: 1, '-5': 1 } },
        { metricname: 'good', metrics: { [NOW]: 2 } },
      ],
    })
    expect(context.samples().map((s) => s.value)).toEqual([1, 2])
    expect(Object.fromEntries(context.outcome.byReason)).toEqual({
      syntax: 5,
      name: 2,
      'time-future': 1,
      'time-past': 1,
    })
    expect(context.outcome.list.map((refusal) => refusal.position)).toEqual([2, 3, 4, 5, 5, 5, 5, 5])
  })
})

describe('collectd', () => {
  const collectd = createCollectdDecoder(DEFAULT_LIMITS)
  const list = (over: object) => ({
    values: [1, 2],
    dstypes: ['derive', 'derive'],
    dsnames: ['rx', 'tx'],
    time: NOW / 1000,
    interval: 10,
    host: 'h1',
    plugin: 'interface',
    plugin_instance: 'eth0',
    type: 'if_octets',
    type_instance: '',
    ...over,
  })

  test('data sources are metrics of their own', () => {
    const context = run(createCollectdDecoder(DEFAULT_LIMITS), [
      list({}),
      list({
        plugin: 'load',
        type: 'load',
        dsnames: ['shortterm', 'midterm'],
        dstypes: ['gauge', 'gauge'],
        plugin_instance: '',
      }),
      list({ plugin: 'df', type: 'df_complex', values: [1] }),
    ])
    expect(context.samples().map((s) => [s.metric, s.entityName, s.value])).toEqual([
      ['interface_if_octets_rx', 'hostname=h1,plugin_instance=eth0', 1],
      ['interface_if_octets_tx', 'hostname=h1,plugin_instance=eth0', 2],
      ['load_shortterm', 'hostname=h1', 1],
      ['load_midterm', 'hostname=h1', 2],
      ['df_complex_rx', 'hostname=h1,plugin_instance=eth0', 1],
    ])
    expect(context.catalogue.metrics.map((m) => m.isCounter)).toEqual([true, true, false, false, true])
  })

  test('what is bad is refused by itself', () => {
    const context = run(collectd, [
      list({ values: [1, null] }),
      'x',
      list({ values: 'x' }),
      list({ time: 'now' }),
      list({ values: ['1', 3] }),
      list({ plugin: '', type: '', dsnames: [] }),
      list({ time: 5, values: [4] }),
    ])
    expect(context.samples().map((s) => s.value)).toEqual([1, 3])
    expect(Object.fromEntries(context.outcome.byReason)).toEqual({ syntax: 4, name: 2, 'time-past': 1 })
  })
})

describe.each([
  ['Ambari', createAmbariDecoder(DEFAULT_LIMITS)],
  ['collectd', createCollectdDecoder(DEFAULT_LIMITS)],
] as [string, Decode][])('%s', (_, decode) => {
  test.each(['', 'x', '{', '1', 'null', '"x"', '[[', '{"metrics":{}}', '{"a":[]}'])(
    '%j is malformed',
    (text) => {
      expect(() => run(decode, text)).toThrow(expect.objectContaining({ name: 'MalformedBodyError' }))
    },
  )

  test('JSON as deep as the limit allows neither crashes nor hangs', () => {
    const deep = (open: string, close: string) => open.repeat(100_000) + close.repeat(100_000)
    for (const text of [deep('[', ''), deep('[', ']'), deep('{"a":', ''), `{"metrics":${deep('[', ']')}}`])
      try {
        expect(run(decode, text).columns.length).toBe(0)
      } catch (error) {
        expect((error as Error).name).toBe('MalformedBodyError')
      }
  })

  test('JSON beyond its limit is refused before it is parsed', () => {
    expect(() => run(decode, ' '.repeat(101), contextFor(undefined, { jsonBytes: 100 }))).toThrow(/jsonBytes/)
  })
})
