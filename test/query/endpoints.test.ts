import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { attributeText } from '../../src/query/api/attribute-texts.js'
import { ATTRIBUTES } from '../../src/query/syntax/index.js'
import type { CompletionAnswer } from '../../src/wire/completion.js'
import { type TimeSeriesResponse, WARNING_LINE, WARNINGS_HEADER } from '../../src/wire/timeseries.js'
import { decodeTimeSeriesColumns } from '../../src/wire/timeseries-columns.js'
import { shapeErrors } from './shape.js'
import { host, openQueryBed, type QueryBed, withLimits } from './support.js'

let bed: QueryBed
const T = Date.UTC(2026, 0, 5, 12)

beforeAll(async () => {
  bed = await openQueryBed()
  await bed.put(
    {
      name: 'bytes_in',
      displayName: 'Bytes in',
      unitNumerators: ['bytes'],
      unitDenominators: ['seconds'],
      aliases: ['bytes_received'],
    },
    host('node-1', { rackId: '/r1', team: 'blue' }),
    [0, 1, 2].map((i) => [T + i * 60_000, i] as const),
  )
  await bed.put('cpu_percent', host('node two', { rackId: '/r1' }), [[T, 1]])
  await bed.put(
    'fd_open',
    {
      category: 'ROLE',
      name: 'r1',
      attributes: { roleType: 'DATANODE', serviceType: 'HDFS', roleName: 'r1' },
    },
    [[T, 1]],
  )
}, 120_000)
afterAll(() => bed.cleanUp())

const json = async (path: string, init?: RequestInit) => {
  const response = await bed.api.app.request(`/api/v45/timeseries/${path}`, init)
  return { status: response.status, body: (await response.json()) as never as Record<string, unknown> }
}

describe('what there is', () => {
  test('metrics', async () => {
    const { status, body } = await json('schema')
    expect(status).toBe(200)
    expect(shapeErrors(body, 'ApiMetricSchemaList')).toEqual([])
    expect((body.items as { name: string }[]).map((m) => m.name)).toEqual([
      'bytes_in',
      'cpu_percent',
      'fd_open',
    ])
    expect((body.items as unknown[])[0]).toMatchObject({
      unitNumerator: 'bytes',
      unitDenominator: 'seconds',
      aliases: ['bytes_received'],
    })
  })
  test('entity types, parents before children', async () => {
    const { body } = await json('entityTypes')
    expect(shapeErrors(body, 'ApiTimeSeriesEntityTypeList')).toEqual([])
    const seen = new Set<string>()
    for (const type of body.items as { name: string; parentMetricEntityTypeNames: string[] }[]) {
      for (const parent of type.parentMetricEntityTypeNames) expect(seen).toContain(parent)
      seen.add(type.name)
    }
    expect(seen).toContain('HDFS-DATANODE')
  })
  test('attributes, those of senders too', async () => {
    const { body } = await json('entityTypeAttributes')
    expect(shapeErrors(body, 'ApiTimeSeriesEntityAttributeList')).toEqual([])
    const names = (body.items as { name: string; isValueCaseSensitive: boolean }[]).map((a) => a.name)
    expect(names).toEqual(expect.arrayContaining(['hostname', 'category', 'team']))
    expect(ATTRIBUTES.filter((name) => attributeText(name) === undefined)).toEqual([])
    expect(
      (body.items as { name: string; isValueCaseSensitive: boolean }[]).find(
        (a) => a.name === 'roleConfigGroup',
      )?.isValueCaseSensitive,
    ).toBe(true)
  })
})

