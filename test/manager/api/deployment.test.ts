import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endpoints } from '../../../src/manager/api/contract/endpoints.js'
import { jsonStream } from '../../../src/manager/api/http/json-stream.js'
import { trim } from '../../../src/manager/api/http/trim.js'
import {
  hostNamed,
  roleNamed,
  serviceNamed,
  setHostCommission,
  setRoleCommission,
} from '../../../src/manager/model/index.js'
import { newCore } from '../core.js'
import { startTestPostgres, type TestPostgres } from '../support.js'
import { addCluster, serveApi, ZK } from './server.js'

let postgres: TestPostgres
/** With something of everything, for the tests that only read. */
let full: Awaited<ReturnType<typeof serve>>
beforeAll(async () => {
  postgres = await startTestPostgres()
  full = await serve()
  await fill(full)
}, 120_000)
afterAll(async () => {
  await full?.close()
  await postgres?.cleanUp()
})

async function serve() {
  const server = await serveApi(await newCore(postgres))
  const admin = server.as('admin')
  const good = async (method: string, path: string, body?: unknown) => {
    const reply = await admin.send(method, path, body === undefined ? {} : { body })
    expect([method, path, reply.status, reply.body?.message]).toEqual([method, path, 200, undefined])
    return reply.body
  }
  return { ...server, admin, good }
}

/** Something of everything that a model can have. */
async function fill({ admin, good, core, active }: Awaited<ReturnType<typeof serve>>): Promise<void> {
  const [first, second, third] = await addCluster(admin)
  await good('POST', '/clusters', {
    items: [{ name: 'Zwei', displayName: 'Über alles', fullVersion: '7.2' }],
  })
  await good('POST', '/hosts', {
    items: [
      { hostId: 'host-id-8', hostname: 'eight.example', ipAddress: '2001:db8::8', rackId: '/row1/rack2' },
      { hostId: 'host-id-9', hostname: 'nine.example' },
    ],
  })
  await good('POST', '/clusters/Zwei/hosts', { items: [{ hostId: 'host-id-8' }] })
  await good('POST', '/clusters/Zwei/services', {
    items: [
      { name: 'z2', type: 'ZOOKEEPER' },
      { name: 'hdfs', type: 'HDFS', config: { items: [{ name: 'zookeeper_service', value: 'z2' }] } },
    ],
  })
  await good('POST', `${ZK}/roleConfigGroups`, {
    items: [{ name: 'small', displayName: 'Small ones', roleType: 'SERVER' }],
  })
  await good('PUT', `${ZK}/roleConfigGroups/small/config`, { items: [{ name: 'tickTime', value: '2100' }] })
  await good('PUT', `${ZK}/roleConfigGroups/small/roles`, { items: [third] })
  await good('PUT', `${ZK}/roles/${first}/config`, {
    items: [
      { name: 'tickTime', value: '2500' },
      { name: 'role_config_suppression_tickTime', value: 'true' },
    ],
  })
  await good('PUT', '/cm/config', { items: [{ name: 'HEARTBEAT_INTERVAL', value: '20' }] })
  await good('PUT', '/clusters/Zwei/config', {
    items: [
      { name: 'cluster_hosts_healthy_thresholds', value: '{"warning":"80","critical":"never"}' },
      { name: 'cluster_health_suppression_cluster_services_health', value: 'true' },
    ],
  })
  await good('PUT', '/cm/allHosts/config', { items: [{ name: 'process_log_backups', value: '4' }] })
  await good('PUT', '/hosts/host-id-1/config', { items: [{ name: 'process_log_backups', value: '3' }] })
  await good('POST', '/clusters/Cluster%201/hostTemplates', {
    items: [{ name: 'zoo', roleConfigGroupRefs: [{ roleConfigGroupName: 'small' }] }],
  })
  await good('PUT', '/cm/service', {
    name: 'mgmt',
    roles: [{ type: 'MONITOR', hostRef: { hostId: 'host-id-9' } }],
  })
  await good('PUT', '/cm/service/roleConfigGroups/mgmt-MONITOR-BASE/config', {
    items: [{ name: 'clickhouse_password', value: 'very secret' }],
  })
  await good('PUT', '/hosts/one.example/tags', [
    { name: 'row', value: '7' },
    { name: 'a', value: '' },
  ])
  for (const path of ['/hosts/host-id-1', '/clusters/Zwei', ZK, `${ZK}/roles/${second}`])
    await good('POST', `${path}/commands/enterMaintenanceMode`)
  await good('POST', '/users', { items: [{ name: 'eve', password: 'password', roles: ['ROLE_OPERATOR'] }] })
  const { id } = await good('POST', `${ZK}/commands/decommission`, { items: [second] })
  await active.commands.ended(id)
  expect((await admin.get(`${ZK}/roles/${second}`)).body.commissionState).toBe('DECOMMISSIONED')
  // As a command leaves them that is under way.
  await core.change(async (change) => {
    const model = await change.model()
    await setHostCommission(change, [hostNamed(model, 'host-id-2')], 'DECOMMISSIONING')
    const service = serviceNamed(model, 'Cluster 1', 'zk')
    await setRoleCommission(change, [roleNamed(model, service, third!)], 'DECOMMISSIONING')
  })
}

