import { serve } from '@hono/node-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createQueryApi } from '../../src/query/index.js'
import type { ErrorBody, TimeSeriesResponse } from '../../src/wire/timeseries.js'
import { decodeTimeSeriesColumns } from '../../src/wire/timeseries-columns.js'
import { shapeErrors } from './shape.js'
import { host, keepingLogger, only, openQueryBed, pointsOf, type QueryBed, withLimits } from './support.js'

let bed: QueryBed
const T = Date.UTC(2026, 0, 5, 12)
const window = { from: T, to: T + 600_000 }
const iso = (ms: number) => new Date(ms).toISOString()

beforeAll(async () => {
  bed = await openQueryBed()
  const definition = {
    name: 'bytes_receive_rate',
    unitNumerators: ['bytes'],
    unitDenominators: ['seconds'],
    aliases: ['bytes_in'],
  }
  for (const [name, base] of [
    ['id-1', 1],
    ['id-2', 2],
    ['id "3"', 3],
  ] as const)
    await bed.put(
      definition,
      {
        category: 'HOST',
        name,
        displayName: `node ${base}`,
        attributes: { hostname: `node-${base}`, hostId: name, rackId: '/r1' },
      },
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => [T + i * 60_000, base * 10 + i] as const),
    )
  await bed.put(
    'fd_open',
    { category: 'ROLE', name: 'r1', attributes: { roleType: 'DATANODE', hostId: 'id-1' } },
    [[T, 5]],
  )
  await bed.put('cores', { category: 'HOST', name: 'id-1', attributes: { hostId: 'id-1' } }, [
    [Date.now(), 8],
  ])
}, 120_000)
afterAll(() => bed.cleanUp())

describe('the JSON answer', () => {
  test('has the shape of the published definitions, every field of it', async () => {
    const response = await bed.get({
      query: 'select last(bytes_receive_rate) as "in", bytes_in / 2 where hostname rlike "node-1"',
      from: iso(window.from),
      to: iso(window.to),
    })
    expect(response.status).toBe(200)
    const body = (await response.json()) as TimeSeriesResponse
    expect(shapeErrors(body, 'ApiTimeSeriesResponseList')).toEqual([])
    expect(body.items).toHaveLength(1)
    const [scalar, stream] = body.items[0]?.timeSeries ?? []
    expect(scalar).toEqual({
      metadata: {
        metricName: 'last(bytes_receive_rate)',
        entityName: 'node 1',
        startTime: iso(window.from),
        endTime: iso(window.to),
        attributes: {
          active: 'true',
          category: 'HOST',
          clusterDisplayName: 'default',
          clusterName: 'default',
          entityName: 'id-1',
          hostId: 'id-1',
          hostname: 'node-1',
          rackId: '/r1',
        },
        unitNumerators: ['bytes'],
        unitDenominators: ['seconds'],
        expression: 'SELECT last(bytes_receive_rate) AS "in" WHERE entityName = "id-1" AND category = HOST',
        alias: 'in',
        metricCollectionFrequencyMs: 0,
        rollupUsed: 'RAW',
      },
      data: [{ timestamp: iso(T + 540_000), value: 19, type: 'SAMPLE' }],
    })
    expect(stream?.metadata).not.toHaveProperty('alias')
    expect(stream?.metadata.metricCollectionFrequencyMs).toBe(60_000)
    expect(stream?.data).toHaveLength(10)
  })

  test('expression gives exactly its one stream, also with quotes in a name', async () => {
    const item = await bed.ask(
      'select bytes_receive_rate as "x y", sum(bytes_in) where category = HOST',
      window,
    )
    expect(item.timeSeries).toHaveLength(6)
    for (const stream of item.timeSeries) {
      const again = await bed.ask(stream.metadata.expression, window)
      expect(again.timeSeries).toEqual([stream])
    }
  })

  test('streams come by select list, then by entity; one item a statement', async () => {
    const response = await bed.get({
      query: 'select last(bytes_in), count(bytes_in); select fd_open;',
      from: iso(window.from),
      to: iso(window.to),
    })
    const { items } = (await response.json()) as TimeSeriesResponse
    expect(items.map((item) => item.timeSeriesQuery)).toEqual([
      'select last(bytes_in), count(bytes_in)',
      'select fd_open',
    ])
    expect(items[0]?.timeSeries.map((s) => s.metadata.metricName)).toEqual([
      ...Array(3).fill('last(bytes_in)'),
      ...Array(3).fill('count(bytes_in)'),
    ])
  })

  test('the window has both its ends, and defaults to five minutes before now', async () => {
    const item = await bed.ask('select bytes_in where hostname = node-1', {
      from: T + 60_000,
      to: T + 180_000,
    })
    expect(only(item, T).map(([t]) => t)).toEqual([60, 120, 180])
    const now = (await (await bed.get({ query: 'select cores' })).json()) as TimeSeriesResponse
    const { startTime, endTime } = now.items[0]?.timeSeries[0]?.metadata ?? {}
    expect(Date.parse(endTime as string) - Date.parse(startTime as string)).toBe(300_000)
  })

  test('a number is a line across the window', async () => {
    const item = await bed.ask('select bytes_in, 250 where hostname = node-1', window)
    expect(item.timeSeries.at(-1)).toMatchObject({
      metadata: { metricName: '250', metricCollectionFrequencyMs: 0, expression: 'SELECT 250' },
      data: [
        { timestamp: iso(T), value: 250 },
        { timestamp: iso(T + 600_000), value: 250 },
      ],
    })
  })

  test('* gives every metric of the entities', async () => {
    const item = await bed.ask(
      'select * where entityName = "id-1"',
      { from: T, to: Date.now() + 1000 },
      { desiredRollup: 'RAW', mustUseDesiredRollup: 'true' },
    )
    expect(item.timeSeries.map((s) => s.metadata.metricName)).toEqual(['bytes_receive_rate', 'cores'])
  })

  test('facts of the host come from its newest cores', async () => {
    expect(
      only(await bed.ask('select fd_open / getHostFact(numCores, 2) where category = ROLE', window), T),
    ).toEqual([[0, 5 / 8]])
    expect(
      only(
        await bed.ask('select bytes_in * 0 + getHostFact(numCores, 2) where hostname = node-2', {
          from: T,
          to: T,
        }),
        T,
      ),
    ).toEqual([[0, 2]])
  })

  test('facts alone are of what they are facts of', async () => {
    const hosts = pointsOf(await bed.ask('select getHostFact(numCores, 2) where category = HOST', window))
    expect(pointsOf(await bed.ask('select getHostFact(numCores, 2)', window))).toEqual(hosts)
    expect(Object.keys(hosts).length).toBeGreaterThan(1)
    expect(await bed.ask('select count_service_roles()', window)).toMatchObject({
      timeSeries: [],
      warnings: ['There is no service.'],
    })
  })
})

