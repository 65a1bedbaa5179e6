import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import { serve } from '@hono/node-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createQueryApi } from '../../src/query/index.js'
import type { ErrorBody } from '../../src/wire/timeseries.js'
import { ColumnsDecodeError, decodeTimeSeriesColumns } from '../../src/wire/timeseries-columns.js'
import { host, openQueryBed, pointsOf, type QueryBed, quiet, withLimits } from './support.js'

let bed: QueryBed
const T = Date.UTC(2026, 0, 5, 12)
const SERIES = 60
const STEPS = 10_000
const window = { from: T, to: T + STEPS * 1000 }

beforeAll(async () => {
  bed = await openQueryBed()
  const metric = bed.catalogue.addMetric({ name: 'busy' })
  const series = Array.from({ length: SERIES }, (_, i) =>
    bed.catalogue.addSeries(metric, bed.catalogue.addEntity(host(`h${i}`))),
  )
  for (let start = 0; start < STEPS; start += 5_000) {
    const length = 5_000 * SERIES
    await bed.store.writer.write({
      length,
      series: Uint32Array.from({ length }, (_, i) => series[i % SERIES] as number),
      time: Float64Array.from({ length }, (_, i) => T + (start + Math.floor(i / SERIES)) * 1000),
      value: Float64Array.from({ length }, (_, i) => Math.sin(i)),
    })
  }
}, 120_000)
afterAll(() => bed.cleanUp())

