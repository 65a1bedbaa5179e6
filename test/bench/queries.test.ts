import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../bench/load/client.js'
import { difference } from '../../bench/queries/answers.js'
import { DIALECTS, type Dialect } from '../../bench/queries/dialects.js'
import { measureQueries } from '../../bench/queries/measure.js'
import { promqlAlignedRequest, promqlRequest } from '../../bench/queries/promql.js'
import { tsqueryText } from '../../bench/queries/tsquery.js'
import {
  drawAlignedCases,
  drawCases,
  fitType,
  QUERY_TYPES,
  type QueryCase,
} from '../../bench/tsbs/queries.js'
import { type DataParameters, queryEnd } from '../../bench/tsbs/simulation.js'

const START = Date.UTC(2016, 0, 1)
const DATA: DataParameters = {
  seed: 123,
  hosts: 100,
  start: START,
  intervalSeconds: 10,
  epochs: 4320,
  values: 'integers',
}

const named = (name: string) => QUERY_TYPES.find((t) => t.name === name)!

describe('query windows', () => {
  it.each(QUERY_TYPES.map((t) => [t.name, t] as const))(
    '%s: within the data, as long as the type says',
    (_, type) => {
      const fitted = fitType(type, DATA)
      for (const query of drawCases(fitted, DATA, 1, 50)) {
        expect(query.from * 1000).toBeGreaterThanOrEqual(START)
        expect(query.to * 1000).toBeLessThanOrEqual(queryEnd(DATA))
        expect(query.to - query.from).toBe(fitted.windowSeconds)
        expect(query.metrics).toHaveLength(type.metrics)
        expect(new Set(query.hosts).size).toBe(type.hosts)
      }
    },
  )

  it('are the same for the same seed, and differ between types', () => {
    const type = named('single-groupby-1-1-1')
    expect(drawCases(type, DATA, 1, 5)).toEqual(drawCases(type, DATA, 1, 5))
    expect(drawCases(type, DATA, 1, 5)).not.toEqual(drawCases(type, DATA, 2, 5))
    expect(drawCases(named('fleet-average'), DATA, 1, 1)[0]!.from).not.toBe(
      drawCases(type, DATA, 1, 1)[0]!.from,
    )
  })

  it('are cut where the data is shorter', () => {
    const short = { ...DATA, epochs: 180 }
    expect(fitType(named('double-groupby-1'), short)).toMatchObject({ windowSeconds: 1500, step: 60 })
    expect(fitType(named('cpu-max-all-32-24'), DATA)).toMatchObject({ windowSeconds: 36_000, step: 3600 })
  })

  it.each(QUERY_TYPES.map((t) => [t.name, t] as const))(
    '%s: aligned ones begin and end on a bucket',
    (_, type) => {
      const fitted = fitType(type, DATA)
      for (const query of drawAlignedCases(fitted, DATA, 1, 20)) {
        expect(query.from % (fitted.step || 1)).toBe(0)
        expect(query.to % (fitted.step || 1)).toBe(0)
        expect(query.to).toBeGreaterThan(query.from)
        expect(query.from * 1000).toBeGreaterThanOrEqual(START)
        expect(query.to * 1000).toBeLessThanOrEqual(queryEnd(DATA))
      }
    },
  )
})

describe('one case in the systems’ languages', () => {
  const query: QueryCase = {
    metrics: ['cpu_usage_user', 'cpu_usage_system'],
    hosts: ['host_3', 'host_7'],
    from: 600,
    to: 1200,
    step: 60,
    fold: 'max',
    by: 'metric',
  }
  const promql = (path: string) => new URLSearchParams(path.slice(path.indexOf('?'))).get('query')

  it('single-groupby', () => {
    const text =
      "max(max_over_time({__name__=~'cpu_(usage_user|usage_system)', hostname=~'host_3|host_7'}[1m])) by (__name__)"
    expect(promql(promqlRequest(query).path)).toBe(text)
    expect(tsqueryText(query)).toBe(
      'select max_by(resample(cpu_usage_user, 60, max)), max_by(resample(cpu_usage_system, 60, max)) where hostname = host_3 or hostname = host_7',
    )
  })

  it('double-groupby', () => {
    const wide: QueryCase = {
      ...query,
      metrics: ['cpu_usage_user'],
      hosts: [],
      step: 3600,
      fold: 'avg',
      by: 'host',
    }
    expect(promql(promqlRequest(wide).path)).toBe(
      'avg(avg_over_time(cpu_usage_user{}[1h])) by (__name__, hostname)',
    )
    expect(tsqueryText(wide)).toBe('select resample(cpu_usage_user, 3600, avg)')
  })

  it('high-cpu', () => {
    const rows: QueryCase = { ...query, hosts: ['host_3'], step: 10, fold: 'rows', by: 'host' }
    expect(promql(promqlRequest(rows).path)).toBe(
      "{__name__=~'cpu_(usage_user|usage_system)', hostname='host_3'} and on(hostname) (cpu_usage_user{hostname='host_3'} > 90)",
    )
    expect(tsqueryText(rows)).toBe(
      'select when(cpu_usage_user > 90, cpu_usage_user), when(cpu_usage_user > 90, cpu_usage_system) where hostname = host_3',
    )
  })

  it('asks for a bucket’s samples one second before PromQL’s edge', () => {
    const { path } = promqlAlignedRequest(query)
    const parameters = new URLSearchParams(path.slice(path.indexOf('?')))
    expect([parameters.get('start'), parameters.get('end'), parameters.get('step')]).toEqual([
      '659',
      '1199',
      '60',
    ])
  })
})

describe('the comparison of answers', () => {
  const answer = (value: number) => new Map([['cpu_usage_user|host_1', new Map([[60, value]])]])

  it('finds equal what differs by rounding only', () => {
    expect(difference(answer(50), answer(50 + 1e-12))).toBeUndefined()
  })

  it.each([
    ['another value', answer(51)],
    ['a missing series', new Map()],
    ['a missing bucket', new Map([['cpu_usage_user|host_1', new Map<number, number>()]])],
    ['another bucket', new Map([['cpu_usage_user|host_1', new Map([[120, 50]])]])],
    ['another series', new Map([['cpu_usage_user|host_2', new Map([[60, 50]])]])],
  ])('says that there is %s', (_, other) => {
    expect(difference(answer(50), other)).toBeTypeOf('string')
  })
})

describe('measuring', () => {
  it('asks what takes little more often, each case once, and what takes long at least as often as was said', async () => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.end('{}')
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const client = createClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const type = named('single-groupby-1-1-1')
    const dialect = DIALECTS[0] as Dialect
    const cases = drawCases(type, DATA, 1, 30)
    const others = drawCases(type, DATA, 2, 1)
    const measure = (milliseconds: number) =>
      measureQueries(client, dialect, type.name, {
        cases,
        others,
        runs: { least: 3, most: 20, milliseconds },
        cpuSeconds: () => 0,
      })
    expect((await measure(-1)).latencies).toHaveLength(3)
    expect((await measure(60_000)).latencies).toHaveLength(20)
    const paths = [...others, ...cases.slice(0, 3), ...others, ...cases.slice(0, 20)]
    expect(asked).toEqual(paths.map((query) => dialect.request(query).path))
    client.close()
    server.close()
  })
})