describe('warnings', () => {
  test('an unknown metric is an empty answer with the nearest names', async () => {
    const item = await bed.ask('select bytes_recieve_rate', window)
    expect(item.timeSeries).toEqual([])
    expect(item.warnings).toEqual([
      'There is no metric “bytes_recieve_rate”. Did you mean “bytes_receive_rate”?',
    ])
  })
  test.each([
    ['hostnme = "node-1"', 'No entity has an attribute “hostnme”. Did you mean “hostname”?'],
    ['hostnme rlike ".*"', 'No entity has an attribute “hostnme”. Did you mean “hostname”?'],
    ['category = HOTS', 'There is no entity of the category “HOTS”. Did you mean “HOST”?'],
    [
      'hostname = "node-1" and (bytes_receive_rate = 5 or entityName = x)',
      '“bytes_receive_rate” is a metric, not an attribute: to compare it write last(bytes_receive_rate), min(bytes_receive_rate) or the like.',
      'No entity has the entityName “x”.',
    ],
    [
      'category = cluster and HOSTNAME = node-11 and roletype = y',
      'No entity has the hostname “node-11”. Did you mean “node-1” or “node-2” or “node-3”?',
      'No entity has the roleType “y”.',
    ],
    ['hostname rlike "nod"', 'No entity has a hostname that matches “nod”.'],
    ['hostname = $HOST', 'No entity has the hostname that $HOST stands for.'],
    ['hostname = node-1 and hostname = node-2', 'No entity meets all of the conditions together.'],
    ['category = ROLE', 'The entity that meets the conditions does not have “bytes_receive_rate”.'],
    ['last(bytes_receive_rate) < -1'],
    ['active = false or hostname != node-1 and last(bytes_receive_rate) < -1'],
  ])('an empty answer says why: %s', async (where, ...warnings) => {
    const variable = { 'variable.host': 'gone' }
    const item = await bed.ask(`select bytes_receive_rate, 5 where ${where}`, window, variable)
    expect(item.timeSeries.filter(({ metadata }) => metadata.metricName !== '5')).toEqual([])
    expect(item.warnings).toEqual(warnings)
  })
  test('an empty answer of a time without points says so', async () => {
    const long = { from: T - 86_400_000, to: T - 80_000_000 }
    const item = await bed.ask('select bytes_receive_rate where hostname = node-1', long)
    expect(item).toMatchObject({
      timeSeries: [],
      warnings: [`There are no points of this from ${iso(long.from)} to ${iso(long.to)}.`],
    })
    expect(
      (await bed.ask('select bytes_in where entityName = default and category = CLUSTER', window)).warnings,
    ).toEqual(['No entity meets all of the conditions together.'])
    expect((await bed.ask('select when(bytes_in < -1)', window)).warnings).toEqual([])
  })
  test('a name without end is not told in full', async () => {
    const { warnings } = await bed.ask(`select ${'x'.repeat(60_000)}`, window)
    expect(warnings).toEqual([`There is no metric “${'x'.repeat(120)}…”.`])
    const { body } = await bed.refusal(`select ${'9'.repeat(60_000)}`)
    expect(JSON.stringify(body).length).toBeLessThan(1000)
  })
  test('the stream limit cuts the answer and says so', async () => {
    const item = await bed.ask('select bytes_in', window, { streamLimit: '2' })
    expect(item.timeSeries).toHaveLength(2)
    expect(item.warnings[0]).toMatch(/^The query hit the maximum results limit of 2 streams/)
    expect((await bed.ask('select bytes_in', window, { streamLimit: '3' })).warnings).toEqual([])
  })
})

