import { Hono } from 'hono'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { listen } from '../../src/cli/listen.js'
import { configuredAlertRules, createEvents, createHealth } from '../../src/health/index.js'
import { createBusyCommands } from '../../src/manager/commands/index.js'
import { updateConfig } from '../../src/manager/configuration/index.js'
import type { Core } from '../../src/manager/core.js'
import { loadDescriptors } from '../../src/manager/descriptors/index.js'
import { hostFact } from '../../src/manager/health/facts.js'
import {
  activityEvents,
  auditEvents,
  createHealthResults,
  createMonitorClient,
  createSystemEvents,
  type EventSource,
  startEventSender,
  startHealthLink,
} from '../../src/manager/health/index.js'
import { loadRuntime } from '../../src/manager/heartbeats/index.js'
import { clusterNamed, createClusters, serviceNamed, setMaintenance } from '../../src/manager/model/index.js'
import { recordAudit } from '../../src/manager/users/index.js'
import type { Store } from '../../src/metrics/index.js'
import type { ApiEventQueryResult } from '../../src/wire/event.js'
import type { EntityHealth } from '../../src/wire/health.js'
import { eventually, freePort } from '../integration/program.js'
import { type Bench, silent as quiet, startBench } from '../metrics/support.js'
import { openQueryBed } from '../query/support.js'
import { serveApi } from './api/server.js'
import { addCluster, addService, newCore } from './core.js'
import { silent, startTestPostgres, type TestPostgres } from './support.js'

/** The manager's side on a real PostgreSQL, beside real health and events on a real ClickHouse. */
let postgres: TestPostgres
let bench: Bench
let store: Store
beforeAll(async () => {
  ;[postgres, bench] = await Promise.all([startTestPostgres(), startBench()])
  store = await bench.open('manager_health')
})
afterAll(async () => {
  await Promise.all([postgres?.cleanUp(), bench?.cleanUp()])
})

/** A monitor that may be ended and started again at the same address. */
async function monitor(given?: number) {
  const port = given ?? (await freePort())
  const events = createEvents({ store, logger: quiet })
  const health = createHealth({ store, logger: quiet, seriesMs: 0 })
  await health.start()
  const app = new Hono().route('/', health.app).route('/', events.app)
  const listening = await listen(app, '127.0.0.1', port)
  return {
    health,
    events,
    port,
    async stop() {
      await listening.close()
      await health.stop()
      await events.stop()
    },
  }
}

async function manager(core: Core, port: number) {
  const client = createMonitorClient({ url: `http://127.0.0.1:${port}` })
  const runtime = await loadRuntime(core)
  const busy = createBusyCommands()
  const link = startHealthLink({ core, runtime, busy, client, heartbeatMs: () => 15_000, everyMs: 200 })
  const clock = { now: Date.now() }
  const results = createHealthResults({ client, logger: silent, now: () => clock.now })
  const sources = [auditEvents(core), activityEvents(core, 'manager1')]
  const audits = startEventSender({ logger: silent, client, sources, everyMs: 50 })
  onTestFinished(async () => {
    results.stop()
    await Promise.all([link.stop(), audits.stop()])
    client.close()
  })
  return { client, runtime, busy, link, results, clock }
}

const role = async (core: Core, i = 0) => {
  const model = await core.model()
  return model.rolesOfService.get(serviceNamed(model, 'c1', 'zk').id)![i]!
}

