import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { deflateSync, gzipSync } from 'node:zlib'
import { InfluxDB, Point } from '@influxdata/influxdb-client'
import SnappyJS from 'snappyjs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeNativeBatch, NATIVE_BATCH_CONTENT_TYPE } from '../../src/wire/native-batch.js'
import { otlpJson, remoteWrite, remoteWrite2, type Sent } from './support/encode.js'
import { post, startBench, type TestBench, type TestIngest } from './support/server.js'

let bench: TestBench
let main: TestIngest
beforeAll(async () => {
  bench = await startBench()
  main = await bench.start()
})
afterAll(() => bench?.cleanUp())

const T = Math.floor(Date.now() / 60_000) * 60_000 - 60_000
const NS = `${T}000000`
const about = async (prefix: string, from = main) =>
  (await from.rows()).filter((row) => row.metric.startsWith(prefix))

const PROMETHEUS = {
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
  'x-prometheus-remote-write-version': '0.1.0',
}
const GZIP = { 'content-encoding': 'gzip' }
const JSON_TYPE = { 'content-type': 'application/json' }
const snappy = (samples: Sent[]) => SnappyJS.compress(remoteWrite(samples))

describe('Influx', () => {
  test('/write and /api/v2/write store and answer 204', async () => {
    const v1 = await post(`${main.url}/write?db=x&precision=s`, `i1,host=a v=1,w=2 ${T / 1000}\n`)
    expect(v1).toMatchObject({ status: 204, text: '' })
    const v2 = await post(`${main.url}/api/v2/write?org=o&bucket=b&precision=ms`, `i1,host=b v=3 ${T}\n`)
    expect(v2).toMatchObject({ status: 204, text: '' })
    expect(await about('i1')).toEqual([
      { metric: 'i1_v', entity: 'hostname=a', time: T, value: 1 },
      { metric: 'i1_v', entity: 'hostname=b', time: T, value: 3 },
      { metric: 'i1_w', entity: 'hostname=a', time: T, value: 2 },
    ])
  })

  test('gzip and deflate', async () => {
    const gzip = { 'content-encoding': 'gzip' }
    expect((await post(`${main.url}/write`, gzipSync(`i2 a=1 ${NS}`), gzip)).status).toBe(204)
    const deflate = { 'content-encoding': 'deflate' }
    expect((await post(`${main.url}/write`, deflateSync(`i2 b=2 ${NS}`), deflate)).status).toBe(204)
    expect((await about('i2')).map((row) => row.value)).toEqual([1, 2])
  })

  test('a bad line: 400 with "partial write", the place and the reason; the good lines are stored', async () => {
    const body = `i3 v=1 ${NS}\ni3 v=oops ${NS}\ni3,h=x v=2 ${NS}\n`
    const v1 = await post(`${main.url}/write`, body)
    expect(v1.status).toBe(400)
    const answer = JSON.parse(v1.text)
    expect(answer.error).toMatch(/^partial write: 1 refused \(syntax 1\): line 2 \(byte \d+\): .* dropped=1$/)
    expect(answer).toMatchObject({ refused: 1, reasons: { syntax: 1 } })
    expect(answer.refusals[0]).toMatchObject({ position: 2, reason: 'syntax', excerpt: `i3 v=oops ${NS}` })
    expect((await about('i3')).map((row) => row.value)).toEqual([1, 2])

    const v2 = await post(`${main.url}/api/v2/write`, 'nonsense')
    expect(v2.status).toBe(400)
    expect(JSON.parse(v2.text)).toMatchObject({
      code: 'invalid',
      message: expect.stringMatching(/^partial write: /),
    })
  })

  test('the same body again is not stored again; the same body with another precision is', async () => {
    const body = `i4 v=1 ${T}\n`
    for (let k = 0; k < 3; k++) expect((await post(`${main.url}/write?precision=ms`, body)).status).toBe(204)
    expect(await about('i4')).toHaveLength(1)
    expect((await post(`${main.url}/write?precision=ns`, body)).status).toBe(400)
  })

  test('samples out of order and twice: each is there once, the last value of a time holds; one of the future is refused', async () => {
    const at = (seconds: number, value: number) => `disorder v=${value} ${T + seconds * 1000}000000`
    const day = 86_400
    expect(
      (await post(`${main.url}/write`, [at(30, 3), at(10, 1), at(30, 3), at(20, 2)].join('\n'))).status,
    ).toBe(204)
    const future = await post(`${main.url}/write`, [at(-day, 9), at(10, 7), at(day, 8)].join('\n'))
    expect([future.status, JSON.parse(future.text).reasons]).toEqual([400, { 'time-future': 1 }])
    const result = await main.store.client.query({
      query: `SELECT toUnixTimestamp64Milli(ts) - ${T} AS ms, v FROM samples FINAL
        WHERE metric = ${main.store.catalogue.findMetric('disorder_v')!.id} ORDER BY ts`,
      format: 'JSONCompactEachRow',
    })
    expect((await result.json<[string, number]>()).map(([ms, value]) => [Number(ms) / 1000, value])).toEqual([
      [-day, 9],
      [10, 7],
      [20, 2],
      [30, 3],
    ])
  })

  test('the same line without a time is a new sample each time', async () => {
    for (let k = 0; k < 3; k++) {
      expect((await post(`${main.url}/write`, 'i5 v=1')).status).toBe(204)
      await sleep(3)
    }
    expect(await about('i5')).toHaveLength(3)
  })

  test('the official client: points, default times, gzip, and no resend of a partial write', async () => {
    const failures: string[] = []
    const client = new InfluxDB({ url: main.url, token: 'any' })
    const write = client.getWriteApi('org', 'bucket', 'ms', {
      gzipThreshold: 100,
      maxRetries: 3,
      // Returning a promise takes over the handling: nothing is logged.
      writeFailed: async (error) => {
        failures.push(error.message)
      },
    })
    for (let k = 0; k < 50; k++)
      write.writePoint(
        new Point('i6')
          .tag('host', 'it is, a=b')
          .tag('cpu', `${k}`)
          .floatField('load', k / 3)
          .intField('n', k)
          .uintField('u', k)
          .booleanField('up', true)
          .stringField('note', 'a "quoted", text\nin two lines')
          .timestamp(T + k),
      )
    await write.flush()
    expect(failures).toEqual([])
    const stored = await about('i6')
    expect(stored).toHaveLength(200)
    expect(stored.find((row) => row.metric === 'i6_load' && row.time === T + 7)).toMatchObject({
      entity: 'cpu=7,hostname=it is\\, a\\=b',
      value: 7 / 3,
    })

    write.writeRecord(`i6b v=1 ${T}`)
    write.writeRecord('i6b v=oops')
    await write.close().catch(() => undefined)
    expect(failures).toHaveLength(1)
    expect(failures[0]).toMatch(/partial write/)
    expect(await about('i6b')).toHaveLength(1)
  })

  test('/ping answers, and /query lets Telegraf create its database', async () => {
    const ping = await fetch(`${main.url}/ping`)
    expect([ping.status, ping.headers.get('x-influxdb-version')]).toEqual([204, '1.8-bellwether'])
    expect((await fetch(`${main.url}/ping`, { method: 'HEAD' })).status).toBe(204)
    const created = await fetch(`${main.url}/query?q=${encodeURIComponent('CREATE DATABASE "telegraf"')}`, {
      method: 'POST',
    })
    expect([created.status, await created.json()]).toEqual([200, { results: [{ statement_id: 0 }] }])
    const form = new URLSearchParams({ q: 'CREATE DATABASE "telegraf"' })
    expect((await fetch(`${main.url}/query`, { method: 'POST', body: form })).status).toBe(200)
    const shown = await fetch(`${main.url}/query?q=SHOW+DATABASES`)
    expect(await shown.json()).toMatchObject({ results: [{ series: [{ columns: ['name'], values: [] }] }] })
    expect((await fetch(`${main.url}/query?q=SELECT`)).status).toBe(400)
    const endless = new URLSearchParams({ q: 'x'.repeat(100_000) })
    expect((await fetch(`${main.url}/query`, { method: 'POST', body: endless })).status).toBe(413)
  })

  test('/health says pass, as InfluxDB 1.8 and 2 do', async () => {
    const health = await fetch(`${main.url}/health`)
    expect([health.status, await health.json()]).toEqual([200, expect.objectContaining({ status: 'pass' })])
  })

  test('a precision that is unknown', async () => {
    const answer = await post(`${main.url}/write?precision=parsec`, 'm v=1')
    expect([answer.status, JSON.parse(answer.text).error]).toEqual([400, expect.stringContaining('parsec')])
    expect((await post(`${main.url}/api/v2/write?precision=h`, 'm v=1')).status).toBe(400)
  })
})