describe('other forms', () => {
  test('CSV has one row a point', async () => {
    const response = await bed.get({
      query: 'select bytes_in as "a, b" where hostname = node-1',
      from: iso(T),
      to: iso(T + 60_000),
      contentType: 'text/csv',
    })
    expect(response.headers.get('content-type')).toMatch(/^text\/csv/)
    expect(await response.text()).toBe(
      `entityName,metricName,timestamp,value\nnode 1,"a, b",${iso(T)},10\nnode 1,"a, b",${iso(T + 60_000)},11\n`,
    )
  })
  test('columns say the same as JSON', async () => {
    const parameters = {
      query: 'select bytes_in, max(bytes_in), 7; select nothing',
      from: iso(T),
      to: iso(window.to),
    }
    const json = (await (await bed.get(parameters)).json()) as TimeSeriesResponse
    const response = await bed.get({ ...parameters, contentType: 'application/x-bellwether-columns' })
    const { items } = decodeTimeSeriesColumns(new Uint8Array(await response.arrayBuffer()))
    const same = items.map((item) => ({
      timeSeries: item.streams.map((s) => ({
        metadata: JSON.parse(JSON.stringify(s.metadata)),
        data: [...s.times].map((time, i) => ({ timestamp: iso(time), value: s.values[i], type: 'SAMPLE' })),
      })),
      warnings: item.warnings,
      timeSeriesQuery: item.timeSeriesQuery,
    }))
    expect(same).toEqual(json.items)
  })
  test('POST takes the same names in a body, before those in the address', async () => {
    const response = await bed.api.app.request('/api/v19/timeseries?query=ignored&to=2026-01-05T12:01:00Z', {
      method: 'POST',
      body: JSON.stringify({
        query: 'select bytes_in where hostname = $HOST',
        from: iso(T),
        variables: { HOST: 'node-2' },
      }),
    })
    const { items } = (await response.json()) as TimeSeriesResponse
    expect(pointsOf(items[0] as never)).toEqual({
      'id-2': [
        [T, 20],
        [T + 60_000, 21],
      ],
    })
  })
})

