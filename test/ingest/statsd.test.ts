import { createSocket } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseStatsd } from '../../src/ingest/formats/statsd.js'
import { createStatsdWindow } from '../../src/ingest/formats/statsd-window.js'
import { DEFAULT_LIMITS } from '../../src/ingest/limits.js'
import { contextFor } from './support/decode.js'
import { received, startBench, type TestBench } from './support/server.js'

/** Problems of the lines, and what each window stores. */
function windows(...packets: string[]) {
  const window = createStatsdWindow(DEFAULT_LIMITS)
  const problems: string[] = []
  const { catalogue } = contextFor()
  const flushed = packets.map((packet) => {
    for (const line of packet.split('\n')) {
      const parsed = parseStatsd(line)
      const problem = typeof parsed === 'object' ? window.add(parsed) : parsed
      if (problem !== undefined) problems.push(problem)
    }
    const context = contextFor(catalogue)
    window.flush()(context)
    return context.samples().map((s) => [s.metric, s.entityName, s.value])
  })
  return { problems, flushed }
}

test('counters are running totals, with their sample rate', () => {
  const { flushed } = windows('a.b:1|c\na.b:2|c|@0.5\na.b:3:4|c', 'a.b:-2|c', '_e{1,1}:x|y')
  expect(flushed).toEqual([[['a_b', 'custom', 12]], [['a_b', 'custom', 10]], []])
})

test('gauges keep their last value; a sign makes them relative', () => {
  expect(windows('g:5|g\ng:+3|g\ng:-1.5|g', 'g:0|g\ng:-4|g').flushed).toEqual([
    [['g', 'custom', 6.5]],
    [['g', 'custom', -4]],
  ])
})

test('sets count distinct members of the window', () => {
  expect(windows('s:a|s\ns:b|s\ns:a|s', 's:a|s').flushed).toEqual([
    [['s', 'custom', 2]],
    [['s', 'custom', 1]],
  ])
})

test('timers: running count and sum, and figures of the window', () => {
  const first = Array.from({ length: 100 }, (_, k) => `t:${k + 1}|ms`).join('\n')
  expect(Object.fromEntries(windows(first).flushed[0]!.map(([name, , value]) => [name, value]))).toEqual({
    t_count: 100,
    t_sum: 5050,
    t_min: 1,
    t_max: 100,
    t_mean: 50.5,
    t_p50: 50,
    t_p90: 90,
    t_p99: 99,
  })
  const second = windows('t:10|h', 't:30|d|@0.1').flushed[1]!
  expect(second.slice(0, 3)).toEqual([
    ['t_count', 'custom', 11],
    ['t_sum', 'custom', 310],
    ['t_min', 'custom', 30],
  ])
})

test('tags of DogStatsD and of InfluxDB are labels', () => {
  expect(windows('a:1|c|#host:x,env:p:q,flag\nb,host=y,env=z:2|g').flushed[0]).toEqual([
    ['a', 'env=p:q,flag=true,hostname=x', 1],
    ['b', 'env=z,hostname=y', 2],
  ])
})

test.each([
  'nonsense',
  ':1|c',
  'a:1',
  'a:1|x',
  'a:x|c',
  'a:|g',
  'a:1|c|@0',
  'a:1|c|@2',
  'a:1|c|@x',
  'a:nan|g',
  'a:inf|ms',
])('%s is refused', (line) => {
  const { problems, flushed } = windows(`${line}\ngood:1|g`)
  expect(problems).toHaveLength(1)
  expect(flushed[0]!.filter(([name]) => name === 'good')).toEqual([['good', 'custom', 1]])
})

test('metrics are bounded, and forgotten when nobody sends them', () => {
  const window = createStatsdWindow({ ...DEFAULT_LIMITS, statsdMetrics: 10 })
  const add = (line: string) =>
    window.add(parseStatsd(line) as Exclude<ReturnType<typeof parseStatsd>, string | undefined>)
  for (let k = 0; k < 10; k++) expect(add(`m${k}:1|c`)).toBeUndefined()
  expect(add('m10:1|c')).toMatch(/statsdMetrics/)
  for (let k = 0; k < 400; k++) window.flush()
  expect(window.size).toBe(0)
})

test('any line at all is taken or refused', () => {
  const pieces = fc.constantFrom(
    'a',
    ':',
    '|',
    'c',
    'ms',
    'g',
    's',
    '@',
    '#',
    ',',
    '=',
    '1',
    '-',
    '.',
    'e',
    '0',
    '☃',
    '\0',
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
      const { flushed } = windows(parts.join(''))
      for (const [, , value] of flushed[0]!) expect(Number.isFinite(value)).toBe(true)
    }),
    { numRuns: 10_000 },
  )
})

describe('over UDP', () => {
  let bench: TestBench
  beforeAll(async () => {
    bench = await startBench()
  })
  afterAll(() => bench?.cleanUp())

  test('windows are stored, the last one by the stop', async () => {
    const { ingest, rows } = await bench.start({ statsdSeconds: 0.2 })
    const { port } = await ingest.listenStatsd('127.0.0.1', 0)
    const socket = createSocket('udp4')
    const send = (text: string) => new Promise((resolve) => socket.send(text, port, '127.0.0.1', resolve))
    await send('hits:2|c|#host:a\nhits:x|c\nhits:1|c|#host:a')
    const deadline = Date.now() + 60_000
    while ((await rows()).length === 0 && Date.now() < deadline) await sleep(50)
    expect((await rows()).map((row) => [row.metric, row.entity, row.value])).toEqual([
      ['hits', 'hostname=a', 3],
    ])
    await send('hits:4|c|#host:a')
    await received()
    await ingest.stop()
    await ingest.stop()
    expect((await rows()).map((row) => row.value)).toEqual([3, 7])
    socket.close()
  })
})
