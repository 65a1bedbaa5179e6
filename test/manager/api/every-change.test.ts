import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endpoints } from '../../../src/manager/api/contract/endpoints.js'
import { newCore } from '../core.js'
import { startTestPostgres, type TestPostgres } from '../support.js'
import type { Client, Reply } from './client.js'
import { addCluster, serveApi } from './server.js'

/** Every endpoint that changes something does so once, on real parts: its answer fits the contract, and it leaves an event. */
let postgres: TestPostgres
let server: Awaited<ReturnType<typeof serveApi>>
let admin: Client
let roles: string[]
beforeAll(async () => {
  postgres = await startTestPostgres()
  server = await serveApi(await newCore(postgres))
  admin = server.as('admin')
}, 120_000)
afterAll(async () => {
  await server?.close()
  await postgres?.cleanUp()
})

const C = '/clusters/{clusterName}'
const S = `${C}/services/{serviceName}`
const G = `${S}/roleConfigGroups`
const T = `${C}/hostTemplates`
const M = '/cm/service'
const items = (...list: unknown[]) => ({ items: list })
const value = (name: string, text: string) => items({ name, value: text })
const maintenance = (path: string): Change[] => [
  [`POST ${path}/commands/enterMaintenanceMode`],
  [`POST ${path}/commands/exitMaintenanceMode`],
]

type Change = [name: string, body?: (() => unknown) | undefined, params?: Record<string, string>]