describe('bad requests', () => {
  test.each([
    ['select', 400, 'BAD_QUERY'],
    ['select nofunction(x)', 400, 'BAD_QUERY'],
    ['select moving_avg(bytes_in, fd_open)', 400, 'BAD_QUERY'],
    ['select dt(5)', 400, 'BAD_QUERY'],
    ['select greatest(bytes_in, bytes_in)', 400, 'BAD_QUERY'],
    ['select stats(bytes_in, nothing)', 400, 'BAD_QUERY'],
    ['select bytes_in where bytes_in > 5', 400, 'BAD_QUERY'],
    ['select bytes_in where hostname rlike "("', 400, 'BAD_QUERY'],
    ['select bytes_in where hostname = $UNKNOWN', 400, 'BAD_QUERY'],
    ['select sum_by(bytes_in, rackId) + bytes_in', 400, 'BAD_QUERY'],
  ])('%s', async (query, status, code) => {
    const refusal = await bed.refusal(query)
    expect({ status: refusal.status, code: refusal.body.code }).toEqual({ status, code })
    for (const { offset, length } of refusal.body.problems ?? []) {
      expect(offset).toBeGreaterThanOrEqual(0)
      expect(offset + length).toBeLessThanOrEqual(query.length)
    }
    expect(refusal.body.problems?.length).toBeGreaterThan(0)
  })
  test.each(['active = maybe', 'active != 1', 'hostname != $NOBODY', 'hostname = $NOBODY'])(
    'a value that cannot be: %s',
    async (where) => {
      const query = `select bytes_in where ${where}`
      const { status, body } = await bed.refusal(query)
      expect(status).toBe(400)
      expect(body.problems).toHaveLength(1)
      expect(query.slice(body.problems?.[0]?.offset)).toMatch(/^(maybe|1|\$NOBODY)$/)
    },
  )
  test('a problem stands at its place', async () => {
    const query = 'select bytes_in, moving_avg(bytes_in, fd_open) where hostname = x'
    const { body } = await bed.refusal(query)
    const [problem] = body.problems ?? []
    expect(query.slice(problem?.offset, (problem?.offset ?? 0) + (problem?.length ?? 0))).toBe('fd_open')
  })
  test.each([
    [{ query: '' }, 'query'],
    [{ query: 'select x', from: 'yesterday' }, 'from'],
    [{ query: 'select x', from: 'now', to: 'now-1h' }, 'from'],
    [{ query: 'select x', contentType: 'text/html' }, 'contentType'],
    [{ query: 'select x', desiredRollup: 'MONTHLY' }, 'desiredRollup'],
    [{ query: 'select x', mustUseDesiredRollup: 'maybe' }, 'mustUseDesiredRollup'],
    [{ query: 'select x', streamLimit: '-1' }, 'streamLimit'],
    [{ query: 'select x', timeZone: 'Mars/Base' }, 'timeZone'],
  ])('%o names the parameter', async (parameters, name) => {
    const response = await bed.get(parameters)
    expect(response.status).toBe(400)
    expect(((await response.json()) as ErrorBody).message).toContain(name)
  })
  test.each(['{', '[]', '"x"', '{"query":{}}', ''])('a body that is %s', async (body) => {
    const response = await bed.api.app.request('/api/v45/timeseries', { method: 'POST', body })
    expect(response.status).toBe(400)
  })
  test('unknown versions are not there', async () => {
    for (const path of [
      '/api/v5/timeseries?query=select+1',
      '/api/v46/timeseries?query=select+1',
      '/api/v999/timeseries',
      '/api/x/timeseries',
    ])
      expect((await bed.api.app.request(path)).status).toBe(404)
    expect((await bed.api.app.request('/api/v10/timeseries', { method: 'POST', body: '{}' })).status).toBe(
      405,
    )
    expect((await bed.api.app.request('/api/v6/timeseries?query=select+1')).status).toBe(200)
  })
})

describe('what comes from outside never becomes SQL', () => {
  test.each([
    `select bytes_in where hostname = "'; DROP TABLE samples; --"`,
    `select bytes_in where hostname = "node-1' OR 1=1 --"`,
    'select bytes_in where hostname rlike ".*\\\\\'\\\\);.*"',
    `select bytes_in as "x'); DROP TABLE samples; --" where hostname = node-1`,
    'select `bytes_in`',
    'select bytes_in where hostname = node-1) OR (1=1',
    "select resample(bytes_in, 60, avg) where rackId = ') union all select 1,2,3,4 --'",
  ])('%s', async (query) => {
    const statements: string[] = []
    const { text, logger } = keepingLogger()
    const api = createQueryApi({ store: bed.store, logger })
    const response = await api.app.request(
      `/api/v45/timeseries?${new URLSearchParams({ query, from: iso(T), to: iso(window.to) })}`,
    )
    expect([200, 400]).toContain(response.status)
    expect(`${text()}${statements}`).not.toContain('DROP')
    await api.stop()
    const left = await bed.ask('select count(bytes_in) where hostname = node-1', window)
    expect(only(left, T)).toEqual([[540, 10]])
  })
})