describe('Prometheus remote write', () => {
  const sample = (metric: string, value: number, time = T): Sent => ({
    metric,
    labels: { job: 'j' },
    time,
    value,
  })

  test('stores and answers 204, once for a resent request', async () => {
    const body = snappy([sample('p1_total', 5), sample('p1', 0.5), sample('p1', 1, T + 1)])
    for (let k = 0; k < 2; k++)
      expect(await post(`${main.url}/api/v1/write`, body, PROMETHEUS)).toMatchObject({
        status: 204,
        text: '',
      })
    expect(await about('p1')).toEqual([
      { metric: 'p1', entity: 'job=j', time: T, value: 0.5 },
      { metric: 'p1', entity: 'job=j', time: T + 1, value: 1 },
      { metric: 'p1_total', entity: 'job=j', time: T, value: 5 },
    ])
    expect(main.store.catalogue.findMetric('p1_total')!.isCounter).toBe(true)
  })

  test('a series that is refused: 400 with the place, so that it is not sent again; the others are stored', async () => {
    const answer = await post(
      `${main.url}/api/v1/write`,
      snappy([sample('p2', 1), sample('', 2), sample('p2b', 3)]),
      PROMETHEUS,
    )
    expect(answer.status).toBe(400)
    expect(answer.text).toMatch(
      /^partial write: 1 refused \(name 1\): series 2 \(byte \d+\): the metric has no name/,
    )
    expect(await about('p2')).toHaveLength(2)
  })

  test('2.0: says what it has written, also when nothing was', async () => {
    const headers = {
      ...PROMETHEUS,
      'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
    }
    const written = 'x-prometheus-remote-write-samples-written'
    const body = SnappyJS.compress(remoteWrite2([sample('p3', 1), sample('p3b', 2)]))
    const stored = await post(`${main.url}/api/v1/write`, body, headers)
    expect([stored.status, stored.headers[written]]).toEqual([204, '2'])
    expect(stored.headers['x-prometheus-remote-write-histograms-written']).toBe('0')
    expect(await about('p3')).toHaveLength(2)
    const partial = await post(
      `${main.url}/api/v1/write`,
      SnappyJS.compress(remoteWrite2([sample('', 1), sample('p3c', 2)])),
      headers,
    )
    expect([partial.status, partial.headers[written]]).toEqual([400, '1'])
    const broken = await post(`${main.url}/api/v1/write`, snappy([sample('p3', 1)]), headers)
    expect([broken.status, broken.headers[written]]).toEqual([400, '0'])
    const unknown = {
      ...headers,
      'content-type': 'application/x-protobuf;proto=io.prometheus.write.v3.Request',
    }
    expect((await post(`${main.url}/api/v1/write`, body, unknown)).status).toBe(415)
  })

  test.each<[string, Uint8Array, Record<string, string>, number]>([
    ['another content type', Buffer.from('{}'), { 'content-type': 'application/json' }, 415],
    ['no content type', Buffer.from('x'), { 'content-encoding': 'snappy' }, 415],
    ['gzip', gzipSync('x'), { ...PROMETHEUS, 'content-encoding': 'gzip' }, 415],
    ['broken snappy', Buffer.from('not snappy at all'), PROMETHEUS, 400],
    ['snappy of something else', SnappyJS.compress(Buffer.from('not protobuf')), PROMETHEUS, 400],
    ['an empty body', Buffer.alloc(0), PROMETHEUS, 400],
  ])('%s', async (_, body, headers, status) => {
    const answer = await post(`${main.url}/api/v1/write`, body, headers)
    expect(answer.status).toBe(status)
    expect(answer.text).not.toBe('')
  })
})