/** In this order; bodies are made when it is their turn. `addCluster` goes before. */
const changes: Change[] = [
  ['POST /clusters', () => items({ name: 'other' })],
  [`PUT ${C}`, () => ({ displayName: 'Other one' }), { clusterName: 'other' }],
  [
    'POST /hosts',
    () => items({ hostname: 'late.example', hostId: 'host-id-late' }, { hostname: 'more.example' }),
  ],
  ['PUT /hosts/{hostId}', () => ({ rackId: '/row9' })],
  [`PUT ${C}/config`, () => value('cluster_hosts_healthy_thresholds', '{"warning":"80","critical":"never"}')],
  ['PUT /hosts/{hostId}/config', () => value('process_log_backups', '4')],
  ['PUT /hosts/{hostname}/tags', () => [{ name: 'a', value: 'b' }]],
  ['DELETE /hosts/{hostname}/tags', () => [{ name: 'a' }]],
  [`POST ${C}/hosts`, () => items({ hostname: 'late.example' })],
  [`DELETE ${C}/hosts/{hostId}`, undefined, { hostId: 'host-id-late' }],
  [`POST ${C}/services`, () => items({ name: 'p', type: 'PROCESS' })],
  [`PUT ${S}`, () => ({ displayName: 'Processes' }), { serviceName: 'p' }],
  [`PUT ${S}/config`, () => items()],
  [
    `POST ${S}/roles`,
    () => items({ type: 'INSTANCE', name: 'p1', hostRef: { hostId: 'host-id-1' } }),
    { serviceName: 'p' },
  ],
  [`PUT ${S}/roles/{roleName}/config`, () => value('tickTime', '2500')],
  [`DELETE ${S}/roles/{roleName}`, undefined, { serviceName: 'p', roleName: 'p1' }],
  [
    `POST ${S}/roles`,
    () => items({ type: 'INSTANCE', name: 'p2', hostRef: { hostId: 'host-id-1' } }),
    { serviceName: 'p' },
  ],
  [`POST ${S}/roles/bulkDelete`, () => items('p2'), { serviceName: 'p' }],
  [`DELETE ${S}`, undefined, { serviceName: 'p' }],
  [`POST ${G}`, () => items({ name: 'g', roleType: 'SERVER' })],
  [`PUT ${G}/{roleConfigGroupName}`, () => ({ displayName: 'Gee' })],
  [`PUT ${G}/{roleConfigGroupName}/config`, () => value('tickTime', '2600')],
  [`PUT ${G}/{roleConfigGroupName}/roles`, () => items(roles[0])],
  [`POST ${T}`, () => items({ name: 't', roleConfigGroupRefs: [{ roleConfigGroupName: 'g' }] })],
  [
    `PUT ${T}/{hostTemplateName}`,
    () => ({ roleConfigGroupRefs: [{ roleConfigGroupName: 'zk-SERVER-BASE' }] }),
  ],
  [`POST ${T}/{hostTemplateName}/commands/applyHostTemplate`, () => items({ hostId: 'host-id-1' })],
  [`DELETE ${T}/{hostTemplateName}`],
  [`PUT ${G}/roles`, () => items(roles[0])],
  [`DELETE ${G}/{roleConfigGroupName}`],
  ...[C, S, `${S}/roles/{roleName}`, '/hosts/{hostId}'].flatMap(maintenance),
  ...['start', 'stop', 'restart', 'rollingRestart', 'refresh', 'deployClientConfig', 'firstRun'].map(
    (word): Change => [`POST ${C}/commands/${word}`],
  ),
  ...['start', 'stop', 'restart', 'rollingRestart', 'firstRun'].map(
    (word): Change => [`POST ${S}/commands/${word}`],
  ),
  [
    `POST ${C}/services`,
    () =>
      items({ name: 'hdfs', type: 'HDFS', roles: [{ type: 'GATEWAY', hostRef: { hostId: 'host-id-1' } }] }),
  ],
  [`POST ${S}/commands/deployClientConfig`, undefined, { serviceName: 'hdfs' }],
  [`POST ${S}/commands/{commandName}`, undefined, { commandName: 'Refresh' }],
  [`POST ${S}/commands/decommission`, () => items(roles[1])],
  [`POST ${S}/commands/recommission`, () => items(roles[1])],
  ...['start', 'stop', 'restart', 'refresh', '{commandName}'].map(
    (word): Change => [`POST ${S}/roleCommands/${word}`, () => items(roles[2]), { commandName: 'Restart' }],
  ),
  ['POST /cm/commands/hostsDecommission', () => items('one.example')],
  ['POST /cm/commands/hostsRecommission', () => items('one.example')],
  ['POST /cm/commands/hostsRecommissionWithStart', () => items('one.example')],
  ['POST /cm/commands/hostsStartRoles', () => items('one.example')],
  [`PUT ${M}`, () => ({ name: 'mgmt' })],
  [`POST ${M}/roles`, () => items({ type: 'MONITOR', name: 'm1', hostRef: { hostId: 'host-id-1' } })],
  [`PUT ${M}/config`, () => items()],
  [`PUT ${M}/roles/{roleName}/config`, () => value('log_level', 'debug'), { roleName: 'm1' }],
  [
    `PUT ${M}/roleConfigGroups/{roleConfigGroupName}`,
    () => ({ displayName: 'Mon' }),
    { roleConfigGroupName: 'mgmt-MONITOR-BASE' },
  ],
  [
    `PUT ${M}/roleConfigGroups/{roleConfigGroupName}/config`,
    () => value('log_level', 'warn'),
    { roleConfigGroupName: 'mgmt-MONITOR-BASE' },
  ],
  ...['start', 'stop', 'restart'].flatMap((word): Change[] => [
    [`POST ${M}/commands/${word}`],
    [`POST ${M}/roleCommands/${word}`, () => items('m1')],
  ]),
  [`DELETE ${M}/roles/{roleName}`, nothingRuns, { roleName: 'm1' }],
  [`DELETE ${M}`],
  ['PUT /cm/config', () => value('COMMAND_EVICTION_AGE_HOURS', '100')],
  ['PUT /cm/allHosts/config', () => value('process_log_backups', '6')],
  ['POST /cm/joinTokens', () => ({ uses: 1 })],
  ['POST /cm/serviceTypes/reload'],
  ['POST /users', () => items({ name: 'eve', password: 'password' })],
  ['PUT /users/{userName}', () => ({ roles: ['ROLE_OPERATOR'] })],
  ['POST /users/expireSessions/{userName}'],
  ['DELETE /users/{userName}'],
  // A command that runs, ended by hand and tried again.
  [`POST ${S}/commands/start`],
  ['POST /commands/{commandId}/abort'],
  ['POST /commands/{commandId}/retry'],
  [`DELETE ${C}/hosts`, undefined, { clusterName: 'other' }],
  [
    'POST /hosts/removeHostsFromCluster',
    async () => {
      await nothingRuns()
      return { hostsToRemove: ['three.example'], deleteHosts: true }
    },
  ],
  [`DELETE ${C}`],
  ['DELETE /hosts/{hostId}', undefined, { hostId: 'host-id-late' }],
  ['DELETE /hosts'],
  [`DELETE ${C}`, undefined, { clusterName: 'other' }],
  ['PUT /cm/deployment', () => ({ hosts: [{ hostId: 'host-id-0', hostname: 'one.example' }] })],
]