test('the model reaches the monitor, again after changes, and after a restart of the monitor with what happened meanwhile', async () => {
  const core = await newCore(postgres)
  await addCluster(core, 3)
  await addService(core, 'zk', 'ZOOKEEPER', 'SERVER', ['h1', 'h2', 'h3'])
  let at = await monitor()
  onTestFinished(() => at.stop())
  const { runtime, link, client } = await manager(core, at.port)
  const seen = (category: string, identity: string): EntityHealth | undefined =>
    at.health.entity(category, identity)
  const { name, id } = await role(core)
  await eventually('the model', () => seen('ROLE', name)?.summary === 'DISABLED')
  expect(seen('ROLE', name)).toMatchObject({
    displayName: expect.stringMatching(/^SERVER \(h\d\)$/),
    service: { name: 'zk', type: 'ZOOKEEPER' },
    cluster: { name: 'c1' },
    hosts: [{ identity: expect.stringMatching(/^host-id-\d$/), hostname: expect.stringMatching(/^h\d$/) }],
  })

  // What a start does: a process that is wanted, then what its agent says.
  const model = await core.model()
  const { hostId, serviceId } = model.roles.get(id)!
  const process = {
    kind: 'ROLE',
    name: 'zk',
    roleId: id,
    serviceId,
    hostId,
    revision: 1,
    current: true,
  } as const
  runtime.put({ ...process, id: 1, wanted: 'RUNNING', listed: true, createdAt: Date.now() - 600_000 })
  const report = { id: 1, name: 'zk', since: Date.now(), restarts: 0, unexpectedExits: 0, revision: 1 }
  runtime.report(1, { ...report, state: 'RUNNING', startedAt: Date.now() })
  const scm = () => seen('ROLE', name)?.tests?.find(({ test }) => test.endsWith('SCM_HEALTH'))
  await eventually('the start', () => scm()?.summary === 'GOOD')

  // A check that fails, with what its agent says of it.
  const failures = [{ metric: 'web_metrics_collection_status', message: 'connection refused' }]
  runtime.report(1, { ...report, state: 'RUNNING', startedAt: Date.now() - 600_000, failures })
  const failed = { category: 'ROLE', identity: name, metric: 'web_metrics_collection_status', value: 0 }
  await client.ask('POST', '/health/facts', {
    body: JSON.stringify({ term: core.term(), at: Date.now(), values: [{ ...failed, at: Date.now() }] }),
  })
  await eventually('the reason', () =>
    seen('ROLE', name)?.tests?.some(
      ({ summary, explanation }) =>
        summary === 'BAD' && explanation === 'The check failed: connection refused.',
    ),
  )
  const exit = { at: Date.now(), signal: 'SIGSEGV' }
  runtime.report(1, { ...report, state: 'EXITED', exit, unexpectedExits: 1 })
  await eventually('the end', () => scm()?.summary === 'BAD')
  expect(scm()?.explanation).toContain('SIGSEGV')

  // Started again while the manager has nothing to tell: facts come anew, and so does the model if it was lost.
  const { port } = at
  await at.stop()
  at = await monitor(port)
  await eventually('the end, once more', () => scm()?.explanation.includes('SIGSEGV'))

  await core.change(async (change) => {
    const now = await change.model()
    await setMaintenance(change, 'CLUSTER', clusterNamed(now, 'c1').id, true)
    await updateConfig(change, { scope: 'GROUP', id: (await role(core)).roleConfigGroupId }, [
      { name: 'server_scm_health_enabled', value: 'false' },
      { name: 'role_health_suppression_zookeeper_server_unexpected_exits', value: 'true' },
    ])
  })
  // A role without a page has nothing to be read; a ZooKeeper server answers `mntr`.
  await addService(core, 'sleep', 'PROCESS', 'INSTANCE', ['h1'])
  await link.flush()
  const { configs, roles } = at.health.model!
  const pages = roles.map(
    ({ type, config = '' }) =>
      `${type} ${configs[config]?.values[`${type.toLowerCase()}_web_metric_collection_enabled`]}`,
  )
  expect(new Set(pages)).toEqual(new Set(['SERVER undefined', 'INSTANCE false']))
  await eventually('the change', () => scm()?.summary === 'DISABLED')
  const now = seen('ROLE', name)!
  expect([now.maintenance, now.maintenanceOwners]).toEqual([true, ['CLUSTER']])
  // Who is alerted: as the role says, otherwise its group.
  const rules = configuredAlertRules(() => at.health.model)
  const isAlerted = async (i: number) => rules.alerted(seen('ROLE', (await role(core, i)).name)!)
  expect([await isAlerted(0), await isAlerted(1)]).toEqual([true, true])
  await core.change(async (change) => {
    const first = await role(core)
    const off = { name: 'enable_alerts', value: 'false' }
    await updateConfig(change, { scope: 'GROUP', id: first.roleConfigGroupId }, [off])
    await updateConfig(change, { scope: 'ROLE', id: first.id }, [{ ...off, value: 'true' }])
  })
  await link.flush()
  expect([await isAlerted(0), await isAlerted(1)]).toEqual([true, false])
  expect(now.tests?.find(({ test }) => test.endsWith('UNEXPECTED_EXITS'))?.suppressed).toBe(true)
})

