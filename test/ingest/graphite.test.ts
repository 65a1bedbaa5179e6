import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGraphiteDecoder } from '../../src/ingest/formats/graphite.js'
import { DEFAULT_LIMITS } from '../../src/ingest/limits.js'
import { contextFor, NOW } from './support/decode.js'
import { type Row, received, startBench, type TestBench } from './support/server.js'

const SECONDS = NOW / 1000

function decode(text: string) {
  const context = contextFor()
  createGraphiteDecoder(DEFAULT_LIMITS)(Buffer.from(text), context)
  return context
}

test('a path without tags: its last part is the metric, the rest is the attribute path', () => {
  const { samples } = decode(`servers.a1.cpu.user 5 ${SECONDS}\nload 0.5 ${SECONDS}\n`)
  expect(samples().map((s) => [s.metric, s.entityName, s.attributes, s.value])).toEqual([
    ['user', 'path=servers.a1.cpu', { path: 'servers.a1.cpu' }, 5],
    ['load', 'custom', {}, 0.5],
  ])
})

test('a path with tags is the metric as a whole', () => {
  const { samples } = decode(`disk.used;host=a;mount=/var 1e9 ${SECONDS}`)
  expect(samples()[0]).toMatchObject({ metric: 'disk_used', attributes: { hostname: 'a', mount: '/var' } })
})

test.each([
  ['1.5', 1.5],
  ['-3', -3],
  ['1e3', 1000],
  ['.5', 0.5],
  ['12345678901234567890', 12345678901234567890n],
  ['5.', 5],
  ['-0.001', -0.001],
  ['123456.789012345', 123456.789012345],
  ['0.1234567890123456789', 0.12345678901234568],
  ['+7', 7],
])('value %s', (text, value) =>
  expect(decode(`m ${text} ${SECONDS}`).samples()[0]!.value).toBe(Number(value)),
)

test('times: seconds, fractions, now; blanks, tabs, CRLF and empty lines', () => {
  const context = decode(`m 1 ${SECONDS}\r\n\r\nm\t2\t${SECONDS}.25\n  m  3  -1  \nm 4 N\n`)
  expect(context.samples().map((s) => [s.value, s.time - NOW])).toEqual([
    [1, 0],
    [2, 250],
    [3, 0],
    [4, 0],
  ])
  expect(context.outcome.timesMissing).toBe(2)
})

test.each([
  ['a path alone', 'm', 'syntax'],
  ['no time', 'm 1', 'syntax'],
  ['too much', 'm 1 2 3', 'syntax'],
  ['a word for a value', 'm x 1', 'syntax'],
  ['a word for a time', 'm 1 x', 'syntax'],
  ['a dot for a value', `m . ${SECONDS}`, 'syntax'],
  ['a sign for a value', `m - ${SECONDS}`, 'syntax'],
  ['two dots', `m 1.2.3 ${SECONDS}`, 'syntax'],
  ['hexadecimal', `m 0x10 ${SECONDS}`, 'syntax'],
  ['an infinite value', `m inf ${SECONDS}`, 'value'],
  ['the future', `m 1 ${SECONDS + 7200}`, 'time-future'],
  ['the past', 'm 1 5', 'time-past'],
  ['a tag without a value', `m;a= 1 ${SECONDS}`, 'syntax'],
  ['a tag twice', `m;a=1;a=2 1 ${SECONDS}`, 'label-duplicate'],
  ['no name', `; 1 ${SECONDS}`, 'syntax'],
  ['nothing but dots', `... 1 ${SECONDS}`, 'name'],
  ['a long path', `${'x'.repeat(20_000)} 1 ${SECONDS}`, 'label-length'],
])('%s is refused, lines around it are not', (_, line, reason) => {
  const context = decode(`good 1 ${SECONDS}\n${line}\ngood 2 ${SECONDS}`)
  expect(context.samples().map((s) => s.value)).toEqual([1, 2])
  expect([...context.outcome.byReason]).toEqual([[reason, 1]])
  expect(context.outcome.list[0]!.position).toBe(2)
})