describe('bounds', () => {
  test('too many points are refused with what to do', async () => {
    const small = withLimits(bed, { points: 15 })
    const response = await small.get({ query: 'select bytes_in', from: iso(T), to: iso(window.to) })
    expect(response.status).toBe(422)
    expect((await response.json()) as ErrorBody).toMatchObject({
      code: 'POINT_LIMIT',
      message: expect.stringContaining('shorter time range'),
    })
    await small.api.stop()
  })
  test.each(['', '/dashboards'])('a body that is too large is refused: %s', async (path) => {
    const response = await bed.api.app.request(`/api/v45/timeseries${path}`, {
      method: 'POST',
      headers: { 'content-length': '20000000' },
      body: 'x',
    })
    expect(response.status).toBe(413)
    expect(((await response.json()) as ErrorBody).code).toBe('BAD_REQUEST')
  })
  test('an engine that is away is 503 with Retry-After, and no password in the log', async () => {
    const { logger, text } = keepingLogger()
    const connection = { ...bed.store.connection, url: 'http://127.0.0.1:9', password: 'very-secret' }
    const api = createQueryApi({
      store: { catalogue: bed.catalogue, client: bed.store.client, database: 'bellwether', connection },
      logger,
    })
    const response = await api.app.request('/api/v45/timeseries?query=select+bytes_in')
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    expect(((await response.json()) as ErrorBody).code).toBe('STORE_UNAVAILABLE')
    expect(text()).not.toContain('very-secret')
    await api.stop()
    await api.stop()
  })
  test('a reader that goes away ends the work in the engine', async () => {
    // A metric with enough samples that reading them all takes a while.
    const metric = bed.catalogue.addMetric({ name: 'many' })
    const series = Array.from({ length: 40 }, (_, i) =>
      bed.catalogue.addSeries(metric, bed.catalogue.addEntity(host(`many-${i}`))),
    )
    const length = 400_000
    for (let round = 0; round < 5; round++)
      await bed.store.writer.write({
        length,
        series: Uint32Array.from({ length }, (_, i) => series[i % 40] as number),
        time: Float64Array.from({ length }, (_, i) => T + (round * length + i - (i % 40)) * 2.5),
        value: Float64Array.from({ length }, (_, i) => Math.sin(i)),
      })
    const server = serve({ fetch: bed.api.app.fetch, port: 0, hostname: '127.0.0.1' })
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    const parameters = new URLSearchParams({
      query: 'select many, dt(many)',
      from: iso(T),
      to: iso(T + 5_000_000),
      streamLimit: '100',
      mustUseDesiredRollup: 'true',
    })
    const reader = new AbortController()
    const response = await fetch(`http://127.0.0.1:${port}/api/v45/timeseries?${parameters}`, {
      signal: reader.signal,
    })
    expect(response.status).toBe(200)
    reader.abort()
    const running = async () => {
      const result = await bed.engine.client.query({
        query:
          "SELECT count() AS n FROM system.processes WHERE query LIKE '%metric =%' AND query NOT LIKE '%processes%'",
        format: 'JSONEachRow',
      })
      const [row] = await result.json<{ n: string }>()
      return Number(row?.n)
    }
    const deadline = Date.now() + 60_000
    while ((await running()) > 0 && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await running()).toBe(0)
    server.close()

    const small = withLimits(bed, { memoryBytes: 5_000_000 })
    const refused = await small.get({
      query: 'select stddev(many), avg(many)',
      from: iso(T),
      to: iso(T + 5_000_000),
    })
    expect([refused.status, ((await refused.json()) as ErrorBody).code]).toEqual([422, 'MEMORY_LIMIT'])
    await small.api.stop()
  }, 120_000)
})