describe('versions and methods', () => {
  const call = async (method: string, path: string, body?: string) => {
    const response = await bed.api.app.request(`/api/${path}`, { method, ...(body && { body }) })
    return { status: response.status, allow: response.headers.get('allow'), text: await response.text() }
  }
  test.each([
    ['PUT', 'v45/timeseries', 'GET, HEAD, POST'],
    ['DELETE', 'v45/timeseries/', 'GET, HEAD, POST'],
    ['POST', 'v10/timeseries', 'GET, HEAD'],
    ['POST', 'v45/timeseries/schema', 'GET, HEAD'],
    ['PATCH', 'v45/timeseries/dashboards', 'GET, HEAD, POST'],
    ['PUT', 'v45/timeseries/dashboards/x', 'GET, HEAD, DELETE'],
    ['GET', 'v45/timeseries/entities/rename', 'POST'],
  ])('%s %s is refused with the methods that there are', async (method, path, allow) => {
    expect(await call(method, path)).toMatchObject({ status: 405, allow })
  })
  test.each(['v45/timeseries/nothing', 'v5/timeseries', 'v61/timeseries', 'v10/timeseries/entityTypes'])(
    'GET %s is not there',
    async (path) => {
      expect((await call('GET', path)).status).toBe(404)
    },
  )
  test('a slash at the end changes nothing', async () => {
    const query = 'query=select+bytes_in'
    const plain = await call('GET', `v45/timeseries?${query}&from=${T}&to=${T + 1}`)
    expect(plain.status).toBe(200)
    expect(await call('GET', `v45/timeseries/?${query}&from=${T}&to=${T + 1}`)).toEqual(plain)
    const body = JSON.stringify({ query: 'select bytes_in', from: String(T), to: String(T + 1) })
    expect((await call('POST', 'v45/timeseries/', body)).text).toBe(plain.text)
    expect((await call('GET', 'v45/timeseries/schema/')).status).toBe(200)
    expect((await call('GET', 'v45/timeseries/dashboards/')).status).toBe(200)
  })
})

test('old versions get the fields that they knew', async () => {
  const ask = async (version: string) => {
    const query = 'query=select+bytes_in_across_hosts'
    const response = await bed.api.app.request(
      `/api/${version}/timeseries?${query}&from=${T}&to=${T + 60_000}`,
    )
    const { items } = (await response.json()) as TimeSeriesResponse
    return items[0]?.timeSeries[0]?.data[0]?.aggregateStatistics?.crossEntityMetadata
  }
  expect(Object.keys((await ask('v45')) ?? {})).toEqual([
    'maxEntityDisplayName',
    'maxEntityName',
    'minEntityDisplayName',
    'minEntityName',
    'numEntities',
  ])
  expect(Object.keys((await ask('v10')) ?? {})).toEqual([
    'maxEntityDisplayName',
    'minEntityDisplayName',
    'numEntities',
  ])
})

describe('warnings', () => {
  const ask = async (query: string, more: Record<string, string> = {}) => {
    const response = await bed.get({ query, from: String(T), to: String(T + 600_000), ...more })
    expect(response.status).toBe(200)
    return response
  }
  const warnings = async (query: string) =>
    ((await (await ask(query)).json()) as TimeSeriesResponse).items[0]?.warnings

  test('of aggregates across what there is not, with the nearest', async () => {
    expect(await warnings('select bytes_in_across_hots')).toEqual([
      'There are no “hots” to aggregate across. Did you mean “hosts”?',
    ])
    expect(await warnings('select bytes_in, total_bytes_in_across_hots')).toHaveLength(1)
    expect(await warnings('select bytes_in_across_datanodes where category = CLUSTER')).toEqual([
      'None of the datanodes has the metric “bytes_in”.',
    ])
    expect(await warnings('select total_byte_in_across_hosts')).toEqual([
      'There is no metric “total_byte_in_across_hosts”. Did you mean “total_bytes_in_across_hosts”?',
    ])
    expect(await warnings('select bytes_in_across_hosts')).toEqual([])
  })
  test('of CSV are in a header, and behind the rows when that has gone', async () => {
    const small = await ask('select nosuch, bytes_inn', { contentType: 'text/csv' })
    expect(JSON.parse(small.headers.get(WARNINGS_HEADER) ?? '')).toEqual([
      'There is no metric “nosuch”.',
      'There is no metric “bytes_inn”. Did you mean “bytes_in”?',
    ])
    expect(await small.text()).toBe('entityName,metricName,timestamp,value\n')
    const many = await ask(`select ${Array.from({ length: 300 }, (_, i) => `nosuch_${i}`).join(', ')}`, {
      contentType: 'text/csv',
    })
    const header = many.headers.get(WARNINGS_HEADER) ?? ''
    expect(header.length).toBeLessThan(5000)
    expect(JSON.parse(header).at(-1)).toMatch(/^And \d+ more\.$/)
    const fine = await ask('select bytes_in', { contentType: 'text/csv' })
    expect(fine.headers.has(WARNINGS_HEADER)).toBe(false)
    await bed.put(
      'long_one',
      host('node-1'),
      Array.from({ length: 8000 }, (_, i) => [T + i * 10, i] as const),
    )
    const large = await ask('select long_one; select nosuch', { contentType: 'text/csv' })
    expect(large.headers.has('content-length')).toBe(false)
    const lines = (await large.text()).trimEnd().split('\n')
    expect(lines).toHaveLength(8002)
    expect(lines.at(-1)).toBe(`${WARNING_LINE}There is no metric “nosuch”.`)
  })
  test('have their place in the columnar answer', async () => {
    const query = 'select bytes_in, last(bytes_inn) * 2'
    const response = await ask(query, { contentType: 'application/x-bellwether-columns' })
    const { items } = decodeTimeSeriesColumns(new Uint8Array(await response.arrayBuffer()))
    expect(items[0]?.marks).toMatchObject([
      { offset: query.indexOf('bytes_inn'), length: 'bytes_inn'.length, suggestions: ['bytes_in'] },
    ])
  })
})

