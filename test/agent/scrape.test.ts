import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { createServer } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createCheckFailures } from '../../src/agent/check-failures.js'
import { createCounters } from '../../src/agent/collectors/index.js'
import { createScrapeCollector } from '../../src/agent/scrape/index.js'
import { parseSelector, readPrometheus } from '../../src/agent/scrape/prometheus.js'
import { createReader } from '../../src/agent/scrape/scrape.js'
import type { MetricEndpoint, MetricRule } from '../../src/wire/heartbeat.js'
import { collectOnce, recordingLogger } from './support.js'

const read = (page: string, ...selectors: string[]) => [
  ...readPrometheus(
    Buffer.from(page),
    selectors.map((one) => parseSelector(one)!),
  ),
]

describe('the Prometheus text format', () => {
  const page = `# HELP jvm_memory_used_bytes Used
# TYPE jvm_memory_used_bytes gauge
jvm_memory_used_bytes{area="heap",pool="old"} 1.5e3
jvm_memory_used_bytes{area="heap",pool="new",} 500 1700000000000
jvm_memory_used_bytes{area="nonheap"} 7
  requests_total   12
odd{path="a\\"b\\\\c\\nd,}",other = "1"} 3 # {trace="x"} 1
bad_one{path="unclosed 4
bad_value twelve
inf_one +Inf
last 9`

  it('gives sums of the series that match', () => {
    expect(
      read(
        page,
        'jvm_memory_used_bytes',
        'jvm_memory_used_bytes{area="heap"}',
        'jvm_memory_used_bytes{area="heap",pool="new"}',
        'requests_total',
        'last',
        'inf_one',
      ),
    ).toEqual([2007, 2000, 500, 12, 9, Number.POSITIVE_INFINITY])
  })

  it('reads escapes, exemplars, spaces; passes over lines that are wrong, and finds nothing for what is not there', () => {
    expect(
      read(
        page,
        'odd{path="a\\"b\\\\c\\nd,}"}',
        'odd{other="1"}',
        'bad_one',
        'bad_value',
        'jvm_memory',
        'jvm_memory_used_bytes{area="x"}',
      ),
    ).toEqual([3, 3, NaN, NaN, NaN, NaN])
  })

  it('finds every sample again that it is given, whatever bytes are around it', () => {
    const name = fc.stringMatching(/^[a-z_]{1,12}$/)
    const sample = fc.tuple(
      name,
      fc.dictionary(name, fc.string(), { maxKeys: 3 }),
      fc.double({ noNaN: true }),
    )
    const escaped = (text: string) => text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')
    fc.assert(
      fc.property(
        fc.uniqueArray(sample, { selector: ([one]) => one, maxLength: 20 }),
        fc.string(),
        (samples, noise) => {
          const labels = (all: Record<string, string>) =>
            `{${Object.entries(all)
              .map(([key, value]) => `${key}="${escaped(value)}"`)
              .join(',')}}`
          const text = samples.map(([one, all, value]) => `${one}${labels(all)} ${value}`).join('\n')
          const noisy = `#${noise.replaceAll('\n', '')}\n${text}\n`
          const found = read(noisy, ...samples.map(([one, all]) => `${one}${labels(all)}`))
          samples.forEach(([, , value], i) => void expect(found[i]).toBe(value === 0 ? found[i] : value))
        },
      ),
    )
  })

  it('is taken whole where there are no rules: labels become part of names, and counters are told from gauges', () => {
    const taken = createReader(
      'prometheus',
      [],
    )(
      Buffer.from(`# HELP http_requests_total Requests
# TYPE http_requests_total counter
http_requests_total{code="200"} 5
http_requests_total{code="500"} 2
# TYPE Heap_Used gauge
Heap_Used 7
# TYPE wait_seconds histogram
wait_seconds_bucket{le="1"} 1
wait_seconds_bucket{le="+Inf"} 3
wait_seconds_sum 4.5
wait_seconds_count 3
untyped{a="x"} 1
nan NaN
`),
    )
    expect(taken.map(({ metric, value }) => [metric.name, value, metric.isCounter])).toEqual([
      ['http_requests_total', 7, true],
      ['http_requests_total_200', 5, true],
      ['http_requests_total_500', 2, true],
      ['heap_used', 7, false],
      ['wait_seconds_sum', 4.5, true],
      ['wait_seconds_count', 3, true],
      ['untyped_x', 1, false],
    ])
  })

  it('never fails on any bytes', () => {
    const selectors = [parseSelector('a')!, parseSelector('b{c="d"}')!]
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        (bytes) => void readPrometheus(Buffer.from(bytes), selectors),
      ),
    )
  })

  it('takes no selector that is none', () => {
    for (const text of ['', '{a="b"}', 'a{', 'a{b}', 'a{b=c}', 'a b'])
      expect(parseSelector(text), text).toBeUndefined()
  })
})