describe('entities', () => {
  test('a sample that was sent twice counts once', async () => {
    const samples = [0, 1, 2].map((i) => [T + i * 60_000, 4] as const)
    await bed.put('twice', host('twin'), samples)
    await bed.put('twice', host('twin'), samples)
    for (const limits of [{ fewSamples: 0 }, { fewSamples: 1e9 }]) {
      const own = withLimits(bed, limits)
      expect(only(await own.ask('select sum(twice)', window), T)).toEqual([[120, 12]])
      expect(only(await own.ask('select resample(twice, 600, count)', window), T)).toEqual([[600, 3]])
      await own.api.stop()
    }
  })

  test('a renamed entity is found by both names, each with its own history', async () => {
    const server = (name: string) => ({
      category: 'CMSERVER',
      name,
      identity: 'server',
      attributes: { kind: 'cm' },
    })
    await bed.put('cm_database_size', server('cloudera_manager_server'), [
      [T, 1],
      [T + 60_000, 2],
    ])
    const now = Date.now()
    await bed.put('cm_database_size', server('CMSERVER:host-a'), [[now + 1000, 3]])
    const both = { from: T, to: now + 2000 }
    const raw = { mustUseDesiredRollup: 'true' }
    const old = await bed.ask(
      'select cm_database_size where entityName = "cloudera_manager_server" and category = CMSERVER',
      both,
      raw,
    )
    expect(pointsOf(old)).toEqual({
      cloudera_manager_server: [
        [T, 1],
        [T + 60_000, 2],
      ],
    })
    const all = await bed.ask('select cm_database_size where category = CMSERVER', both, raw)
    expect(pointsOf(all)).toEqual({
      cloudera_manager_server: [
        [T, 1],
        [T + 60_000, 2],
      ],
      'CMSERVER:host-a': [[now + 1000, 3]],
    })
    const joined = await bed.ask('select cm_database_size where category = CMSERVER', both, {
      ...raw,
      joinRenamed: 'true',
    })
    expect(pointsOf(joined)).toEqual({
      'CMSERVER:host-a': [
        [T, 1],
        [T + 60_000, 2],
        [now + 1000, 3],
      ],
    })
    for (const { metadata, data } of all.timeSeries)
      expect((await bed.ask(metadata.expression, both, raw)).timeSeries.map((s) => s.data)).toEqual([data])
  })

  test('renaming is a call, and its history is kept', async () => {
    const now = Date.now()
    await bed.put('renamed', { category: 'SERVICE', name: 'before', identity: 'svc', attributes: {} }, [
      [now - 1000, 1],
    ])
    const rename = (body: object) =>
      bed.api.app.request('/api/v45/timeseries/entities/rename', {
        method: 'POST',
        body: JSON.stringify(body),
      })
    expect((await rename({ category: 'service', name: 'nobody', newName: 'x' })).status).toBe(400)
    expect((await rename({ category: 'SERVICE', name: 'before' })).status).toBe(400)
    const answer = await rename({ category: 'SERVICE', name: 'before', newName: 'after' })
    expect(await answer.json()).toMatchObject({ names: [{ name: 'before' }, { name: 'after' }] })
    await bed.put('renamed', { category: 'SERVICE', name: 'after', identity: 'svc', attributes: {} }, [
      [Date.now() + 500, 2],
    ])
    const both = { from: now - 5000, to: now + 60_000 }
    expect(
      Object.keys(pointsOf(await bed.ask('select renamed where category = SERVICE', both))).sort(),
    ).toEqual(['after', 'before'])
    expect((await bed.ask('select renamed where entityName = before', both)).timeSeries).toHaveLength(1)
  })

  test('a host, a cluster or a service that is called otherwise now is found by its earlier name, until somebody else has it', async () => {
    const now = Date.now()
    const role = (hostId: string, hostname: string, more: Record<string, string> = {}) => ({
      category: 'ROLE',
      name: `role-on-${hostId}`,
      attributes: { hostId, hostname, clusterName: 'rc', serviceName: 'rs', ...more },
    })
    const host = (name: string, displayName: string) => ({
      category: 'HOST',
      name,
      displayName,
      attributes: { hostId: name, hostname: displayName },
    })
    const shown = (clusterDisplayName: string, serviceDisplayName: string) => {
      const attributes = { clusterName: 'rc', serviceName: 'rs' }
      const owner = (category: string, name: string, displayName: string) =>
        bed.store.catalogue.addEntity({ category, name, displayName, attributes })
      owner('CLUSTER', 'rc', clusterDisplayName)
      owner('SERVICE', 'rc:rs', serviceDisplayName)
      return { clusterDisplayName, serviceDisplayName }
    }
    await bed.put('follows', host('h-1', 'first'), [[now - 3000, 1]])
    await bed.put('follows', role('h-1', 'first', shown('Test', 'Zoo')), [[now - 3000, 1]])
    await bed.put('follows', host('h-1', 'second'), [[now - 2000, 2]])
    await bed.put('follows', role('h-1', 'second', shown('Production', 'Keeper')), [[now - 2000, 2]])
    const both = { from: now - 60_000, to: now + 60_000 }
    const found = async (condition: string) =>
      Object.keys(pointsOf(await bed.ask(`select follows where ${condition}`, both))).sort()
    // Asked twice: the second time from the index of the attribute.
    for (let i = 0; i < 2; i++) {
      for (const condition of ['hostname = first', 'hostname = SECOND', 'hostname rlike "fir.*"'])
        expect([condition, await found(condition)]).toEqual([condition, ['h-1', 'role-on-h-1']])
      expect(await found('hostname != first')).toEqual([])
      for (const condition of ['clusterDisplayName = Test', 'serviceDisplayName = Zoo and hostname = first'])
        expect([condition, await found(condition)]).toEqual([condition, ['role-on-h-1']])
    }
    await bed.put('follows', host('h-2', 'first'), [[now - 1000, 3]])
    expect(await found('hostname = first')).toEqual(['h-2'])
  })

  test('other parts of the process ask without HTTP', async () => {
    const [first, second] = await bed.api.ask({
      query: 'select bytes_in where hostname = $HOSTNAME and last(bytes_in) > 5; select nothing',
      ...window,
      variables: { HOSTNAME: 'node-1' },
    })
    expect(first?.streams.map((s) => [s.owner.name, s.values.length])).toEqual([['id-1', 10]])
    expect(second).toMatchObject({ streams: [], warnings: [expect.stringContaining('no metric')] })
    await expect(bed.api.ask({ query: 'select', ...window })).rejects.toMatchObject({ code: 'BAD_QUERY' })
  })

  test('attribute names are compared without case and underscores, values without case', async () => {
    for (const where of [
      'HOSTNAME = NODE-1',
      'host_name = node-1',
      'Category=host and rackid="/R1" and entityname="ID-1"',
    ])
      expect(Object.keys(pointsOf(await bed.ask(`select bytes_in where ${where}`, window)))).toEqual(['id-1'])
  })

  test('asking again finds the same, whichever way entities are found', async () => {
    for (const where of [
      'hostname = node-1',
      'hostname = NODE-1 or hostname = node-2',
      '(hostname = node-1 or rackid = "/r1") and category = HOST',
      'entityName = "ID-1"',
      'hostname = node-1 and hostname = node-2',
      'hostname = nobody',
    ]) {
      const names = async () =>
        Object.keys(pointsOf(await bed.ask(`select bytes_in where ${where}`, window))).sort()
      const first = await names()
      // The second time an index is made, the third time it is used; then the catalogue changes, and it is gone.
      for (let i = 0; i < 3; i++) expect(await names()).toEqual(first)
      await bed.put('unrelated', host(`newcomer ${where}`), [[T, 1]])
      expect(await names()).toEqual(first)
    }
  })

  test('active is about the end of the window', async () => {
    const names = async (where: string, to: number) =>
      Object.keys(pointsOf(await bed.ask(`select bytes_in where ${where}`, { from: T, to }))).sort()
    // The samples end at T + 9 min: an hour later the hosts are gone, but for the one that is still seen today.
    expect(await names('active = true', T + 600_000)).toHaveLength(3)
    expect(await names('active = true', T + 3_600_000)).toEqual(['id-1'])
    expect(await names('active = false', T + 3_600_000)).toEqual(['id "3"', 'id-2'])
    expect(await names('category = HOST', T + 3_600_000)).toHaveLength(3)
    const now = Date.now()
    await bed.put('alive', host('live'), [[now, 1]])
    const item = await bed.ask('select alive where active = true', { from: now - 1000, to: now + 1000 })
    expect(item.timeSeries[0]?.metadata.attributes.active).toBe('true')
  })
})
