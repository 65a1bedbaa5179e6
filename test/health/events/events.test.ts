import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEvents, type Events, type HealthChangeInput } from '../../../src/health/index.js'
import { EVENT_TABLES, type Store } from '../../../src/metrics/index.js'
import { type ApiEvent, EVENT_LIMITS, type EventReceipt } from '../../../src/wire/event.js'
import { expectContract } from '../../manager/api/contract.js'
import { type Bench, rowsOf, silent, startBench } from '../../metrics/support.js'
import { change, idsOf, logEvent, NOW, post, search, TODAY } from './support.js'

let bench: Bench
let store: Store
let events: Events
beforeAll(async () => {
  bench = await startBench()
  store = await bench.open('events')
  events = createEvents({ store, logger: silent, alerts: true })
}, 120_000)
afterAll(async () => {
  await events?.stop()
  await bench?.cleanUp()
})

const stored = async (sql = '1') =>
  Number(
    (await rowsOf<{ n: string }>(store, `SELECT count() AS n FROM ${EVENT_TABLES.events} WHERE ${sql}`))[0]!
      .n,
  )

describe('events that are posted', () => {
  test('are stored once, whoever sends them again, in the same request, later, or after a restart', async () => {
    const one = logEvent('once')
    const two = logEvent('once more')
    expect((await post(events.app, { events: [one, two, one] })).receipt).toMatchObject({
      accepted: 2,
      duplicates: 1,
      refused: 0,
    })
    const again = createEvents({ store, logger: silent })
    expect((await post(again.app, [two, one])).receipt).toMatchObject({ accepted: 0, duplicates: 2 })
    await again.stop()
    expect(await stored(`id IN ('${one.id}', '${two.id}')`)).toBe(2)
  })

  test('cost only themselves when they are malformed', async () => {
    const good = logEvent('good among bad')
    const { status, receipt } = await post(events.app, [
      { ...good, id: 'bad id' },
      good,
      { ...good, id: 'x1', category: 'NEWS' },
      { ...good, id: 'x2', time: 12 },
      { ...good, id: 'x3', attributes: { 'A B': ['c'] } },
      7,
    ])
    expect(status).toBe(200)
    expect(receipt).toMatchObject({ accepted: 1, refused: 5 })
    expect(receipt.problems.map(({ index }) => index)).toEqual([0, 2, 3, 4, 5])
    expect(receipt.problems[1]).toMatchObject({
      id: 'x1',
      reason: expect.stringContaining('category is not one'),
    })
    expect(Object.values(receipt.reasons)).toEqual([1, 1, 1, 1, 1])
    expect((await post(events.app, [7])).status).toBe(400)
  })

  test('may be gzip, and not more than there is room for', async () => {
    const body = gzipSync(JSON.stringify([logEvent('zipped')]))
    const headers = { 'content-encoding': 'gzip' }
    const response = await events.app.request('/events', { method: 'POST', body, headers })
    expect(await response.json()).toMatchObject({ accepted: 1 })
    const bomb = gzipSync(Buffer.alloc(EVENT_LIMITS.bodyBytes + 1, 32))
    expect((await events.app.request('/events', { method: 'POST', body: bomb, headers })).status).toBe(413)
    const many = Array.from({ length: EVENT_LIMITS.events + 1 }, () => 0)
    expect((await post(events.app, many)).status).toBe(400)
    const broken = await events.app.request('/events', { method: 'POST', body: '{"events":[' })
    expect(broken.status).toBe(400)
  })

  test('may be many, with the longest ids there are, and are all found again', async () => {
    const many = Array.from({ length: EVENT_LIMITS.events }, (_, i) =>
      logEvent('many', { id: `${"~'\\".repeat(65)}${i}`, attributes: {} }),
    )
    expect((await post(events.app, many)).receipt).toMatchObject({ accepted: many.length })
    expect((await post(events.app, many)).receipt).toMatchObject({ duplicates: many.length })
    const found = await search(events.app, 'content==many', { maxResults: '10000' })
    expect(idsOf(found)).toEqual(many.map(({ id }) => id).toReversed())
  })

  test('have times of receipt that only grow', async () => {
    for (let i = 0; i < 5; i++) await post(events.app, [logEvent(`growing ${i}`)])
    const { items } = await search(events.app, 'content==growing')
    const times = items.map(({ timeReceived }) => timeReceived)
    expect(times).toHaveLength(5)
    expect(times).toEqual(times.toSorted().reverse())
  })
})