describe('a deployment', () => {
  it('that is restored and backed up again is the same, secrets and passwords included', async () => {
    const backup = await full.good('GET', '/cm/deployment')
    const redacted = await full.admin.get('/cm/deployment?view=export_redacted')
    expect(JSON.stringify(backup)).toContain('very secret')
    expect(JSON.stringify(backup)).toContain('"DECOMMISSIONING"')
    for (const secret of ['very secret', 'scrypt$']) expect(redacted.text).not.toContain(secret)

    const to = await serve()
    const answer = await to.good('PUT', '/cm/deployment', backup)
    expect(JSON.stringify(answer)).not.toContain('very secret')
    const again = await to.good('GET', '/cm/deployment')
    expect({ ...again, timestamp: backup.timestamp }).toEqual(backup)
    expect(JSON.stringify(again)).toContain('very secret')
    expect((await to.as('eve', 'password').get('/clusters')).body.items).toHaveLength(2)
    expect((await to.admin.put('/cm/deployment', backup)).body.message).toContain('empty')
    await to.close()
  }, 120_000)

  it('is the one answer that has secrets, for administrators alone', async () => {
    const { id } = await full.good('POST', '/cm/service/commands/start')
    await full.admin.post(`/commands/${id}/abort`)
    const names: Record<string, string> = {
      clusterName: 'Cluster 1',
      serviceName: 'zk',
      roleName: (await full.good('GET', '/cm/service/roles')).items[0].name,
      roleConfigGroupName: 'mgmt-MONITOR-BASE',
      hostId: 'host-id-9',
      hostname: 'nine.example',
      commandId: String(id),
      userName: 'eve',
    }
    let looked = 0
    for (const [name, facts] of Object.entries(endpoints)) {
      const [method, path = ''] = name.split(' ')
      if (method !== 'GET') continue
      const views = 'query' in facts && 'view' in facts.query ? ['full', 'export', 'export_redacted'] : ['']
      for (const view of views) {
        const concrete = path.replace(/{(\w+)}/g, (_, each: string) => encodeURIComponent(names[each] ?? 'x'))
        const reply = await full.admin.get(`${concrete}${view && `?view=${view}`}`)
        const told = reply.text.includes('very secret')
        expect([name, view, told]).toEqual([name, view, path === '/cm/deployment' && view === 'export'])
        if (reply.status === 200) looked++
      }
    }
    expect(looked).toBeGreaterThan(60)
    for (const user of ['user', 'operator', 'configurator', 'hr'])
      expect((await full.as(user).get('/cm/deployment')).status).toBe(403)
  }, 120_000)

  it('has states where a view asks for them', async () => {
    const server = await serve()
    await addCluster(server.admin)
    const { clusters } = await server.good('GET', '/cm/deployment?view=full')
    expect(clusters[0].services[0]).toMatchObject({
      serviceState: 'STOPPED',
      roles: [{ roleState: 'STOPPED' }, {}, {}],
    })
    expect((await server.good('GET', '/cm/deployment')).clusters[0].services[0].serviceState).toBeUndefined()
    await server.close()
  })

  it('that is wrong in one place leaves nothing behind', async () => {
    const server = await serve()
    const hosts = [{ hostId: 'host-id-0', hostname: 'one.example' }]
    const withService = (service: object) => ({ hosts, clusters: [{ name: 'c', services: [service] }] })
    for (const wrong of [
      withService({ name: 'zk', type: 'ZOOKEEPER', config: { items: [{ name: 'no', value: '1' }] } }),
      withService({ name: 'zk', type: 'NO_SUCH' }),
      withService({
        name: 'zk',
        type: 'ZOOKEEPER',
        roles: [{ type: 'SERVER', hostRef: { hostId: 'elsewhere' } }],
      }),
      { hosts, clusters: [{ name: 'c', uuid: 'no uuid' }] },
      { hosts, users: [{ name: 'eve', pwHash: 'sha1' }] },
      { hosts, hostTemplates: { items: [{ name: 't', clusterRef: { clusterName: 'none' } }] } },
    ]) {
      const { status, body } = await server.admin.put('/cm/deployment', wrong)
      expect([status, body.message]).not.toEqual([200, undefined])
      expect([400, 404]).toContain(status)
      expect((await server.admin.get('/hosts')).body.items).toEqual([])
    }
    expect((await server.admin.put('/cm/deployment?deleteCurrentDeployment=true', {})).status).toBe(400)
    await server.close()
  })
})