test('thresholds cascade from service, group, role, host and all hosts, and mistakes are refused', async () => {
  const core = await newCore(postgres)
  await addCluster(core, 2)
  await addService(core, 'zk', 'ZOOKEEPER', 'SERVER', ['h1', 'h2'])
  const at = await monitor()
  onTestFinished(() => at.stop())
  const { link } = await manager(core, at.port)
  const [first, second] = [await role(core, 0), await role(core, 1)]
  const limits = (warning: string) => JSON.stringify({ warning, critical: '90' })
  const set = (
    scope: 'SERVICE' | 'GROUP' | 'ROLE' | 'HOST' | 'ALL_HOSTS' | 'MANAGER' | 'CLUSTER',
    id: number,
    name: string,
    value: string,
  ) => core.change((change) => updateConfig(change, { scope, id }, [{ name, value }]))
  await set('GROUP', first.roleConfigGroupId, 'server_fd_thresholds', limits('11'))
  await set('ROLE', second.id, 'server_fd_thresholds', limits('22'))
  await set('SERVICE', first.serviceId, 'server_healthy_thresholds', limits('33'))
  await set('ALL_HOSTS', 0, 'host_missed_heartbeats_thresholds', limits('44'))
  await set('HOST', first.hostId, 'host_missed_heartbeats_thresholds', limits('55'))
  await set('MANAGER', 0, 'cluster_services_healthy_thresholds', limits('66'))
  await core.change((change) => createClusters(change, [{ name: 'c2', fullVersion: '7.1.7' }]))
  const [c1, c2] = [...(await core.model()).clusters.values()]
  await set('CLUSTER', c2!.id, 'cluster_services_healthy_thresholds', limits('77'))
  await set('CLUSTER', c2!.id, 'cluster_health_suppression_cluster_hosts_healthy', 'true')
  const triggers = JSON.stringify([
    { triggerName: 't', triggerExpression: 'IF (SELECT fd_open) DO health:bad' },
  ])
  await set('ROLE', second.id, 'role_triggers', triggers)
  await set('ALL_HOSTS', 0, 'host_triggers', triggers)
  await link.flush()
  const model = at.health.model!
  const settingOf = (config: string | undefined, name: string) => model.configs[config ?? '']?.values[name]
  const roleOf = (name: string) => model.roles.find((each) => each.identity === name)!
  expect(settingOf(roleOf(first.name).config, 'server_fd_thresholds')).toBe(limits('11'))
  expect(settingOf(roleOf(second.name).config, 'server_fd_thresholds')).toBe(limits('22'))
  expect(settingOf(roleOf(second.name).config, 'role_triggers')).toBe(triggers)
  expect(settingOf(roleOf(first.name).config, 'role_triggers')).toBeUndefined()
  expect(settingOf(model.services[0]!.config, 'server_healthy_thresholds')).toBe(limits('33'))
  const own = roleOf(first.name).host
  for (const { identity, config } of model.hosts)
    expect(settingOf(config, 'host_missed_heartbeats_thresholds')).toBe(
      limits(identity === own ? '55' : '44'),
    )
  expect(settingOf(model.hosts[1]!.config, 'host_triggers')).toBe(triggers)
  const clusterOf = ({ uuid }: { uuid: string }) => model.clusters.find(({ identity }) => identity === uuid)!
  expect(settingOf(clusterOf(c1!).config, 'cluster_services_healthy_thresholds')).toBe(limits('66'))
  expect(settingOf(clusterOf(c2!).config, 'cluster_services_healthy_thresholds')).toBe(limits('77'))
  expect(clusterOf(c1!).suppressed).toBeUndefined()
  expect(clusterOf(c2!).suppressed).toEqual(['CLUSTER_HOSTS_HEALTHY'])
  expect(model.configs[roleOf(first.name).config!]?.paths?.data).toHaveLength(1)
  for (const [wrong, why] of [
    ['garbage', /no JSON/],
    ['{}', /must be a list/],
    ['[{"triggerName":"t"}]', /trigger 1 needs/],
  ] as const)
    await expect(set('ROLE', first.id, 'role_triggers', wrong)).rejects.toThrow(why)
  await expect(set('ROLE', first.id, 'server_fd_thresholds', '{"warning":"much"}')).rejects.toThrow(
    /fd_thresholds/,
  )
})