describe('a search', () => {
  beforeAll(async () => {
    await post(events.app, [
      logEvent('The NameNode is in safe mode', { id: 's1', severity: 'CRITICAL' }),
      logEvent('Slow BlockReceiver write packet to mirror took 312ms', {
        id: 's2',
        attributes: { HOSTS: ['node2.example.com'], SERVICE: ['hdfs 2'] },
      }),
      logEvent('java.io.IOException: Connection reset by peer', {
        id: 's3',
        attributes: { HOSTS: ['node1.example.com', 'node3.example.com'] },
      }),
      logEvent("100% of 'x_y' is used; DROP TABLE events --", { id: 's4', severity: 'INFORMATIONAL' }),
      logEvent('Nutzer Müller hat sich angemeldet', {
        id: 's5',
        category: 'AUDIT_EVENT',
        severity: 'UNKNOWN',
        attributes: { LOG_LEVEL: [] },
      }),
    ])
  })
  const ours = (query: string) =>
    search(events.app, `${query};timeOccurred=ge=${TODAY}T03:00;id==s1 s2 s3 s4 s5`)

  test.each([
    ['content==namenode', ['s1']],
    ['content==NameNode', ['s1']],
    ['content==name', []],
    ['content=="safe mode"', ['s1']],
    ['content=="mode safe"', []],
    ['content==safe slow', ['s2', 's1']],
    ['content==java.io.IOException', ['s3']],
    ['content==Exception', []],
    ['content==*exception', ['s3']],
    ['content==conn*reset', ['s3']],
    ["content=='x_y'", ['s4']],
    ['content==100%', ['s4']],
    ['content==x?y', []],
    ['content=="DROP TABLE"', ['s4']],
    ['content==müller', ['s5']],
    ['severity==critical', ['s1']],
    ['severity==CRITICAL informational', ['s4', 's1']],
    ['severity!=important;category==log_event', ['s4', 's1']],
    ['attributes.host==node3.example.com', ['s3']],
    ['attributes.HOSTS==node3.example.com node2.example.com', ['s3', 's2']],
    ['attributes.host==node3*', ['s3']],
    ['attributes.host==NODE3.example.com', []],
    ['attributes.service=="hdfs 2"', ['s2']],
    ['attributes.log_level!=WARN;category==audit_event', ['s5']],
    ['alert==false;category==audit_event', ['s5']],
    ['alert==true', []],
    ['content!=safe;category==log_event', ['s4', 's3', 's2']],
  ])('%s', async (query, ids) => {
    const found = await ours(query)
    expect(idsOf(found)).toEqual(ids)
    expect(found.totalResults).toBe(ids.length)
  })

  test('goes page by page, newest first, and counts all', async () => {
    const query = 'id==s1 s2 s3 s4 s5'
    const pages = await Promise.all(
      [0, 2, 4, 6].map((resultOffset) =>
        search(events.app, query, { maxResults: '2', resultOffset: String(resultOffset) }),
      ),
    )
    expect(pages.map(idsOf)).toEqual([['s5', 's4'], ['s3', 's2'], ['s1'], []])
    expect(pages.map(({ totalResults }) => totalResults)).toEqual([5, 5, 5, 5])
    expect(idsOf(await search(events.app, query, { maxResults: '0' }))).toEqual([])
  })

  test('by time of occurrence takes both ends as they are meant', async () => {
    const { items } = await search(events.app, 'id==s1 s2 s3')
    const middle = items[1]!.timeOccurred
    const by = async (operator: string) =>
      idsOf(await search(events.app, `id==s1 s2 s3;timeOccurred${operator}${middle}`))
    expect(await by('=ge=')).toEqual(['s3', 's2'])
    expect(await by('=gt=')).toEqual(['s3'])
    expect(await by('=le=')).toEqual(['s2', 's1'])
    expect(await by('=lt=')).toEqual(['s1'])
    expect(await by('==')).toEqual(['s2'])
  })

  test('of negative constraints only finds nothing', async () => {
    expect(await search(events.app, 'alert!=true')).toEqual({ totalResults: 0, items: [] })
  })

  test('answers in the shape of the published definitions', async () => {
    const found = await search(events.app, 'id==s1')
    expectContract('ApiEventQueryResult', found)
    const response = await events.app.request('/api/v45/events/s1')
    const event = (await response.json()) as ApiEvent
    expectContract('ApiEvent', event)
    expect(event).toEqual(found.items[0])
    expect(event.timeOccurred).toMatch(new RegExp(`^${TODAY}T0\\d:\\d\\d:\\d\\d\\.\\d{3}Z$`))
    expect(event.attributes).toContainEqual({ name: 'ROLE_TYPE', values: ['NAMENODE'] })
    expect((await events.app.request('/api/v45/events/nobody')).status).toBe(404)
  })

  test('that cannot be read says where', async () => {
    const response = await events.app.request(
      `/api/v45/events?query=${encodeURIComponent('alert==true;severity==bad')}`,
    )
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'BAD_QUERY', problems: [{ offset: 12, length: 13 }] })
    expect((await events.app.request('/api/v45/events?maxResults=-1')).status).toBe(400)
    expect((await events.app.request('/api/v45/events?maxResults=1000000')).status).toBe(400)
  })

  test('by words is answered from the index', async () => {
    const [plan] = await Promise.all([
      rowsOf<{ explain: string }>(
        store,
        `EXPLAIN indexes = 1 SELECT id FROM ${EVENT_TABLES.events} WHERE hasAllTokens(lower(content), ['namenode']) AND hasAnyTokens(facts, ['ROLE=x'])`,
      ),
    ])
    const text = plan!.map(({ explain }) => explain).join('\n')
    expect(text).toContain('by_word')
    expect(text).toContain('by_fact')
  })
})