test('hosts and services that name no cluster are in the cluster “default”, the management is in none', async () => {
  const ask = (query: string) => bed.ask(query, { from: T, to: T + 600_000 })
  const { timeSeries } = await ask('select last(bytes_in) where clusterName = default and category = HOST')
  expect(timeSeries[0]?.metadata.attributes).toMatchObject({
    clusterName: 'default',
    clusterDisplayName: 'default',
  })
  await bed.put(
    'up',
    { category: 'ROLE', name: 'EVENTSERVER', attributes: { serviceName: 'mgmt', serviceType: 'MGMT' } },
    [[T, 1]],
  )
  await bed.put('up', host('h9', { clusterName: 'c1', clusterDisplayName: 'One' }), [[T, 1]])
  const all = (await ask('select up')).timeSeries.map(({ metadata }) => metadata.attributes.clusterName)
  expect(all.sort()).toEqual(['c1', undefined])
  expect((await ask('select up where clusterDisplayName = one')).timeSeries).toHaveLength(1)
  expect((await ask('select up where clusterName = default')).timeSeries).toHaveLength(0)
})

test('a metric has its own name in the answer, however it was written', async () => {
  const { timeSeries } = await bed.ask('select LAST(Bytes_IN) where hostname = node-1', {
    from: T,
    to: T + 1,
  })
  expect(timeSeries[0]?.metadata).toMatchObject({ metricName: 'last(bytes_in)' })
  expect(timeSeries[0]?.metadata.expression).toContain('SELECT last(bytes_in) WHERE')
})

describe('completion', () => {
  const at = async (text: string) => {
    const { body } = await json(
      `complete?${new URLSearchParams({ query: text.replace('|', ''), offset: String(text.indexOf('|')) })}`,
    )
    return body as never as CompletionAnswer
  }
  test('live metrics, attributes and values', async () => {
    const metric = await at('select cp|')
    expect(metric).toMatchObject({ from: 7, to: 9 })
    expect(metric.items[0]).toMatchObject({ text: 'cpu_percent', kind: 'metric' })
    expect((await at('select bytes_in where te|')).items.map((i) => i.text)).toContain('team')
    expect((await at('select bytes_in where team = |')).items.map((i) => i.text)).toContain('blue')
    expect((await at('select bytes_in where hostname = "no|')).items.map((i) => i.text)).toEqual(
      expect.arrayContaining(['"node two"', '"node-1"']),
    )
    expect((await at('select bytes_in where category = h|')).items[0]?.text).toBe('HOST')
    expect((await at('select mov|')).items.map((i) => i.text).join()).toContain('moving_avg')
  })
  test('aggregates across entities that have the metric', async () => {
    const names = async (text: string) =>
      (await at(text)).items.flatMap(({ kind, text }) => (kind === 'metric' ? [text] : []))
    expect(await names('select bytes_in_across_|')).toEqual(['bytes_in_across_hosts'])
    expect(await names('select total_fd_open_across_d|')).toEqual(['total_fd_open_across_datanodes'])
    expect(await names('select nothing_across_|')).toEqual([])
  })
  test('a place outside of the query is refused', async () => {
    expect((await json('complete?query=select&offset=99')).status).toBe(400)
    expect((await json('complete?query=select&offset=x')).status).toBe(400)
  })
})