describe('native', () => {
  const headers = { 'content-type': NATIVE_BATCH_CONTENT_TYPE }
  const batch = (metric: string, series = [0, 0]) =>
    encodeNativeBatch({
      sender: 'agent on n1',
      metrics: [{ name: metric }],
      entities: [{ category: 'HOST', name: 'n1', attributes: { hostname: 'n1' } }],
      seriesMetric: Uint32Array.of(0),
      seriesEntity: Uint32Array.of(0),
      sampleSeries: Uint32Array.from(series),
      sampleTime: Float64Array.from(series, (_, k) => T + k),
      sampleValue: Float64Array.from(series, (_, k) => k),
    })

  test('stores, tells what it did, and knows a resent batch', async () => {
    const body = batch('n1')
    const first = await post(`${main.url}/ingest/native`, body, headers)
    expect([first.status, JSON.parse(first.text)]).toEqual([
      200,
      { samples: 2, duplicate: false, refused: 0, reasons: {}, refusals: [] },
    ])
    const again = await post(`${main.url}/ingest/native`, gzipSync(body), {
      ...headers,
      'content-encoding': 'gzip',
    })
    expect(JSON.parse(again.text)).toMatchObject({ duplicate: true })
    expect(await about('n1')).toHaveLength(2)
    expect(main.ingest.senders()).toContainEqual(
      expect.objectContaining({ sender: 'agent on n1', protocol: 'native', requests: 2 }),
    )
  })

  test('a batch refused in part is 200, so that the agent lets go of it', async () => {
    const answer = await post(`${main.url}/ingest/native`, batch('n2', [0, 7]), headers)
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      200,
      expect.objectContaining({ samples: 1, refused: 1, reasons: { syntax: 1 } }),
    ])
  })

  test('anything else is 415 or 400', async () => {
    expect(
      (await post(`${main.url}/ingest/native`, batch('n3'), { 'content-type': 'text/plain' })).status,
    ).toBe(415)
    expect((await post(`${main.url}/ingest/native`, batch('n3').subarray(8), headers)).status).toBe(400)
  })
})