test('how things are is read once for many, follows changes, and costs no time while the monitor is away', async () => {
  const core = await newCore(postgres)
  await addCluster(core, 1)
  await addService(core, 'zk', 'ZOOKEEPER', 'SERVER', ['h1'])
  const at = await monitor()
  const { results, clock } = await manager(core, at.port)
  const { name } = await role(core)
  const found = await eventually('the results', async () => {
    clock.now += 2_000
    const each = (await results.read())('ROLE', name)
    return each?.summary === 'DISABLED' && each
  })
  expect(found).toMatchObject({ category: 'ROLE', summary: 'DISABLED' })
  const why = await results.explanations({ category: 'ROLE' })
  expect(why.get(`ROLE ${name}`)?.get('ZOOKEEPER_SERVER_SCM_HEALTH')).toMatch(/stopped/)
  await at.stop()
  clock.now += 5_000
  expect((await results.read())('ROLE', name)).toMatchObject({ summary: 'DISABLED' })
  // When it has been away for a while there is nothing.
  clock.now += 15_000
  const start = performance.now()
  expect((await results.read())('ROLE', name)).toBeUndefined()
  // Nobody waits until the monitor is given up, which takes 20 s.
  expect(performance.now() - start).toBeLessThan(10_000)
})

test('audit events and the ends of commands reach the event store once, also those of the time when the monitor was away', async () => {
  const core = await newCore(postgres)
  const audit = (message: string) =>
    recordAudit(core.db, { username: 'ann', command: 'Start', clusterName: 'c1', message })
  await audit('while the monitor is away')
  const command = async (state: 'RUNNING' | 'SUCCEEDED' | 'FAILED') =>
    core.db
      .insertInto('command')
      .values({
        ...{ position: 0, name: 'Restart', kind: null, args: '{}', mode: 'SEQUENCE', tolerance: 0, state },
        ...{ attempt: 1, progress: '{}', abortRequested: false, username: 'ann', message: 'So it is.' },
        context: JSON.stringify({ serviceName: 'zk', clusterName: 'c1' }),
        createdAt: Date.now() - 3_000,
        startedAt: Date.now() - 2_000,
        endedAt: state === 'RUNNING' ? null : Date.now(),
      })
      .returning('id')
      .executeTakeFirstOrThrow()
  const first = await command('RUNNING')
  await command('SUCCEEDED')
  let at = await monitor()
  const { port } = at
  await at.stop()
  await manager(core, port)
  await audit('and another')
  at = await monitor(port)
  onTestFinished(() => at.stop())
  const contents = async (query: string) => {
    const response = await at.events.app.request(`/api/v45/events?query=${encodeURIComponent(query)}`)
    const { items } = (await response.json()) as { items: { content: string }[] }
    return items.map(({ content }) => content).sort()
  }
  const several = (what: string, query: string, count: number) =>
    eventually(what, async () => {
      const found = await contents(query)
      return found.length >= count && found
    })
  const audits = await several('both', 'category==AUDIT_EVENT;attributes.USER==ann', 2)
  expect(audits).toEqual(['and another', 'while the monitor is away'])
  const ofCommands = 'category==ACTIVITY_EVENT;attributes.service==zk'
  const restart = 'The command Restart of service zk in c1'
  expect(await several('the command', ofCommands, 1)).toEqual([`${restart} has succeeded. So it is.`])
  const failed = { state: 'FAILED', endedAt: Date.now() } as const
  await core.db.updateTable('command').set(failed).where('id', '=', first.id).execute()
  expect(await several('its end', ofCommands, 2)).toEqual([
    `${restart} has failed. So it is.`,
    `${restart} has succeeded. So it is.`,
  ])
  expect(await contents(`${ofCommands};severity==important`)).toHaveLength(1)
  const active = `category==SYSTEM;id==manager-${core.deploymentId}-${core.term()}`
  expect(await several('the manager', active, 1)).toEqual([
    expect.stringContaining('The manager on manager1 has become active'),
  ])
  await eventually('the note of it', async () => {
    const left = await core.db.selectFrom('auditEvent').select('id').where('sent', '=', false).execute()
    return left.length === 0
  })
})