describe('a rename', () => {
  test('is followed: the new name finds the old events, and the old name the new ones', async () => {
    const { catalogue } = store
    const role = (name: string) =>
      catalogue.addEntity({ category: 'ROLE', name, identity: 'role-77', attributes: {} })
    role('zk-old')
    await post(events.app, [logEvent('before', { id: 'r1', attributes: { ROLE: ['zk-old'] } })])
    role('zk-new')
    await post(events.app, [logEvent('after', { id: 'r2', attributes: { ROLE: ['zk-new'] } })])
    expect(idsOf(await search(events.app, 'attributes.role==zk-new'))).toEqual(['r2', 'r1'])
    expect(idsOf(await search(events.app, 'attributes.role==zk-old'))).toEqual(['r2', 'r1'])
    const [, before] = (await search(events.app, 'attributes.role==zk-new')).items
    // What it was called then.
    expect(before!.attributes).toContainEqual({ name: 'ROLE', values: ['zk-old'] })
  })

  test('of a host is followed: by its new name, its old one and its id', async () => {
    const host = (hostname: string, id = 'uuid-9') =>
      store.catalogue.addEntity({
        category: 'HOST',
        name: id,
        displayName: hostname,
        attributes: { hostname },
      })
    const on = (name: string) => ({ HOSTS: [name], HOST_IDS: ['uuid-9'] })
    host('a.example.com')
    await post(events.app, [logEvent('on host', { id: 'h1', attributes: on('a.example.com') })])
    host('b.example.com')
    const renamed = createEvents({ store, logger: silent })
    await post(renamed.app, [logEvent('on host', { id: 'h2', attributes: on('b.example.com') })])
    for (const name of ['a.example.com', 'b.example.com', 'uuid-9'])
      expect(idsOf(await search(renamed.app, `attributes.host==${name}`))).toEqual(['h2', 'h1'])
    await renamed.stop()
    // Another host goes by the old name now: it is meant by it. What was stored under the name stays there.
    host('a.example.com', 'uuid-10')
    const taken = createEvents({ store, logger: silent })
    expect(idsOf(await search(taken.app, 'attributes.host==a.example.com'))).toEqual(['h1'])
    await taken.stop()
  })

  test('of what a cluster or a service is shown as is followed by either name', async () => {
    const shown = (category: string, identity: string, displayName: string) =>
      store.catalogue.addEntity({ category, name: identity, displayName, attributes: {} })
    const of = (service: string) => ({
      SERVICE_ID: ['c9:zk'],
      SERVICE_DISPLAY_NAME: [service],
      CLUSTER_ID: ['c9'],
    })
    shown('SERVICE', 'c9:zk', 'Zoo')
    shown('CLUSTER', 'c9', 'Test')
    await post(events.app, [logEvent('s', { id: 's1', attributes: of('Zoo') })])
    shown('SERVICE', 'c9:zk', 'Keeper')
    shown('CLUSTER', 'c9', 'Production')
    const renamed = createEvents({ store, logger: silent })
    await post(renamed.app, [logEvent('s', { id: 's2', attributes: of('Keeper') })])
    for (const query of [
      'attributes.service_display_name==Zoo',
      'attributes.service_display_name==Keeper',
      'attributes.cluster_display_name==Test',
      'attributes.cluster==Production',
    ])
      expect([query, ...idsOf(await search(renamed.app, query))]).toEqual([query, 's2', 's1'])
    const bad = change('q', 'GOOD', 'BAD')
    const service = { identity: 'c9:zk', name: 'zk', displayName: 'Keeper', type: 'ZOOKEEPER' }
    const cluster = { identity: 'c9', name: 'c9', displayName: 'Production' }
    await renamed.stop()
    const alerting = createEvents({ store, logger: silent, alerts: true })
    await alerting.healthChanged([{ ...bad, entity: { ...bad.entity, service, cluster } }])
    const pending = await alerting.outbox.pendingAlerts(1000)
    expect(pending.find(({ id }) => id === bad.id)?.event.entity.formerly).toEqual({
      cluster: ['Test'],
      service: ['Zoo'],
    })
    await alerting.stop()
  })
})