describe('Ambari and collectd', () => {
  const json = { 'content-type': 'application/json' }
  test('Ambari: 200, with the errors of what was refused', async () => {
    const metrics = [
      { metricname: 'amb', hostname: 'a1', appid: 'x', metrics: { [T]: 1, [T + 1]: 2 } },
      { metricname: 'amb', metrics: { [T]: 'x' } },
    ]
    const url = `${main.url}/ws/v1/timeline/metrics`
    const good = await post(url, JSON.stringify({ metrics: metrics.slice(0, 1) }), json)
    expect([good.status, JSON.parse(good.text)]).toEqual([200, { errors: [] }])
    const partial = await post(url, JSON.stringify({ metrics }), json)
    expect([partial.status, JSON.parse(partial.text).refused]).toEqual([200, 1])
    expect((await about('amb')).map((row) => row.entity)).toContain('appid=x,hostname=a1')
    expect((await post(url, 'x', json)).status).toBe(400)
    expect((await post(url, '{}', { 'content-type': 'text/xml' })).status).toBe(415)
    expect(await (await fetch(`${url}/livenodes`)).json()).toEqual(['127.0.0.1'])
  })

  test('collectd: 204, or 400 with what was refused', async () => {
    const list = {
      values: [3],
      dstypes: ['gauge'],
      dsnames: ['value'],
      time: T / 1000,
      host: 'c1',
      plugin: 'coll',
      type: 'coll',
    }
    expect((await post(`${main.url}/collectd`, JSON.stringify([list]), json)).status).toBe(204)
    const partial = await post(`${main.url}/collectd`, JSON.stringify([list, 1]), json)
    expect([partial.status, JSON.parse(partial.text).refused]).toEqual([400, 1])
    expect((await about('coll'))[0]).toMatchObject({ entity: 'hostname=c1', time: T, value: 3 })
  })
})

const inFlight = async ({ registry }: TestIngest): Promise<number> =>
  Number(/^bellwether_ingest_in_flight_bytes (\d+)/m.exec(await registry.metrics())?.[1])