test('events that the monitor will never take hold up no others; those that it cannot take now wait', async () => {
  const at = await monitor()
  onTestFinished(() => at.stop())
  const client = createMonitorClient({ url: `http://127.0.0.1:${at.port}` })
  let told = 0
  const never: EventSource = {
    next: async () => ({
      events: told > 0 ? [] : [{ id: 'no event' } as never],
      more: false,
      told: async () => void told++,
    }),
  }
  const own = createSystemEvents('manager1')
  for (let n = 0; n < 250; n++) own.add('EV_TEST', 'INFORMATIONAL', `number ${n}`)
  const { events, told: first } = await own.next()
  own.add('EV_TEST', 'INFORMATIONAL', 'after those')
  await first()
  expect(events.map(({ content }) => content)).toEqual(
    Array.from({ length: 200 }, (_, n) => `number ${n + 50}`),
  )
  expect((await own.next()).events.map(({ content }) => content)).toEqual(['after those'])
  const sender = startEventSender({ logger: silent, client, sources: [never, own], everyMs: 20 })
  onTestFinished(async () => {
    await sender.stop()
    client.close()
  })
  await eventually('the one behind it', async () => (await own.next()).events.length === 0)
  expect(told).toBeGreaterThan(0)
  const found = await fetch(
    `http://127.0.0.1:${at.port}/api/v45/events?query=${encodeURIComponent('category==SYSTEM;attributes.eventcode==EV_TEST')}`,
  )
  expect(((await found.json()) as ApiEventQueryResult).items).toMatchObject([{ content: 'after those' }])

  // Away, without its token, or broken: nothing of that is about the events.
  const statuses = [503, 401, 500, 404]
  const asked = statuses.length + 1
  const answers = {
    ask: async () => ({ status: statuses.shift() ?? 200, body: undefined }),
  }
  let rounds = 0
  const kept: string[] = []
  const waiting: EventSource = {
    async next() {
      rounds++
      return { events: [events[0]!], more: false, told: async () => void kept.push(`round ${rounds}`) }
    },
  }
  const other = startEventSender({ logger: silent, client: answers as never, sources: [waiting], everyMs: 1 })
  await eventually('it to be told', () => kept.length > 0)
  await other.stop()
  expect(kept[0]).toBe(`round ${asked}`)
})

test('a change of managers makes no host look lost, and none look well that was lost before', () => {
  const at = { began: 1_000_000, ended: 900_000, intervalMs: 15_000 }
  const heard = (lastHeartbeat: number) =>
    hostFact({ hostId: 'h', lastHeartbeat, clockOffset: undefined, failures: [] }, at).lastHeartbeat
  expect(heard(1_000_500)).toBe(1_000_500)
  expect(heard(899_000)).toBe(999_000)
  expect(heard(600_000)).toBe(700_000)
  expect(heard(0)).toBeUndefined()
})

test('explanations are in the API where the view asks for them, also of the management service', async () => {
  const core = await newCore(postgres)
  await addCluster(core, 1)
  await addService(core, 'zk', 'ZOOKEEPER', 'SERVER', ['h1'])
  const at = await monitor()
  const monitorClient = createMonitorClient({ url: `http://127.0.0.1:${at.port}` })
  const server = await serveApi(core, { monitorClient })
  onTestFinished(async () => {
    await server.close()
    monitorClient.close()
    await at.stop()
  })
  const admin = server.as('admin')
  await admin.put('/cm/service', { name: 'mgmt', roles: [{ type: 'MONITOR', hostRef: { hostname: 'h1' } }] })
  const explained = (path: string) =>
    eventually(path, async () => {
      const { body } = await admin.get(`${path}?view=full_with_health_check_explanation`)
      const checks = (body.items ?? [body]).flatMap((each: { healthChecks: object[] }) => each.healthChecks)
      return checks.length > 0 && checks.every((each: { explanation: string }) => each.explanation !== '')
    })
  for (const path of ['/cm/service', '/cm/service/roles', '/clusters/c1/services/zk/roles', '/hosts'])
    await explained(path)
})