const rule = (context: string, name: string, more: Partial<MetricRule> = {}): MetricRule => ({
  context,
  metric: { name },
  ...more,
})
const values = (type: MetricEndpoint['type'], page: string, rules: MetricRule[]) =>
  Object.fromEntries(
    createReader(type, rules)(Buffer.from(page)).map(({ metric, value }) => [metric.name, value]),
  )

describe('pages of roles', () => {
  it('JMX: attributes, composites, beans by pattern', () => {
    const page = JSON.stringify({
      beans: [
        { name: 'java.lang:type=Memory', HeapMemoryUsage: { used: 5, max: 10 } },
        {
          name: 'Hadoop:service=NameNode,name=FSNamesystem',
          CapacityTotal: 7,
          'tag.HAState': 'active',
          Flag: true,
          Text: 'x',
        },
        { name: 'Hadoop:service=NameNode,name=RpcActivityForPort8020', RpcQueueTimeAvgTime: 0.5 },
      ],
    })
    expect(
      values('jmx', page, [
        rule('java.lang:type=Memory::HeapMemoryUsage::used', 'heap_used', { scale: 1024 }),
        rule('Hadoop:service=NameNode,name=FSNamesystem::CapacityTotal', 'capacity'),
        rule('Hadoop:service=NameNode,name=FSNamesystem::tag.HAState', 'is_active', {
          valueMap: { active: 1, standby: 0 },
        }),
        rule('Hadoop:service=NameNode,name=FSNamesystem::Flag', 'flag'),
        rule('Hadoop:service=NameNode,name=FSNamesystem::Text', 'none'),
        rule('Hadoop:service=NameNode,name=RpcActivityForPort*::RpcQueueTimeAvgTime', 'rpc_queue'),
        rule('Hadoop:service=*::RpcQueueTimeAvgTime', 'not_over_a_comma'),
        rule('nonsense', 'nonsense'),
      ]),
    ).toEqual({ heap_used: 5120, capacity: 7, is_active: 1, flag: 1, rpc_queue: 0.5 })
  })

  it('JMX of Hadoop: JSON in texts, members added up and counted, ages of times', () => {
    const volume = (numBlocks: number) => ({ usedSpace: 1, freeSpace: 2, reservedSpace: 0, numBlocks })
    const page = JSON.stringify({
      beans: [
        {
          name: 'Hadoop:service=NameNode,name=NameNodeInfo',
          NameDirStatuses: JSON.stringify({
            active: { '/dfs/nn1': 'IMAGE_AND_EDITS' },
            failed: { '/dfs/nn2': 'IMAGE_AND_EDITS' },
          }),
          NameJournalStatus: '[{ broken',
        },
        {
          name: 'Hadoop:service=NameNode,name=FSNamesystem',
          LastCheckpointTime: Date.now() - 90_000,
          Never: 0,
        },
        {
          name: 'Hadoop:service=DataNode,name=DataNodeInfo',
          VolumeInfo: JSON.stringify({ '/data/1': volume(5), '/data/2': volume(7), '/data/3': {} }),
          XceiverCount: 3,
        },
      ],
    })
    const nameNode = 'Hadoop:service=NameNode,name='
    const dataNode = 'Hadoop:service=DataNode,name=DataNodeInfo::'
    const found = values('jmx', page, [
      rule(`${nameNode}NameNodeInfo::NameDirStatuses::failed`, 'failed', { as: 'count' }),
      rule(`${nameNode}NameNodeInfo::NameDirStatuses`, 'kinds', { as: 'count' }),
      rule(`${nameNode}NameNodeInfo::NameJournalStatus::*::manager`, 'broken', { as: 'count' }),
      rule(`${nameNode}FSNamesystem::LastCheckpointTime`, 'age', { as: 'age' }),
      rule(`${nameNode}FSNamesystem::Never`, 'never', { as: 'age' }),
      rule(`${nameNode}FSNamesystem::LastCheckpointTime`, 'no_members', { as: 'count' }),
      rule(`${dataNode}VolumeInfo::*::numBlocks`, 'blocks'),
      rule(`${dataNode}VolumeInfo::*::nothing`, 'nothing'),
      rule(`${dataNode}XceiverCount`, 'transceivers'),
    ])
    expect(found).toEqual({ failed: 1, kinds: 2, age: expect.any(Number), blocks: 12, transceivers: 3 })
    expect(found.age).toBeGreaterThanOrEqual(90)
    expect(found.age).toBeLessThan(1000)
  })

  it('JSON by path, and mntr with its texts', () => {
    const json = '{"a":{"b.c":[{"d":"12"}]},"n":null}'
    expect(
      values('json', json, [rule('a::b.c::0::d', 'd'), rule('n', 'n'), rule('a::__proto__', 'p')]),
    ).toEqual({ d: 12 })
    const mntr = 'zk_version\t3.8.0\nzk_server_state\tleader\nzk_avg_latency\t0.5\nzk_max_latency\t12\n'
    expect(
      values('mntr', mntr, [
        rule('zk_avg_latency', 'avg'),
        rule('zk_server_state', 'leads', { valueMap: { leader: 1 } }),
        rule('zk_version', 'v'),
      ]),
    ).toEqual({ avg: 0.5, leads: 1 })
  })
})