describe('limits and faults', () => {
  let small: TestIngest
  beforeAll(async () => {
    small = await bench.start({
      bodyBytes: 10_000,
      decodedBytes: 100_000,
      samplesPerRequest: 50,
    })
  })
  const line = `l v=1 ${NS}\n`

  test('a body beyond its limit is 413, announced or not', async () => {
    const big = 'x'.repeat(10_001)
    const announced = await post(`${small.url}/write`, big)
    expect([announced.status, JSON.parse(announced.text).error]).toEqual([
      413,
      expect.stringContaining('bodyBytes'),
    ])
    async function* pieces() {
      for (let k = 0; k < 20; k++) yield Buffer.alloc(1000, 120)
    }
    expect((await post(`${small.url}/write`, pieces(), { 'transfer-encoding': 'chunked' })).status).toBe(413)
  })

  test('a decompression bomb stops at the bound', async () => {
    const bomb = gzipSync(Buffer.alloc(9_000_000, 32))
    expect(bomb.length).toBeLessThan(10_000)
    const answer = await post(`${small.url}/write`, bomb, { 'content-encoding': 'gzip' })
    expect([answer.status, JSON.parse(answer.text).error]).toEqual([
      413,
      expect.stringContaining('decodedBytes'),
    ])
    const snappyBomb = Uint8Array.from([0xff, 0xff, 0xff, 0x7f, 0, 1])
    expect((await post(`${small.url}/api/v1/write`, snappyBomb, PROMETHEUS)).status).toBe(413)
  })

  test('broken gzip is 400', async () => {
    const cut = gzipSync(line.repeat(10)).subarray(0, 30)
    for (const body of [cut, Buffer.from('not gzip')]) {
      const answer = await post(`${small.url}/write`, body, { 'content-encoding': 'gzip' })
      expect([answer.status, JSON.parse(answer.text).error]).toEqual([400, expect.stringContaining('gzip')])
    }
  })

  test('an encoding that is not taken, a content type of another protocol: 415', async () => {
    expect((await post(`${small.url}/write`, line, { 'content-encoding': 'br' })).status).toBe(415)
    for (const type of ['application/json', 'application/x-protobuf', 'multipart/form-data'])
      expect((await post(`${small.url}/write`, line, { 'content-type': type })).status).toBe(415)
  })

  test('another method is 405 and says which one', async () => {
    for (const path of ['/write', '/api/v2/write', '/api/v1/write', '/ingest/native']) {
      const answer = await fetch(small.url + path)
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST'])
      expect((await post(small.url + path, line, {}, 'PUT')).status).toBe(405)
    }
  })

  test('a body without a length is 411', async () => {
    const socket = connect(Number(new URL(small.url).port), '127.0.0.1')
    socket.write('POST /write HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    const [data] = await once(socket, 'data')
    expect(String(data)).toMatch(/^HTTP\/1.1 411 /)
    socket.destroy()
  })

  test('more samples than a request may have: 413, and nothing of it is stored', async () => {
    const body = Array.from({ length: 60 }, (_, k) => `lim v=${k} ${T + k}000000`).join('\n')
    expect((await post(`${small.url}/write`, body)).status).toBe(413)
    expect(await about('lim', small)).toEqual([])
  })

  test('a body that comes too slowly is cut off with 408, others are not held up', async () => {
    const hurried = await bench.start({ bodySeconds: 3 })
    let answered = false
    async function* drip() {
      while (!answered) {
        yield Buffer.from('x')
        await sleep(100)
      }
    }
    const slow = post(`${hurried.url}/write`, drip(), { 'content-length': '100000' })
      .catch((error: Error) => error)
      .finally(() => {
        answered = true
      })
    expect((await post(`${hurried.url}/write`, line)).status).toBe(204)
    const answer = await slow
    if (!(answer instanceof Error)) expect(answer.status).toBe(408)
  })

  test('slow loris: many bodies that are announced large and hardly come keep nobody out', async () => {
    const victim = await bench.start({ inFlightBytes: 5_000_000 })
    const port = Number(new URL(victim.url).port)
    const sockets = Array.from({ length: 300 }, () => {
      const socket = connect(port, '127.0.0.1').on('error', () => undefined)
      socket.write('POST /write HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 30000000\r\n\r\nslow v=1\n')
      return socket
    })
    try {
      await expect.poll(() => inFlight(victim), { timeout: 60_000 }).toBeGreaterThanOrEqual(300 * 9)
      expect((await post(`${victim.url}/write`, line.repeat(10))).status).toBe(204)
    } finally {
      for (const socket of sockets) socket.destroy()
    }
  })

  test('slow loris: the bodies of one address take half of the memory, and others are served', async () => {
    const victim = await bench.start({ inFlightBytes: 2_000_000 })
    const port = Number(new URL(victim.url).port)
    const sockets = Array.from({ length: 12 }, () => {
      const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' }).on(
        'error',
        () => undefined,
      )
      socket.write('POST /write HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 150000\r\n\r\n')
      socket.write('x'.repeat(140_000))
      return socket
    })
    try {
      await Promise.race(sockets.map((socket) => once(socket, 'data')))
      expect(await inFlight(victim)).toBeLessThanOrEqual(1_000_000)
      expect((await post(`${victim.url}/write`, line.repeat(10_000))).status).toBe(204)
    } finally {
      for (const socket of sockets) socket.destroy()
    }
  })

  test('a connection survives early answers, and a sender that breaks off does no harm', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const send = (path: string, body: string) =>
      new Promise<number>((resolve, reject) => {
        request(`${small.url}${path}`, { agent, method: 'POST' }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode!))
        })
          .on('error', reject)
          .end(body)
      })
    expect(await send('/write?precision=parsec', line.repeat(300))).toBe(400)
    expect(await send('/write', line)).toBe(204)
    agent.destroy()

    const socket = connect(Number(new URL(small.url).port), '127.0.0.1')
    socket.write(`POST /write HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n${line}`)
    await sleep(50)
    socket.destroy()
    expect((await post(`${small.url}/write`, line)).status).toBe(204)
  })

  test('too much at a time: 503 with Retry-After, and room again afterwards', async () => {
    const tight = await bench.start({ inFlightBytes: 5_000 })
    const refused = await post(`${tight.url}/write`, 'x'.repeat(6_000))
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1'])
    const gzip = gzipSync(' '.repeat(100_000))
    expect((await post(`${tight.url}/write`, gzip, { 'content-encoding': 'gzip' })).status).toBe(503)
    for (let k = 0; k < 20; k++) expect((await post(`${tight.url}/write`, line)).status).toBe(204)
    expect(await tight.registry.getSingleMetricAsString('bellwether_ingest_in_flight_bytes')).toMatch(
      /bytes 0$/,
    )
  })

  test('a full store: 503 with Retry-After; what was acknowledged is there, nothing else', async () => {
    const full = await bench.start({}, { limits: { bufferBytes: 1000 } })
    const body = (h: number) =>
      Array.from({ length: 100 }, (_, k) => `full,h=${h} v=${k} ${T + k}000000`).join('\n')
    const answers = await Promise.all([0, 1, 2, 3, 4].map((h) => post(`${full.url}/write`, body(h))))
    const refused = answers.filter((answer) => answer.status === 503)
    expect(refused.length).toBeGreaterThan(0)
    for (const answer of refused) expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    const acknowledged = answers.flatMap((answer, h) => (answer.status === 204 ? [`h=${h}`] : []))
    expect(acknowledged.length).toBe(5 - refused.length)
    const rows = await full.rows()
    expect(rows).toHaveLength(100 * acknowledged.length)
    expect([...new Set(rows.map((row) => row.entity))].sort()).toEqual(acknowledged)
  })

  test('the engine away: 503 with Retry-After in every protocol, and nothing is acknowledged', async () => {
    const dying = await startBench(true)
    try {
      const cut = await dying.start({}, { tuning: { retryMs: 200 } })
      expect((await post(`${cut.url}/write`, `gone v=0 ${NS}`)).status).toBe(204)
      await dying.stopEngine()
      const remote = snappy([{ metric: 'gone', labels: {}, time: T, value: 1 }])
      const answers = [
        await post(`${cut.url}/write`, `gone v=1 ${NS}`),
        await post(`${cut.url}/api/v2/write`, `gone v=2 ${NS}`),
        await post(`${cut.url}/api/v1/write`, remote, PROMETHEUS),
        await post(
          `${cut.url}/v1/metrics`,
          otlpJson([{ metric: 'gone', labels: {}, time: T, value: 3 }]),
          JSON_TYPE,
        ),
      ]
      for (const answer of answers) {
        expect(answer.status).toBe(503)
        expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
        expect(answer.text).toContain('samples cannot be stored')
      }
    } finally {
      await dying.cleanUp()
    }
  })

  test('series beyond the limit of the catalogue: 400, the known ones go on', async () => {
    const limited = await bench.start({}, { limits: { series: 2 } })
    const body = Array.from({ length: 4 }, (_, k) => `s,k=${k} v=${k} ${NS}`).join('\n')
    const answer = await post(`${limited.url}/write`, body)
    expect(answer.status).toBe(400)
    expect(JSON.parse(answer.text)).toMatchObject({ reasons: { 'catalogue-limit': 2 } })
    expect(JSON.parse(answer.text).error).toContain('--max-series')
    expect(await limited.rows()).toHaveLength(2)
  })

  test('stopping: what is under way is finished, new requests get 503', async () => {
    const ending = await bench.start()
    const last = request(`${ending.url}/write`, {
      method: 'POST',
      headers: { 'content-length': line.length },
    })
    const answered = once(last, 'response')
    last.write(line.slice(0, 5))
    await expect.poll(() => inFlight(ending), { timeout: 60_000 }).toBeGreaterThan(0)
    const stopped = ending.ingest.stop()
    last.end(line.slice(5))
    const [response] = await answered
    expect(response.resume().statusCode).toBe(204)
    await stopped
    const late = await post(`${ending.url}/write`, line)
    expect([late.status, late.headers['retry-after']]).toEqual([503, '5'])
    await ending.ingest.stop()
  })

  test('what happened is counted', async () => {
    const own = await bench.start()
    await post(`${own.url}/write`, `c v=1,w="s" ${NS}\nbad\n`, { 'x-bellwether-sender': 'me' })
    const metrics = await own.registry.metrics()
    expect(metrics).toContain('bellwether_ingest_requests_total{protocol="influx",code="400"} 1')
    expect(metrics).toContain('bellwether_ingest_samples_total{protocol="influx"} 1')
    expect(metrics).toContain('bellwether_ingest_refused_total{protocol="influx",reason="syntax"} 1')
    expect(metrics).toContain('bellwether_ingest_skipped_total{protocol="influx",what="string"} 1')
    expect(own.ingest.senders()).toEqual([
      expect.objectContaining({ sender: 'me', protocol: 'influx', requests: 1, samples: 1, refused: 1 }),
    ])
  })
})