/** There is no agent here that would say so. An aborted restart may have begun its start. */
async function nothingRuns(): Promise<undefined> {
  await server.core.db.updateTable('process').set({ wanted: 'STOPPED' }).execute()
}

/** Silences and tests of receivers are the alert publisher's: they are looked at where one runs, in test/integration/health.test.ts. */
const served = Object.keys(endpoints).filter(
  (name) => !name.startsWith('GET ') && !name.includes(' /timeseries') && !name.includes(' /alerts/'),
)

let lastCommand = 0

async function settle({ body }: Reply): Promise<void> {
  const started: { id: number; active: boolean }[] = body?.items ?? [body]
  for (const { id, active } of started) {
    if (!(id > 0) || active === undefined) continue
    lastCommand = id
    if (!active) continue
    await admin.post(`/commands/${id}/abort`)
    await expect
      .poll(async () => (await admin.get(`/commands/${id}`)).body.active, { timeout: 60_000 })
      .toBe(false)
  }
}

const events = async () => await server.core.db.selectFrom('auditEvent').selectAll().orderBy('id').execute()

describe('every change', () => {
  it('that there is an endpoint for is looked at here', async () => {
    const { paths } = (await admin.get('/api/v45/openapi.json')).body
    const known = served.filter((name) => {
      const [method = '', path = ''] = name.split(' ')
      return paths[path]?.[method.toLowerCase()]
    })
    expect([...new Set(changes.map(([name]) => name))].sort()).toEqual(known.sort())
  })

  it('answers as the contract says, and leaves an event that tells who did what', async () => {
    roles = await addCluster(admin)
    for (const [name, body, params] of changes) {
      const [method = '', path = ''] = name.split(' ')
      const names: Record<string, string> = {
        clusterName: 'Cluster 1',
        serviceName: 'zk',
        roleName: roles[1]!,
        roleConfigGroupName: 'g',
        hostTemplateName: 't',
        hostId: 'host-id-1',
        hostname: 'two.example',
        userName: 'eve',
        commandId: String(lastCommand),
        ...params,
      }
      const concrete = path.replace(/{(\w+)}/g, (_, each: string) => encodeURIComponent(names[each]!))
      const before = (await events()).length
      const reply = await admin.send(method, concrete, body ? { body: await body() } : {})
      expect([name, reply.status, reply.body?.message]).toEqual([name, 200, undefined])
      if (Array.isArray(reply.body?.errors)) expect([name, reply.body.errors]).toEqual([name, []])
      const [event, ...more] = (await events()).slice(before)
      expect([name, event, more]).toEqual([
        name,
        expect.objectContaining({ username: 'admin', ipAddress: '127.0.0.1', allowed: true }),
        [],
      ])
      // A name of its own, and what it was about.
      expect([name, event!.command]).not.toEqual([name, name])
      if (path.includes('{clusterName}'))
        expect([name, event!.clusterName]).toEqual([name, names.clusterName])
      if (path.includes('{serviceName}'))
        expect([name, event!.serviceName]).toEqual([name, names.serviceName])
      await settle(reply)
    }
  }, 120_000)
})