describe('a change of health', () => {
  test('becomes an event with what failed, and an alert', async () => {
    const bad = change('zk-1', 'GOOD', 'BAD')
    expect(await events.healthChanged([bad])).toBe(true)
    const response = await events.app.request(`/api/v45/events/${bad.id}`)
    const event = (await response.json()) as ApiEvent
    expect(event).toMatchObject({
      category: 'HEALTH_EVENT',
      severity: 'CRITICAL',
      alert: true,
      content: 'The health of role Server (zk-1) has become bad. The process of zk-1 is BAD.',
    })
    const attribute = (name: string) => event.attributes.find((each) => each.name === name)?.values
    expect(attribute('EVENTCODE')).toEqual(['EV_ROLE_HEALTH_CHECK_BAD'])
    expect(attribute('CURRENT_HEALTH_SUMMARY')).toEqual(['RED'])
    expect(attribute('ENTITY_ID')).toEqual(['zk-1'])
    const pending = await events.outbox.pendingAlerts(100)
    expect(pending.find(({ id }) => id === bad.id)?.event).toMatchObject({
      entity: { category: 'ROLE', identity: 'zk-1', service: 'zk', hosts: [{ name: 'zk-1.example.com' }] },
      health: { current: 'RED', previous: 'GREEN' },
      suppressed: false,
    })
  })

  test('is not alerted below the threshold, nor for what is well when it is first seen', async () => {
    const changes = [
      change('a', 'GOOD', 'CONCERNING'),
      change('b', 'NOT_AVAILABLE', 'GOOD', { startup: true }),
      change('c', 'CONCERNING', 'NOT_AVAILABLE'),
      change('d', 'GOOD', 'BAD', { entity: { ...change('d', 'GOOD', 'BAD').entity, roleType: 'DATANODE' } }),
    ]
    await events.healthChanged(changes)
    const pending = new Set((await events.outbox.pendingAlerts(1000)).map(({ id }) => id))
    expect(changes.filter(({ id }) => pending.has(id))).toEqual([])
    expect(await stored(`id = '${changes[1]!.id}'`)).toBe(0)
    expect(await stored(`id = '${changes[0]!.id}' AND NOT alert`)).toBe(1)
  })

  test('names the tests that fail, not those that are well; what changes beside them is no news', async () => {
    type Summary = HealthChangeInput['to']
    const of = (name: string, from: Summary | undefined, summary: Summary) => ({
      test: name,
      summary,
      from,
      explanation: `${name} is ${summary}.`,
      advice: '',
      suppressed: false,
    })
    const full = of('DISK', undefined, 'CONCERNING')
    const told = [
      change('n1', 'BAD', 'CONCERNING', { tests: [of('CANARY', 'BAD', 'GOOD'), full] }),
      change('n2', 'GOOD', 'BAD', {
        tests: [of('FD', 'NOT_AVAILABLE', 'GOOD'), full, of('EXITS', 'GOOD', 'BAD')],
      }),
      change('n3', 'NOT_AVAILABLE', 'GOOD', { tests: [of('FD', 'NOT_AVAILABLE', 'GOOD')] }),
      change('n4', 'GOOD', 'DISABLED', {
        tests: [of('FD', 'GOOD', 'DISABLED'), of('FD', 'GOOD', 'DISABLED')],
      }),
      change('n5', 'BAD', 'BAD', {
        tests: [of('EXITS', undefined, 'BAD'), of('CANARY', 'BAD', 'NOT_AVAILABLE')],
      }),
      change('n6', 'BAD', 'BAD', { tests: [of('EXITS', undefined, 'BAD'), of('CANARY', 'GOOD', 'BAD')] }),
    ]
    const untold = [
      change('n7', 'GOOD', 'GOOD', { tests: [of('FD', 'NOT_AVAILABLE', 'GOOD')] }),
      change('n8', 'BAD', 'BAD', {
        tests: [of('EXITS', undefined, 'BAD'), of('FD', 'GOOD', 'NOT_AVAILABLE')],
      }),
    ]
    await events.healthChanged([...told, ...untold])
    const answers = await Promise.all(
      told.map(async ({ id }) => (await search(events.app, `id==${id}`)).items[0]!),
    )
    expect(
      answers.map(({ content, alert }) => [
        content.replace(/^The health of .*?\) (has become|is) /, ''),
        alert,
      ]),
    ).toEqual([
      ['concerning. DISK is CONCERNING. CANARY is GOOD.', false],
      ['bad. EXITS is BAD. DISK is CONCERNING.', true],
      ['good.', false],
      ['disabled. FD is DISABLED.', false],
      ['bad. EXITS is BAD. CANARY is NOT_AVAILABLE.', false],
      ['bad. EXITS is BAD. CANARY is BAD.', true],
    ])
    for (const { id } of untold) expect(await stored(`id = '${id}'`)).toBe(0)
  })

  test('to concerning goes on with what was told, and begins nothing', async () => {
    const changes = [change('f', 'BAD', 'CONCERNING'), change('g', 'NOT_AVAILABLE', 'CONCERNING')]
    await events.healthChanged(changes)
    const pending = new Map((await events.outbox.pendingAlerts(1000)).map(({ id, event }) => [id, event]))
    expect(changes.map(({ id }) => pending.get(id)?.begins)).toEqual([false, false])
  })

  test('to what is not known leaves the trouble open, and says so', async () => {
    const unknown = change('u', 'BAD', 'NOT_AVAILABLE')
    await events.healthChanged([unknown, change('v', 'NOT_AVAILABLE', 'NOT_AVAILABLE')])
    const pending = (await events.outbox.pendingAlerts(1000)).filter(({ id }) => id === unknown.id)
    expect(pending).toMatchObject([
      {
        event: {
          severity: 'CRITICAL',
          summary: 'The health of role Server (u) is not known any more; it was bad.',
          health: { current: 'RED', previous: 'RED' },
        },
      },
    ])
    expect(
      idsOf(await search(events.app, `id==${unknown.id};attributes.eventcode==EV_ROLE_HEALTH_CHECK_UNKNOWN`)),
    ).toEqual([unknown.id])
  })

  test('is alerted or not as configuration says; an end always, for somebody may know of the beginning', async () => {
    const { entity } = change('e', 'GOOD', 'BAD')
    const changes = [
      change('e1', 'GOOD', 'BAD', { alerts: false }),
      change('e2', 'BAD', 'GOOD', { alerts: false }),
      change('e3', 'GOOD', 'BAD', { alerts: true, entity: { ...entity, roleType: 'DATANODE' } }),
    ]
    await events.healthChanged(changes)
    const pending = new Set((await events.outbox.pendingAlerts(1000)).map(({ id }) => id))
    expect(changes.map(({ id }) => pending.has(id))).toEqual([false, true, true])
  })

  test('in maintenance is flagged, for the publisher not to tell', async () => {
    const quiet = change('m', 'GOOD', 'BAD', { maintenance: true })
    await events.healthChanged([quiet])
    const pending = await events.outbox.pendingAlerts(1000)
    expect(pending.find(({ id }) => id === quiet.id)?.event.suppressed).toBe(true)
    expect(
      idsOf(await search(events.app, `id==${quiet.id};alert==false;attributes.alert_suppressed==true`)),
    ).toEqual([quiet.id])
  })

  test('of 20,000 entities at once is stored whole', async () => {
    const before = await stored("category = 'HEALTH_EVENT'")
    const storm = Array.from({ length: 20_000 }, (_, i) => change(`storm-${i}`, 'GOOD', 'BAD'))
    expect(await events.healthChanged(storm)).toBe(true)
    expect(await stored("category = 'HEALTH_EVENT'")).toBe(before + 20_000)
  })
})