test('requests at the same time, some of them broken, do not mix up their bodies', async () => {
  const senders = 12
  const rounds = 8
  let sent = 0
  await Promise.all(
    Array.from({ length: senders }, async (_, sender) => {
      for (let round = 0; round < rounds; round++) {
        const lines = 200 + ((sender * 7 + round * 13) % 10) * 150
        const value = sender * 1000 + round
        const line = (i: number) =>
          `mix,sender=s${sender},pad=${'x'.repeat(40)} value=${value}i ${(T - 1000 - i) * 1e6 + round}`
        const text = `${Array.from({ length: lines }, (_, i) => line(i * rounds + round)).join('\n')}\n`
        if (round % 3 === 2) {
          // Each way in which a body's memory is given back early.
          expect((await post(`${main.url}/write`, gzipSync(text).subarray(0, 90), GZIP)).status).toBe(400)
          expect((await post(`${main.url}/api/v1/write`, Buffer.from(text), PROMETHEUS)).status).toBe(400)
        }
        const answer =
          round % 2
            ? await post(`${main.url}/write`, gzipSync(text), GZIP)
            : await post(`${main.url}/write`, text)
        expect(answer).toMatchObject({ status: 204 })
        sent += lines
      }
    }),
  )
  const rows = await about('mix')
  expect(rows.length).toBe(sent)
  const wrong = rows.filter((row) => !row.entity.includes(`sender=s${Math.floor(row.value / 1000)}`))
  expect(wrong).toEqual([])
})

