import { createServer } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  createAlerting,
  createEvents,
  createHealth,
  createTriggerReports,
  createTriggers,
  triggerOwners,
} from '../../../src/health/index.js'
import { createQueryApi } from '../../../src/query/index.js'
import type { AlertEvent } from '../../../src/wire/alert.js'
import type { HealthModel } from '../../../src/wire/health.js'
import { eventually } from '../../integration/program.js'
import { type Bench, silent, startBench } from '../../metrics/support.js'
import { zookeeperModel } from '../support.js'
import { search } from './support.js'

let bench: Bench
const ends: (() => Promise<void> | void)[] = []
beforeAll(async () => {
  bench = await startBench()
}, 120_000)
afterAll(async () => {
  for (const end of ends.reverse()) await end()
  await bench?.cleanUp()
})

/** All as the monitor wires it, and a publisher that keeps what it gets. */
async function monitor() {
  const alerts: AlertEvent[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      const got = JSON.parse(body) as AlertEvent[]
      alerts.push(...got)
      response.end(JSON.stringify({ accepted: got.length, duplicates: 0, refused: [] }))
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()))
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  const store = await bench.open('from_health')
  const query = createQueryApi({ store, logger: silent })
  const events = createEvents({ store, logger: silent, alerts: true })
  const alerting = createAlerting({ events, url, logger: silent })
  const health = createHealth({
    store,
    logger: silent,
    seriesMs: 0,
    async onChanges(changes) {
      if (!(await events.healthChanged(changes))) throw new Error('not stored')
    },
  })
  const triggers = createTriggers({
    query,
    owners: () => (health.model ? triggerOwners(health.model) : []),
    onResults: createTriggerReports((reports) => health.report(reports)),
    logger: silent,
    everyMs: 0,
  })
  await health.start()
  ends.push(
    () => void server.close().closeAllConnections(),
    () => query.stop(),
    () => events.stop(),
    () => alerting.stop(),
    () => health.stop(),
    () => triggers.stop(),
  )
  return { store, events, health, triggers, alerts }
}

const TRIGGERS = JSON.stringify([
  {
    triggerName: 'too many files',
    triggerExpression: 'IF (SELECT fd_open WHERE roleName=$ROLENAME AND last(fd_open) > 500) DO health:bad',
  },
])
const model = (version: number, values: Record<string, string>): HealthModel =>
  zookeeperModel({ version, configs: { zk: { values } } })

test('a trigger that fires makes a role bad, an event that is found, and an alert; when it is removed, so is its test', async () => {
  const { store, events, health, triggers, alerts } = await monitor()
  await health.setModel(model(1, { role_triggers: TRIGGERS }))
  const { catalogue } = store
  const entity = catalogue.addEntity({
    category: 'ROLE',
    name: 'zk-SERVER-2',
    attributes: { roleName: 'zk-SERVER-2' },
  })
  const series = catalogue.addSeries(catalogue.addMetric({ name: 'fd_open' }), entity)
  const put = (value: number) =>
    store.writer.write({
      length: 1,
      series: Uint32Array.of(series),
      time: Float64Array.of(Date.now()),
      value: Float64Array.of(value),
    })
  const look = async () => {
    await triggers.evaluate()
    await health.evaluate()
  }
  await put(10)
  await look()
  await put(900)
  await look()
  const isOf = (role: string, health: string) => (alert: AlertEvent) =>
    alert.entity.identity === role && alert.health?.current === health
  await eventually('the alert', () => alerts.some(isOf('zk-SERVER-2', 'RED')))
  const alert = alerts.find(isOf('zk-SERVER-2', 'RED'))!
  expect(alert.tests.find(({ name }) => name === 'alarm:too many files')).toMatchObject({
    health: 'RED',
    sentence: expect.stringContaining(
      'fires: 1 stream satisfied it, more than 0: fd_open of zk-SERVER-2 at 900.',
    ),
    changed: true,
  })
  expect(alert.entity).toMatchObject({ cluster: 'c1', hosts: [{ name: 'node2.example', id: 'host-2' }] })
  expect(alerts.some(isOf('zk-SERVER-1', 'RED'))).toBe(false)
  // Alerts and events are published side by side: the one says nothing of the other.
  const found = await eventually('the event', async () => {
    const answer = await search(
      events.app,
      'category==health_event;severity==critical;attributes.role==zk-SERVER-2;attributes.host==node2.example;content=="too many files";content=="fd_open of zk-SERVER-2 at 900"',
    )
    return answer.totalResults > 0 && answer
  })
  expect(found.totalResults).toBe(1)
  expect(found.items[0]).toMatchObject({ id: alert.id, alert: true })

  // The trigger is removed: so is its test.
  await health.setModel(model(2, {}))
  await look()
  const tests = health.entity('ROLE', 'zk-SERVER-2')!.tests!.map(({ test }) => test)
  expect(tests).not.toContain('alarm:too many files')
  await eventually('the change', async () => {
    const { items } = await search(events.app, 'category==health_event;attributes.role==zk-SERVER-2')
    return items.length > 0 && items[0]!.severity !== 'CRITICAL'
  })
})