test('a store that is away refuses senders, and gets what the monitor itself has when it is back', async () => {
  const own = await bench.open('events_away')
  let away = true
  const flaky = createEvents({
    store: {
      catalogue: own.catalogue,
      get client() {
        if (away) throw new Error('connect ECONNREFUSED')
        return own.client
      },
    },
    logger: silent,
  })
  const response = await flaky.app.request('/events', {
    method: 'POST',
    body: JSON.stringify([logEvent('x')]),
  })
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toBe('5')
  expect(((await response.json()) as EventReceipt & { code: string }).code).toBe('STORE_UNAVAILABLE')
  const waiting = flaky.healthChanged([change('z', 'GOOD', 'BAD', { at: NOW })])
  away = false
  expect(await waiting).toBe(true)
  expect((await search(flaky.app, 'category==health_event')).totalResults).toBe(1)
  await flaky.stop()
})

test('a log alert of a role in maintenance is flagged as well', async () => {
  const own = await bench.open('events_quiet')
  const quiet = createEvents({
    store: own,
    logger: silent,
    alerts: true,
    quiet: (category, name) => category === 'ROLE' && name === 'asleep',
  })
  await post(quiet.app, [
    logEvent('x', { id: 'q1', alert: true, attributes: { ROLE: ['asleep'] } }),
    logEvent('x', { id: 'q2', alert: true, attributes: { ROLE: ['awake'] } }),
  ])
  const pending = await quiet.outbox.pendingAlerts(10)
  expect(pending.map(({ id, event }) => [id, event.suppressed])).toEqual([
    ['q1', true],
    ['q2', false],
  ])
  await quiet.stop()
})