/** A stand-in for the way to ClickHouse: passes requests on, and cuts every answer from the nth on after its first bytes. */
async function cutting(nth: number) {
  const target = new URL(bed.store.connection.url)
  let requests = 0
  const server = createServer((request, response) => {
    const cut = ++requests >= nth
    const behind = httpRequest(
      {
        host: target.hostname,
        port: target.port,
        path: request.url,
        method: request.method ?? 'POST',
        headers: request.headers,
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.on('data', (chunk: Buffer) => {
          response.write(chunk)
          if (cut) response.destroy()
        })
        answer.on('end', () => response.end())
        answer.on('error', () => response.destroy())
      },
    )
    behind.on('error', () => response.destroy())
    request.pipe(behind)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const connection = { ...bed.store.connection, url: `http://127.0.0.1:${port}` }
  const store = {
    catalogue: bed.catalogue,
    client: bed.store.client,
    database: bed.store.database,
    connection,
  }
  return {
    api: createQueryApi({ store, logger: quiet, limits: { chunkPoints: 100_000 } }),
    close: () => server.close(),
  }
}

const parameters = (contentType: string) =>
  new URLSearchParams({
    query: 'select busy, dt(busy)',
    from: String(window.from),
    to: String(window.to),
    contentType,
    mustUseDesiredRollup: 'true',
  })

describe('when the metrics database fails half-way', () => {
  test('before the first bytes: 503', async () => {
    const { api, close } = await cutting(1)
    const response = await api.app.request(`/api/v45/timeseries?${parameters('application/json')}`)
    expect(response.status).toBe(503)
    await api.stop()
    close()
  })
  test('afterwards: columns end with the error, JSON with the connection', async () => {
    const { api, close } = await cutting(5)
    const server = serve({ fetch: api.app.fetch, port: 0, hostname: '127.0.0.1' })
    await new Promise((resolve) => server.once('listening', resolve))
    const origin = `http://127.0.0.1:${(server.address() as { port: number }).port}/api/v45/timeseries`
    const columns = await fetch(`${origin}?${parameters('application/x-bellwether-columns')}`)
    expect(columns.status).toBe(200)
    const bytes = new Uint8Array(await columns.arrayBuffer())
    expect(() => decodeTimeSeriesColumns(bytes)).toThrow(ColumnsDecodeError)
    expect(() => decodeTimeSeriesColumns(bytes)).toThrow(/does not answer/)
    await api.stop()
    server.close()
    close()

    const second = await cutting(5)
    const other = serve({ fetch: second.api.app.fetch, port: 0, hostname: '127.0.0.1' })
    await new Promise((resolve) => other.once('listening', resolve))
    const address = `http://127.0.0.1:${(other.address() as { port: number }).port}/api/v45/timeseries`
    const json = await fetch(`${address}?${parameters('application/json')}`)
    expect(json.status).toBe(200)
    await expect(json.text()).rejects.toThrow()
    await second.api.stop()
    other.close()
    second.close()
  })
})

describe('limits of time', () => {
  test('a query that takes too long ends with 504 and what to do', async () => {
    const small = withLimits(bed, { seconds: 0.02 })
    const response = await small.get({
      query: 'select stddev(busy), avg(busy); select busy + busy, dt(busy)',
      from: String(window.from),
      to: String(window.to),
      streamLimit: '1000',
    })
    expect([response.status, ((await response.json()) as ErrorBody).code]).toEqual([504, 'TIME_LIMIT'])
    await small.api.stop()
  })
  test('a pattern that takes too long is stopped with its place', async () => {
    await bed.put('named', host(`${'a'.repeat(200)}!`), [[T, 1]])
    const query = `select named where hostname rlike "(a|aa)+\\1*(b|\\1)+\\1+c"`
    const started = performance.now()
    const { status, body } = await bed.refusal(query)
    expect(performance.now() - started).toBeLessThan(20_000)
    if (status === 400) expect(query.slice(body.problems?.[0]?.offset)).toMatch(/^"\(a\|aa/)
    else expect(status).toBe(200)
  })
  test('a reader that takes nothing any more is let go, and its turn goes on', async () => {
    const one = withLimits(bed, { concurrent: 1, seconds: 4, chunkPoints: 50_000 })
    const server = serve({ fetch: one.api.app.fetch, port: 0, hostname: '127.0.0.1' })
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    const request = httpRequest({
      host: '127.0.0.1',
      port,
      path: `/api/v45/timeseries?${parameters('application/json')}`,
    })
    request.end()
    // It has begun: the only turn is its own.
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    request.on('error', () => undefined)
    response.pause()
    const stalled = new Promise<boolean>((resolve) => {
      response.on('error', () => undefined)
      response.on('close', () => resolve(response.complete))
    })
    const next = await one.ask('select last(busy) where hostname = h1', window)
    expect(next.timeSeries).toHaveLength(1)
    // What is in the buffers already comes first; then the cut is seen.
    response.resume()
    expect(await stalled).toBe(false)
    await one.api.stop()
    server.close()
  })
  test('queries that wait for their turn get it', async () => {
    const one = withLimits(bed, { concurrent: 1 })
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => one.ask('select last(busy) where hostname = h1', window)),
    )
    for (const answer of answers) expect(Object.keys(pointsOf(answer))).toEqual(['h1'])
    await one.api.stop()
  })
  test('after stop nothing hangs', async () => {
    const own = withLimits(bed, {})
    const running = own.get({ query: 'select busy', from: String(window.from), to: String(window.to) })
    await own.api.stop()
    const response = await running
    expect([200, 503]).toContain(response.status)
    expect((await own.get({ query: 'select busy' })).status).toBe(503)
  })
})

describe('records', () => {
  test('numbers among the attributes of queries and applications are compared', async () => {
    const application = (name: string, duration: string, type: string) => ({
      category: 'YARN_APPLICATION',
      name,
      attributes: { applicationDuration: duration, applicationType: type, service_name: 'yarn' },
    })
    await bed.put('allocated_vcore_seconds', application('a1', '6000', 'SPARK'), [[T, 1]])
    await bed.put('allocated_vcore_seconds', application('a2', '400', 'TEZ'), [[T, 2]])
    await bed.put('allocated_vcore_seconds', host('no application'), [[T, 3]])
    const names = async (where: string) =>
      Object.keys(
        pointsOf(await bed.ask(`select allocated_vcore_seconds from YARN_APPLICATIONS${where}`, window)),
      ).sort()
    expect(await names('')).toEqual(['a1', 'a2'])
    expect(await names(' where application_duration > 5s')).toEqual(['a1'])
    expect(await names(' where application_type != SPARK and serviceName = yarn')).toEqual(['a2'])
    expect(await names(' where application_duration <= 400.0')).toEqual(['a2'])
    const warningsOf = async (query: string) => (await bed.ask(query, window)).warnings
    expect(await warningsOf('select * from IMPALA_QUERIES where user = x')).toEqual([
      'Nobody has sent any IMPALA_QUERIES: entities of the category IMPALA_QUERY.',
    ])
    expect(await warningsOf('select * from YARN_APPLICATIONS where user = x')).toEqual([])
    expect(await warningsOf('select busy from ENTITY_DATA where hostname = nosuch')).toEqual([
      'No entity has the hostname “nosuch”.',
    ])
  })
})