test('NaN is left out', () => {
  expect(Object.fromEntries(decode(`m nan ${SECONDS}`).outcome.skipped)).toEqual({ nan: 1 })
})

describe('over TCP', () => {
  let bench: TestBench
  beforeAll(async () => {
    bench = await startBench()
  })
  afterAll(() => bench?.cleanUp())
  const T = Math.floor(Date.now() / 1000) - 60

  async function eventually(rows: () => Promise<Row[]>, count: number): Promise<Row[]> {
    const deadline = Date.now() + 60_000
    for (;;) {
      const found = await rows()
      if (found.length >= count || Date.now() > deadline) return found
      await sleep(50)
    }
  }

  test('lines in pieces, several senders, a last line without an end', async () => {
    const { ingest, rows } = await bench.start()
    const { port } = await ingest.listenGraphite('127.0.0.1', 0)
    const one = connect(port, '127.0.0.1')
    one.write(`a.b;host=x 1 ${T}\na.b;ho`)
    await sleep(20)
    one.write(`st=x 2 ${T + 1}\nnonsense\n`)
    const two = connect(port, '127.0.0.1')
    two.end(`a.b;host=y 3 ${T}`)
    expect((await eventually(rows, 3)).map((row) => [row.metric, row.entity, row.time, row.value])).toEqual([
      ['a_b', 'hostname=x', T * 1000, 1],
      ['a_b', 'hostname=x', T * 1000 + 1000, 2],
      ['a_b', 'hostname=y', T * 1000, 3],
    ])
    // What is stored is there a moment before it is counted.
    await expect
      .poll(() => ingest.senders()[0], { timeout: 60_000 })
      .toMatchObject({ protocol: 'graphite', samples: 3, refused: 1 })
    one.destroy()
  })

  test('a last line without an end, cut off while the lines before it are being stored', async () => {
    const { ingest, rows } = await bench.start()
    const { port } = await ingest.listenGraphite('127.0.0.1', 0)
    const socket = connect(port, '127.0.0.1')
    socket.write(`cut 1 ${T}\ncut 2 ${T + 1}`)
    // Lines are gathered for 200 ms and then stored, which takes some more.
    await sleep(250)
    socket.end()
    expect(await eventually(rows, 2)).toHaveLength(2)
  })

  test('a line without an end closes the connection', async () => {
    const { ingest } = await bench.start({ labelSetBytes: 1000 })
    const { port } = await ingest.listenGraphite('127.0.0.1', 0)
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write('x'.repeat(5000))
    await once(socket, 'close')
  })

  test('a full store makes the sender wait; nothing is lost', async () => {
    const { ingest, rows } = await bench.start({}, { limits: { bufferBytes: 4000 } })
    const { port } = await ingest.listenGraphite('127.0.0.1', 0)
    await Promise.all(
      Array.from({ length: 4 }, async (_, sender) => {
        const socket = connect(port, '127.0.0.1')
        socket.end(Array.from({ length: 500 }, (_, k) => `q;s=${sender} ${k} ${T + k / 1000}`).join('\n'))
        await once(socket, 'close')
      }),
    )
    expect(await eventually(rows, 2000)).toHaveLength(2000)
  })

  test('a stop stores what was received, and may be called twice', async () => {
    const { ingest, rows } = await bench.start()
    const { port } = await ingest.listenGraphite('127.0.0.1', 0)
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    await new Promise((sent) => socket.write(`last;k=v 1 ${T}\n`, sent))
    await received()
    await ingest.stop()
    await ingest.stop()
    expect(await rows()).toHaveLength(1)
    await expect(once(connect(port, '127.0.0.1'), 'connect')).rejects.toThrow()
    socket.destroy()
  })
})
