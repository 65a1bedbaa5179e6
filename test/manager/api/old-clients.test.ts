import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newCore } from '../core.js'
import { startTestPostgres, type TestPostgres } from '../support.js'
import type { Client } from './client.js'
import { addCluster, serveApi, ZK } from './server.js'

/**
 * Attributes that Cloudera's Python client for v9 has for each of its classes; those with a class of their own name it. It
 * raises an AttributeError at any other.
 */
const REF = 'clusterName serviceName'
const CLASSES_V9: Record<string, string> = {
  ApiCluster: 'name version maintenanceMode maintenanceOwners fullVersion displayName',
  ApiHost:
    'hostId hostname ipAddress rackId status lastHeartbeat:date roleRefs:ApiRoleRef healthSummary healthChecks hostUrl commissionState maintenanceMode maintenanceOwners numCores numPhysicalCores totalPhysMemBytes',
  ApiService:
    'name type displayName serviceState healthSummary healthChecks clusterRef:ApiClusterRef configStale configStalenessStatus clientConfigStalenessStatus serviceUrl maintenanceMode maintenanceOwners',
  ApiRole:
    'name type hostRef:ApiHostRef roleState healthSummary healthChecks serviceRef:ApiServiceRef configStale configStalenessStatus haStatus roleUrl commissionState maintenanceMode maintenanceOwners roleConfigGroupRef:ApiRoleConfigGroupRef zooKeeperServerMode',
  ApiRoleConfigGroup: 'name displayName roleType config base serviceRef:ApiServiceRef',
  ApiHostTemplate: 'name roleConfigGroupRefs:ApiRoleConfigGroupRef clusterRef:ApiClusterRef',
  ApiCommand:
    'id name startTime:date endTime:date active success resultMessage clusterRef:ApiClusterRef serviceRef:ApiServiceRef roleRef:ApiRoleRef hostRef:ApiHostRef children parent:ApiCommand resultDataUrl',
  ApiConfig:
    'name value required default displayName description relatedName validationState validationMessage',
  ApiUser: 'name password roles',
  ApiHostRef: 'hostId',
  ApiClusterRef: 'clusterName',
  ApiServiceRef: `${REF} peerName`,
  ApiRoleRef: `${REF} roleName`,
  ApiRoleConfigGroupRef: 'roleConfigGroupName',
}
/** What came with v11. */
const CLASSES_V11: Record<string, string> = {
  ...CLASSES_V9,
  ApiCluster: `${CLASSES_V9.ApiCluster} clusterUrl hostsUrl entityStatus`,
  ApiHost: `${CLASSES_V9.ApiHost} entityStatus clusterRef:ApiClusterRef`,
  ApiService: `${CLASSES_V9.ApiService} roleInstancesUrl entityStatus`,
  ApiRole: `${CLASSES_V9.ApiRole} entityStatus`,
  ApiCommand: `${CLASSES_V9.ApiCommand} canRetry`,
}

/** As the client reads an answer: a name that its class does not have, or a date without its fraction, is the end. */
function readStrictly(classes: Record<string, string>, name: string, value: unknown): void {
  const attributes = new Map(
    classes[name]!.split(' ').map((each) => {
      const [attribute = '', type = ''] = each.split(':')
      return [attribute, type]
    }),
  )
  for (const [key, inner] of Object.entries(value as Record<string, unknown>)) {
    if (!attributes.has(key)) throw new Error(`Invalid property ${key} for class ${name}`)
    const type = attributes.get(key)
    if (type === 'date') expect(inner).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/)
    else if (type) for (const each of [inner].flat()) readStrictly(classes, type, each)
  }
}

let postgres: TestPostgres
let server: Awaited<ReturnType<typeof serveApi>>
let admin: Client
let roles: string[]
beforeAll(async () => {
  postgres = await startTestPostgres()
  server = await serveApi(await newCore(postgres))
  admin = server.as('admin')
  roles = await addCluster(admin)
}, 120_000)
afterAll(async () => {
  await server?.close()
  await postgres?.cleanUp()
})

describe.each([
  [9, CLASSES_V9],
  [11, CLASSES_V11],
])('a strict client of v%i', (version, classes) => {
  const all = async (name: string, path: string) => {
    const { status, body, text } = await admin.get(path, { version })
    expect([path, status, text]).toEqual([path, 200, text])
    const items = body.items ?? [body]
    expect(items.length).toBeGreaterThan(0)
    for (const item of items) readStrictly(classes, name, item)
  }

  it('reads clusters, hosts, services, roles, groups, templates and users', async () => {
    await all('ApiCluster', '/clusters?view=full')
    await all('ApiHost', '/hosts?view=full')
    await all('ApiHost', '/hosts/host-id-0')
    await all('ApiHostRef', '/clusters/Cluster%201/hosts')
    await all('ApiService', '/clusters/Cluster%201/services?view=full')
    await all('ApiService', ZK)
    await all('ApiRole', `${ZK}/roles`)
    await all('ApiRole', `${ZK}/roles/${roles[0]}`)
    await all('ApiRoleConfigGroup', `${ZK}/roleConfigGroups`)
    await all('ApiUser', '/users')
    await all('ApiUser', '/users/admin')
    await all('ApiConfig', `${ZK}/config?view=full`)
  })

  it('reads what changes answer', async () => {
    const entered = await admin.post(`${ZK}/commands/enterMaintenanceMode`, undefined, { version })
    readStrictly(classes, 'ApiCommand', entered.body)
    expect(entered.body.id).toBe(-1)
    const group = `${ZK}/roleConfigGroups/zk-SERVER-BASE`
    const set = await admin.put(
      `${group}/config`,
      { items: [{ name: 'tickTime', value: 2500 }] },
      { version },
    )
    // It tells a summary from a full view by the first item having exactly two keys.
    for (const item of set.body.items) expect(Object.keys(item)).toEqual(['name', 'value'])
    const { body } = await admin.get(group, { version })
    // It sends whole objects back, what it read included.
    const put = await admin.put(group, { ...body, displayName: 'Renamed', config: undefined }, { version })
    readStrictly(classes, 'ApiRoleConfigGroup', put.body)
    const user = await admin.put('/users/user/', { name: 'user', roles: [] }, { version })
    expect(user.body).toEqual({ name: 'user', roles: ['ROLE_USER'] })
    const host = {
      hostId: 'host-id-0',
      hostname: 'one.example',
      ipAddress: '192.0.2.1',
      rackId: `/row${version}`,
    }
    readStrictly(classes, 'ApiHost', (await admin.put('/hosts/host-id-0/', host, { version })).body)
  })

  it('learns version and scheme before it logs in', async () => {
    const challenge = await server.as(undefined).get('/clusters', { version })
    expect(challenge.headers['www-authenticate']).toBe('Basic realm="Cloudera Manager"')
    const again = await admin.get('/clusters', { version })
    const cookie = [again.headers['set-cookie']].flat()[0]!.split(';')[0]!
    expect((await server.as(undefined).get('/clusters', { version, headers: { cookie } })).status).toBe(200)
  })
})
