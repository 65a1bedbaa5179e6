import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CardinalityAnswer } from '../../src/wire/cardinality.js'
import { post, startBench, type TestBench, type TestIngest } from './support/server.js'

let bench: TestBench
let main: TestIngest
beforeAll(async () => {
  bench = await startBench()
  main = await bench.start()
})
afterAll(() => bench?.cleanUp())

const T = Date.now() - 60_000
const get = async (query: string) => {
  const response = await fetch(`${main.url}/api/v45/timeseries/cardinality${query}`)
  return { status: response.status, body: (await response.json()) as CardinalityAnswer }
}

test('tells which metrics, senders, categories and attributes the series come from, most first', async () => {
  const lines = Array.from({ length: 30 }, (_, i) => `noisy,request=r${i},host=h1 a=1,b=2 ${T}`)
  const from = (sender: string) => ({ 'x-bellwether-sender': sender })
  const url = `${main.url}/write?precision=ms`
  expect((await post(url, lines.join('\n'), from('loud'))).status).toBe(204)
  expect((await post(url, `calm,host=h2,category=rack v=1 ${T}`, from('quiet'))).status).toBe(204)

  const { status, body } = await get('')
  expect(status).toBe(200)
  expect(body).toMatchObject({ metrics: 3, entities: 31, series: 61 })
  expect(body.topMetrics.map(({ series }: { series: number }) => series)).toEqual([30, 30, 1])
  expect(body.topSenders).toEqual([
    { sender: 'loud', series: 60 },
    { sender: 'quiet', series: 1 },
  ])
  expect(body.topCategories[0]).toEqual({ category: 'CUSTOM', entities: 30, series: 60 })
  expect(body.topAttributes).toEqual([
    { attribute: 'request', values: 30, series: 60 },
    { attribute: 'hostname', values: 2, series: 61 },
  ])

  const few = await get('?top=1')
  expect([few.body.topMetrics.length, few.body.topAttributes.length, few.body.series]).toEqual([1, 1, 61])
})

test('tells the limits, and what was refused of whom', async () => {
  const small = await bench.start({ labels: 2 }, { limits: { series: 5, metrics: 17 } })
  const lines = Array.from({ length: 8 }, (_, i) => `full,host=h${i} v=1 ${T}`)
  const from = (sender: string) => ({ 'x-bellwether-sender': sender })
  expect((await post(`${small.url}/write?precision=ms`, lines.join('\n'), from('full'))).status).toBe(400)
  expect((await post(`${small.url}/write?precision=ms`, `m,a=1,b=2,c=3 v=1 ${T}`, from('wide'))).status).toBe(
    400,
  )
  const body = (await (
    await fetch(`${small.url}/api/v45/timeseries/cardinality`)
  ).json()) as CardinalityAnswer
  // What was refused has left no entity behind either.
  expect(small.store.catalogue.entityCount).toBe(5)
  expect(body.limits).toMatchObject({ series: 5, metrics: 17, seriesPerSender: 1_000_000 })
  expect(body.refused).toEqual({
    samples: 4,
    reasons: [
      { reason: 'catalogue-limit', samples: 3 },
      { reason: 'label-count', samples: 1 },
    ],
    senders: [
      { sender: 'full', protocol: 'influx', refused: 3, stored: 5, lastSeen: expect.any(Number) },
      { sender: 'wide', protocol: 'influx', refused: 1, stored: 0, lastSeen: expect.any(Number) },
    ],
  })
})

test.each(['0', '1001', '-1', '1.5', 'many', ''])('top=%s is refused with an explanation', async (top) => {
  const { status, body } = await get(`?top=${top}`)
  expect(status).toBe(400)
  expect(body).toEqual({ message: 'top must be a whole number from 1 to 1000.', code: 'BAD_REQUEST' })
})
