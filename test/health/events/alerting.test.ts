import { createServer, type Server } from 'node:http'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  type Alerting,
  type AlertingOptions,
  createAlerting,
  createEvents,
  type Events,
} from '../../../src/health/index.js'
import type { AlertEvent } from '../../../src/wire/alert.js'
import { eventually } from '../../integration/program.js'
import { type Bench, silent, startBench } from '../../metrics/support.js'
import { change, logEvent, post } from './support.js'

let bench: Bench
let databases = 0
const ends: (() => Promise<void> | void)[] = []
beforeAll(async () => {
  bench = await startBench()
}, 120_000)
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})
afterAll(() => bench?.cleanUp())

interface Publisher {
  url: string
  posts: AlertEvent[][]
  tokens: (string | undefined)[]
  /** What it answers with; by default it takes everything. */
  answer: (
    alerts: AlertEvent[],
  ) => { status: number; body?: unknown; headers?: Record<string, string> } | 'cut'
}

async function publisher(): Promise<Publisher> {
  const taken: Publisher = {
    url: '',
    posts: [],
    tokens: [],
    answer: (alerts) => ({ status: 200, body: { accepted: alerts.length, duplicates: 0, refused: [] } }),
  }
  const server: Server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      const alerts = JSON.parse(body) as AlertEvent[]
      taken.tokens.push(request.headers.authorization)
      const answer = taken.answer(alerts)
      if (answer === 'cut') return request.socket.destroy()
      if (answer.status === 200) taken.posts.push(alerts)
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
      response.end(JSON.stringify(answer.body ?? {}))
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()))
  ends.push(() => void server.close().closeAllConnections())
  taken.url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  return taken
}

async function start(
  url: string,
  more: Partial<AlertingOptions> = {},
): Promise<{ events: Events; alerting: Alerting; again: () => Alerting }> {
  const store = await bench.open(`alerting_${++databases}`)
  const events = createEvents({ store, logger: silent, alerts: true })
  ends.push(() => events.stop())
  const again = () => {
    const alerting = createAlerting({ events, url, logger: silent, firstWaitMs: 20, ...more })
    ends.push(() => alerting.stop())
    return alerting
  }
  return { events, alerting: again(), again }
}

const idsOf = ({ posts }: Publisher) => posts.flat().map(({ id }) => id)

test('alerts reach the publisher in their order, with its token, and are not sent again', async () => {
  const there = await publisher()
  const { events, alerting } = await start(there.url, { token: 'let-me-in' })
  const bad = change('zk-1', 'GOOD', 'BAD')
  const good = change('zk-1', 'BAD', 'GOOD')
  await events.healthChanged([bad])
  await post(events.app, [logEvent('quiet'), logEvent('loud', { id: 'loud', alert: true })])
  await events.healthChanged([good])
  await eventually('three alerts', () => idsOf(there).length === 3)
  expect(idsOf(there)).toEqual([bad.id, 'loud', good.id])
  expect(there.tokens[0]).toBe('Bearer let-me-in')
  expect(there.posts.flat()[1]).toMatchObject({
    category: 'LOG_MESSAGE',
    entity: { category: 'ROLE', name: 'hdfs-NAMENODE-1', service: 'hdfs' },
  })
  await eventually('their end', () => alerting.status().accepted === 3)
  expect((await events.outbox.countPendingAlerts()).count).toBe(0)
  expect(alerting.status()).toMatchObject({ accepted: 3, refused: 0, failures: 0 })
  const response = await alerting.app.request('/health/alerting')
  expect(await response.json()).toMatchObject({ pending: 0, accepted: 3 })
  expect(JSON.stringify(alerting.status())).not.toContain('let-me-in')
})

test('a publisher that is away, cuts off, is full or loses its token gets everything in the end, in order', async () => {
  const there = await publisher()
  const answers = [
    'cut' as const,
    { status: 503, headers: { 'retry-after': '0' } },
    { status: 401 },
    { status: 200, body: 'no receipt' },
  ]
  const taking = there.answer
  there.answer = (alerts) => answers.shift() ?? taking(alerts)
  const told: string[] = []
  const { events, alerting } = await start(there.url, { onTrouble: ({ code }) => told.push(code) })
  const all = Array.from({ length: 7 }, (_, i) => change(`r${i}`, 'GOOD', 'BAD'))
  for (const each of all) await events.healthChanged([each])
  const wanted = all.map(({ id }) => id)
  await eventually('all alerts', () => alerting.status().accepted === 7 && alerting.status().failures === 0)
  expect((await events.outbox.countPendingAlerts()).count).toBe(0)
  expect([...new Set(idsOf(there))]).toEqual(wanted)
  expect(alerting.status()).toMatchObject({
    accepted: 7,
    failures: 0,
    lastError: { reason: expect.any(String) },
  })
  expect(told).toEqual(['EV_ALERT_PUBLISHER_AWAY', 'EV_ALERT_PUBLISHER_BACK'])
})

test('one that the publisher refuses for good holds nothing up', async () => {
  const there = await publisher()
  there.answer = (alerts) => ({
    status: alerts.length === 1 ? 400 : 200,
    body: { accepted: alerts.length - 1, duplicates: 0, refused: [{ index: 0, reason: 'no' }] },
  })
  const { events, alerting } = await start(there.url)
  await events.healthChanged([change('x', 'GOOD', 'BAD')])
  await eventually('a refusal', () => alerting.status().refused === 1)
  await eventually('an empty outbox', async () => (await events.outbox.countPendingAlerts()).count === 0)
})

test('too large a request is sent in parts', async () => {
  const there = await publisher()
  const taking = there.answer
  there.answer = (alerts) => (alerts.length > 10 ? { status: 413 } : taking(alerts))
  const { events } = await start(there.url)
  const all = Array.from({ length: 60 }, (_, i) => change(`p${i}`, 'GOOD', 'BAD'))
  await events.healthChanged(all)
  await eventually('all alerts', () => idsOf(there).length === 60)
  expect(idsOf(there)).toEqual(all.map(({ id }) => id))
})

test('what was not taken is there for the next monitor, once', async () => {
  const there = await publisher()
  const taking = there.answer
  there.answer = () => ({ status: 503 })
  const { events, alerting, again } = await start(there.url)
  const bad = change('left', 'GOOD', 'BAD')
  await events.healthChanged([bad])
  await eventually('a failure', () => alerting.status().failures > 0)
  await alerting.stop()
  there.answer = taking
  again()
  await eventually('the alert', () => idsOf(there).includes(bad.id))
})

test('what is too old, or beyond the bound, is given up and said', async () => {
  const there = await publisher()
  there.answer = () => ({ status: 503 })
  const told: string[] = []
  const { events, alerting } = await start(there.url, { most: 5, onTrouble: ({ text }) => told.push(text) })
  await events.healthChanged(Array.from({ length: 12 }, (_, i) => change(`g${i}`, 'GOOD', 'BAD')))
  await eventually('alerts given up', () => alerting.status().givenUp === 7)
  expect(told).toContainEqual(expect.stringMatching(/^7 alerts were lost/))
  expect((await events.outbox.countPendingAlerts()).count).toBe(5)
  expect(await events.outbox.giveUpAlerts(Date.now() + 1_000, 100)).toBe(5)
  expect((await events.outbox.countPendingAlerts()).count).toBe(0)
})