test('a body that comes slowly keeps its memory while others come and go', async () => {
  const text = (sender: string, round: number) =>
    `${Array.from({ length: 1500 }, (_, i) => `slow,sender=${sender},pad=${'x'.repeat(30)} value=${round} ${(T - i) * 1e6 + round * 3e12}`).join('\n')}\n`
  const agent = new Agent({ keepAlive: true })
  for (let round = 0; round < 3; round++) {
    const before = post(`${main.url}/write`, text('before', -round))
    await sleep(round)
    const body = Buffer.from(text('slow', -round))
    const slow = request(`${main.url}/write`, {
      method: 'POST',
      agent,
      headers: { 'content-length': body.length },
    })
    const answered = once(slow, 'response')
    slow.write(body.subarray(0, 100_000))
    expect((await before).status).toBe(204)
    await sleep(20)
    expect((await post(`${main.url}/write`, text('after', -round))).status).toBe(204)
    slow.end(body.subarray(100_000))
    const [response] = await answered
    response.resume()
    expect(response.statusCode).toBe(204)
  }
  agent.destroy()
  const rows = await about('slow')
  for (const sender of ['before', 'slow', 'after'])
    expect(rows.filter((row) => row.entity.includes(`sender=${sender}`)).length).toBe(3 * 1500)
})