test('queries and triggers are printed in normal form', async () => {
  expect(
    (
      await json(
        `format?${new URLSearchParams({ query: 'select  last( bytes_in ) as x where entityname=a' })}`,
      )
    ).body,
  ).toEqual({
    query: 'SELECT last(bytes_in) AS "x" WHERE entityName = "a"',
  })
  expect((await json('format?query=if+(select+x)+do+health:bad')).body).toEqual({
    query: 'IF (SELECT x) DO health:bad',
  })
  expect((await json('format?query=select')).status).toBe(400)
})

describe('dashboards', () => {
  const post = (items: unknown) => json('dashboards', { method: 'POST', body: JSON.stringify({ items }) })
  test('are kept, listed and removed', async () => {
    const one = { name: 'HOST:STATUS_VIEW', json: '{"viewPlots":[]}' }
    const two = { name: "Robert'); DROP TABLE dashboards; --", json: '{}' }
    expect(await post([one, two])).toMatchObject({ status: 200, body: { items: [one, two] } })
    const { body } = await json('dashboards')
    expect(shapeErrors(body, 'ApiDashboardList')).toEqual([])
    expect(body.items).toEqual([one, two])
    expect((await json(`dashboards/${encodeURIComponent(one.name)}`)).body).toEqual(one)
    expect((await json(`dashboards/${encodeURIComponent(two.name)}`, { method: 'DELETE' })).body).toEqual(two)
    expect((await json(`dashboards/${encodeURIComponent(two.name)}`)).status).toBe(404)
    expect((await json(`dashboards/${encodeURIComponent(two.name)}`, { method: 'DELETE' })).status).toBe(404)
    expect((await post([two])).status).toBe(200)
    expect(((await json('dashboards')).body.items as unknown[]).length).toBe(2)
  })
  test('a list is taken whole or not at all', async () => {
    await post([{ name: 'there', json: '{}' }])
    expect(
      (
        await post([
          { name: 'new', json: '{}' },
          { name: 'there', json: '{}' },
        ])
      ).status,
    ).toBe(400)
    expect(
      (
        await post([
          { name: 'same', json: '{}' },
          { name: 'same', json: '{}' },
        ])
      ).status,
    ).toBe(400)
    expect((await json('dashboards/new')).status).toBe(404)
    expect((await post([{ name: '', json: '{}' }])).status).toBe(400)
    expect((await post('x')).status).toBe(400)
  })
})

test('EXPLAIN tells the plan, the SQL with numbers only, and the rows', async () => {
  for (const fewSamples of [0, 1e9]) {
    const own = withLimits(bed, { fewSamples })
    const query = `explain select last(bytes_in), dt(bytes_in) + sum(cpu_percent), resample(bytes_in, 60, avg) where hostname rlike "node.*'; DROP TABLE x"  or hostname = node-1`
    const response = await own.get({
      query,
      from: new Date(T).toISOString(),
      to: new Date(T + 600_000).toISOString(),
    })
    const { items } = (await response.json()) as TimeSeriesResponse
    const plan = items[0]?.plan
    expect(items[0]?.timeSeries).toEqual([])
    expect(plan?.items.map((item) => [item.text, item.entities])).toEqual([
      ['last(bytes_in)', 1],
      ['dt(bytes_in) + sum(cpu_percent)', 0],
      ['resample(bytes_in, 60, avg)', 1],
    ])
    expect(plan?.streams).toBe(2)
    expect(plan?.statements.length).toBeGreaterThan(0)
    for (const { sql, rows } of plan?.statements ?? []) {
      expect(rows).toBeGreaterThanOrEqual(0)
      // Words of SQL, numbers, operators, and one quoted text: nothing that was in the query.
      expect(sql.replaceAll("'UTC'", '')).toMatch(/^[A-Za-z0-9_ (),=<>*+\->.]+$/)
      expect(sql).not.toMatch(/node|DROP/)
    }
    expect(plan?.steps.map((step) => step.name)).toEqual([
      'parse',
      'check',
      'choose entities and plan',
      'read',
      'evaluate',
    ])
    const columns = await own.get({ query, contentType: 'application/x-bellwether-columns' })
    const [item] = decodeTimeSeriesColumns(new Uint8Array(await columns.arrayBuffer())).items
    expect(item?.plan?.items.map(({ text }) => text)).toEqual(plan?.items.map(({ text }) => text))
    expect((await own.get({ query, contentType: 'text/csv' })).status).toBe(400)
    await own.api.stop()
  }
})