describe('a cluster template', () => {
  it('has services, groups and values, and neither names of hosts nor secrets', async () => {
    const template = await full.good('GET', '/clusters/Cluster%201/export?exportAutoConfig=true')
    expect(template).toMatchObject({
      cdhVersion: '7.1.7',
      displayName: 'Cluster 1',
      services: [{ refName: 'zk', serviceType: 'ZOOKEEPER' }],
      instantiator: { clusterName: 'Cluster 1', roleConfigGroups: [{ rcgRefName: 'small', name: 'small' }] },
    })
    const templates = new Map(
      template.hostTemplates.map((each: { roleConfigGroupsRefNames: string[]; cardinality: number }) => [
        each.roleConfigGroupsRefNames.join(),
        each.cardinality,
      ]),
    )
    expect(templates).toEqual(new Map(Object.entries({ 'zk-SERVER-BASE': 2, small: 1 })))
    const groups = template.services[0].roleConfigGroups
    expect(groups.find(({ refName }: { refName: string }) => refName === 'small').configs).toEqual([
      { name: 'tickTime', value: '2100' },
    ])
    expect(JSON.stringify(template)).not.toContain('one.example')
    const other = await full.good('GET', '/clusters/Zwei/export')
    const hdfs = other.services.find(({ refName }: { refName: string }) => refName === 'hdfs')
    expect(hdfs.serviceConfigs).toContainEqual({ name: 'zookeeper_service', ref: 'z2' })
    expect((await full.admin.get('/clusters/None/export')).status).toBe(404)
    expect((await full.as('user').get('/clusters/Zwei/export', { version: 11 })).status).toBe(404)
  }, 120_000)
})

describe('a large answer', () => {
  const hosts = Array.from({ length: 2_000 }, (_, i) => ({
    hostId: `id-${i}`,
    hostname: `a "quoted"\n name ${i}`,
    numPhysicalCores: i === 3 ? Number.NaN : i,
    tags: i % 2 === 0 ? [] : [{ name: 'n', value: '\u2028' }],
    roleRefs:
      i === 7 ? Array.from({ length: 900 }, () => ({ roleName: 'r', clusterName: undefined })) : undefined,
  }))

  it.each([6, 45])('is written in pieces as it would be at once, for v%i', async (version) => {
    const chunks: Uint8Array[] = []
    for await (const chunk of jsonStream('ApiHostList', { items: hosts }, version)) chunks.push(chunk)
    const whole = `${JSON.stringify(trim('ApiHostList', { items: hosts }, version), undefined, 2)}\n`
    expect(Buffer.concat(chunks).toString()).toBe(whole)
    expect(chunks.length).toBeGreaterThan(3)
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThan(200_000)
  })

  it('lets others in between its pieces', async () => {
    let turns = 0
    let reading = true
    const turn = () => {
      turns++
      if (reading) setImmediate(turn)
    }
    setImmediate(turn)
    let chunks = 0
    for await (const _ of jsonStream('ApiHostList', { items: hosts }, 45)) chunks++
    reading = false
    expect(turns).toBeGreaterThanOrEqual(chunks)
  })
})