describe('endpoints of roles', () => {
  async function listen(server: Server): Promise<number> {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    return (server.address() as AddressInfo).port
  }
  const endpoint = (name: string, more: object) => ({
    name,
    timeoutMs: 30_000,
    maxBytes: 1000,
    rules: 'set',
    ...more,
  })
  const rules = [
    rule('zk_value', 'value'),
    rule('value', 'value2', {
      metric: { name: 'requests_count', isCounter: true, unitNumerators: ['requests'] },
    }),
  ]

  function collector(metrics: object[], waitMs: number) {
    const { logger, lines } = recordingLogger()
    const processes = metrics.map((one, i) => ({ id: i + 1, metrics: [one] }))
    const entities = processes.map(({ id }) => ({ category: 'ROLE', name: `role${id}`, attributes: {} }))
    const counters = createCounters()
    const failures = createCheckFailures()
    const made = createScrapeCollector({
      roles: () => processes.map((process, i) => ({ process: process as never, entity: entities[i]! })),
      rulesOf: (name) => (name === 'set' ? rules : undefined),
      counters,
      failures,
      logger,
      waitMs,
    })
    const round = async () => {
      const found = await collectOnce(made)
      counters.sweep()
      return found
    }
    return { round, lines, failures, processes }
  }

  it('one that hangs, one that is too large and one that is away delay no other', async () => {
    const hanging = await listen(createServer(() => {}))
    const mntr = await listen(createServer((socket) => socket.on('data', () => socket.end('zk_value\t7\n'))))
    const large = createHttpServer((_, response) => response.end('x'.repeat(5000)))
    const largePort = await listen(large)
    const { round, lines, failures, processes } = collector(
      [
        endpoint('a', { type: 'mntr', host: '127.0.0.1', port: hanging, timeoutMs: 100_000 }),
        endpoint('b', { type: 'mntr', host: '127.0.0.1', port: mntr }),
        endpoint('c', { type: 'prometheus', url: `http://127.0.0.1:${largePort}/` }),
        endpoint('d', { type: 'jmx', url: 'http://127.0.0.1:1/jmx' }),
      ],
      500,
    )
    // A round waits for half a second; what has not answered by then is in a later one.
    const found = new Map<string, number>()
    while (![2, 3, 4].every((i) => found.has(`role${i} web_metrics_collection_status`))) {
      const began = performance.now()
      for (const [name, value] of await round()) found.set(name, value)
      expect(performance.now() - began).toBeLessThan(30_000)
    }
    expect(found.get('role2 value')).toBe(7)
    expect([2, 3, 4].map((i) => found.get(`role${i} web_metrics_collection_status`))).toEqual([1, 0, 0])
    expect(found.has('role1 web_metrics_collection_status')).toBe(false)
    expect(lines.map(({ msg }) => msg)).toHaveLength(2)
    // Why it failed goes with the process.
    expect([3, 4].map((id) => failures.of(id).length)).toEqual([1, 1])
    processes.length = 2
    await round()
    expect([3, 4].map((id) => failures.of(id).length)).toEqual([0, 0])
  })

  it('gives counters with their rates, as one reading after the other has it', async () => {
    let value = 100
    const server = createHttpServer((_, response) => response.end(`value ${(value += 50)}\n`))
    const port = await listen(server)
    const { round } = collector(
      [endpoint('a', { type: 'prometheus', url: `http://127.0.0.1:${port}/metrics` })],
      30_000,
    )
    const first = await round()
    expect(first.get('role1 requests_count')).toBe(150)
    expect(first.has('role1 requests_rate')).toBe(false)
    const second = await round()
    expect(second.get('role1 requests_count')).toBe(200)
    expect(second.get('role1 requests_rate')).toBeGreaterThan(0)
  })
})