test('health tests that a service type brings are the monitor’s, with thresholds to set', async () => {
  const core = await newCore(postgres)
  core.setDescriptors(
    await loadDescriptors([{ path: new URL('./descriptors/fixtures', import.meta.url).pathname }]),
  )
  await addCluster(core, 1)
  await addService(core, 'greeter', 'GREETER', 'GREETER_SERVER', ['h1'])
  const at = await monitor()
  onTestFinished(() => at.stop())
  const { link, runtime } = await manager(core, at.port)
  const { id, name, hostId, serviceId, roleConfigGroupId } = [...(await core.model()).roles.values()][0]!
  const now = Date.now()
  const since = now - 3_600_000
  const process = { kind: 'ROLE', name: 'g', roleId: id, serviceId, hostId, revision: 1 } as const
  runtime.put({ ...process, id, current: true, wanted: 'RUNNING', listed: true, createdAt: since })
  const report = { id, name: 'g', since, restarts: 0, unexpectedExits: 0, revision: 1 }
  runtime.report(id, { ...report, state: 'RUNNING', startedAt: since })
  const { catalogue, writer } = store
  const waiting = async (value: number, time: number) => {
    const entity = catalogue.addEntity({ category: 'ROLE', name, attributes: { roleName: name } })
    const series = Uint32Array.of(
      catalogue.addSeries(catalogue.addMetric({ name: 'greeter_waiting' }), entity),
    )
    const columns = { length: 1, series, time: Float64Array.of(time), value: Float64Array.of(value) }
    await writer.write(columns)
  }
  const seen = () => at.health.entity('ROLE', name)?.tests?.find(({ test }) => test === 'GREETER_WAITING')
  await link.flush()
  await eventually('the test', seen)
  await waiting(4, now - 3)
  await eventually('all well', () => seen()?.summary === 'GOOD')
  expect(seen()?.explanation).toBe('Everyone is greeted.')
  // At the threshold counts, as `gte` says.
  await waiting(10, now - 2)
  await eventually('too many', () => seen()?.summary === 'BAD')
  expect(seen()?.explanation).toMatch(/^10 guests wait: too many\. Critical threshold: 10\.$/)
  await core.change((change) =>
    updateConfig(change, { scope: 'GROUP', id: roleConfigGroupId }, [
      { name: 'greeter_waiting_thresholds', value: '{"warning":"never","critical":"20"}' },
    ]),
  )
  await link.flush()
  await eventually('other thresholds', () => seen()?.summary === 'GOOD')
})

test('which NameNode is active is in the API, from its metrics, while it runs and there are two', async () => {
  const core = await newCore(postgres)
  await addCluster(core, 2)
  await addService(core, 'hdfs', 'HDFS', 'NAMENODE', ['h1', 'h2'])
  await addService(core, 'single', 'HDFS', 'NAMENODE', ['h1'])
  const model = await core.model()
  const rolesOf = (name: string) => model.rolesOfService.get(serviceNamed(model, 'c1', name).id)!
  const bed = await openQueryBed()
  const monitored = await listen(bed.api.app, '127.0.0.1', 0)
  const monitorClient = createMonitorClient({ url: monitored.url })
  const server = await serveApi(core, { monitorClient })
  onTestFinished(async () => {
    await server.close()
    monitorClient.close()
    await monitored.close()
    await bed.cleanUp()
  })
  const now = Date.now()
  const put = ({ name }: { name: string }, value: number) =>
    bed.put('hdfs_is_active', { category: 'ROLE', name, attributes: { roleName: name } }, [
      [now - 20_000, 1 - value],
      [now - 10_000, value],
    ])
  const [first, second] = rolesOf('hdfs')
  await Promise.all([put(first!, 1), put(second!, 0), put(rolesOf('single')[0]!, 1)])
  const statusOf = async (service: string): Promise<(string | undefined)[]> =>
    (await server.as('admin').get(`/clusters/c1/services/${service}/roles`)).body.items.map(
      ({ haStatus }: { haStatus?: string }) => haStatus,
    )
  expect(await statusOf('hdfs')).toEqual(['UNKNOWN', 'UNKNOWN'])
  for (const { id, hostId, serviceId } of rolesOf('hdfs')) {
    const process = {
      kind: 'ROLE',
      name: 'nn',
      roleId: id,
      serviceId,
      hostId,
      revision: 1,
      current: true,
    } as const
    server.active.runtime.put({ ...process, id, wanted: 'RUNNING', listed: true, createdAt: now })
    const report = { id, name: 'nn', since: now, restarts: 0, unexpectedExits: 0, revision: 1 }
    server.active.runtime.report(id, { ...report, state: 'RUNNING', startedAt: now - 15_000 })
  }
  expect(await statusOf('hdfs')).toEqual(['ACTIVE', 'STANDBY'])
  const { body } = await server.as('admin').get('/clusters/c1/services/hdfs/roles?filter=haStatus==standby')
  expect(body.items.map(({ name }: { name: string }) => name)).toEqual([second!.name])
  expect(await statusOf('single')).toEqual([undefined])

  // Started anew since: what it was before says nothing.
  const { id } = first!
  const again = { id, name: 'nn', since: now, restarts: 1, unexpectedExits: 1, revision: 1 }
  server.active.runtime.report(id, { ...again, state: 'RUNNING', startedAt: now })
  expect(await statusOf('hdfs')).toEqual(['UNKNOWN', 'STANDBY'])
})
