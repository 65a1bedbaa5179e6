import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { loadDescriptors } from '../../../src/manager/descriptors/index.js'
import { newCore } from '../core.js'
import { greeterJar } from '../descriptors/support/jar.js'
import { startTestPostgres, type TestPostgres } from '../support.js'
import { addCluster, passwordOf, serveApi, ZK } from './server.js'

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startTestPostgres()
}, 120_000)
afterAll(() => postgres?.cleanUp())

async function serve() {
  const server = await serveApi(await newCore(postgres))
  return { ...server, admin: server.as('admin') }
}

describe('a cluster', () => {
  let server: Awaited<ReturnType<typeof serve>>
  let roles: string[]
  beforeAll(async () => {
    server = await serve()
    roles = await addCluster(server.admin)
  })
  afterAll(() => server.close())

  it('is made with hosts, services, groups, roles and values, and seen by everyone', async () => {
    const { body } = await server.as('user').get('/clusters')
    expect(body.items).toMatchObject([
      {
        name: 'Cluster 1',
        fullVersion: '7.1.7',
        version: 'CDH7',
        entityStatus: 'STOPPED',
        maintenanceMode: false,
      },
    ])
    expect(roles).toHaveLength(3)
    expect(roles[0]).toMatch(/^zk-SERVER-[0-9a-f]{32}$/)
    const service = await server.admin.get(ZK)
    expect(service.body).toMatchObject({
      displayName: 'Zoo',
      serviceState: 'STOPPED',
      configStalenessStatus: 'FRESH',
    })
    const host = await server.admin.get('/hosts/host-id-0')
    expect(host.body.roleRefs).toHaveLength(1)
    expect((await server.admin.get('/hosts')).body.items[0].roleRefs).toBeUndefined()
    const old = await server.admin.get('/clusters/Cluster%201/hosts', { version: 19 })
    expect(old.body.items[0]).toEqual({ hostId: 'host-id-0' })
  })

  it('is not changed while the disk of the database is full: that is said, and is over with it', async () => {
    // As PostgreSQL says it.
    await sql`create function full_disk() returns trigger language plpgsql as $$ begin
        raise exception 'could not extend file "base/1/2": No space left on device' using errcode = 'disk_full'; end $$`.execute(
      server.core.db,
    )
    await sql`create trigger full_disk before insert on cluster for each row execute function full_disk()`.execute(
      server.core.db,
    )
    const make = () => server.admin.post('/clusters', { items: [{ name: 'late', fullVersion: '7.1.7' }] })
    const refused = await make()
    expect(refused).toMatchObject({
      status: 503,
      body: {
        message:
          'The disk of the manager’s database is full: nothing can be changed until there is space on it again.',
      },
    })
    expect((await server.admin.get('/clusters')).status).toBe(200)
    await sql`drop function full_disk cascade`.execute(server.core.db)
    expect((await make()).status).toBe(200)
    expect((await server.admin.delete('/clusters/late')).status).toBe(200)
  })

  it('has types, and roles that can be filtered', async () => {
    expect((await server.admin.get('/clusters/Cluster%201/serviceTypes')).body.items).toContain('ZOOKEEPER')
    expect((await server.admin.get(`${ZK}/roleTypes`)).body.items).toContain('SERVER')
    const filtered = await server.admin.get(`${ZK}/roles?filter=hostname==two.example;type==SERVER`)
    expect(filtered.body.items).toMatchObject([{ hostRef: { hostname: 'two.example' } }])
    expect((await server.admin.get(`${ZK}/roles?filter=colour==red`)).body.message).toContain('colour')
  })

  it('shows configuration as the view asks, and takes names in either case', async () => {
    const group = `${ZK}/roleConfigGroups/zk-SERVER-BASE/config`
    const summary = await server.admin.get(group)
    expect(summary.body.items).toEqual([{ name: 'tickTime', value: '3000', sensitive: false }])
    expect((await server.admin.get(group, { version: 13 })).body.items).toEqual([
      { name: 'tickTime', value: '3000' },
    ])
    const full = await server.admin.get(`${group}?view=full`)
    const shown = full.body.items.find(({ name }: { name: string }) => name === 'tickTime')
    expect(shown).toMatchObject({ value: '3000', required: expect.any(Boolean), validationState: 'OK' })
    expect(full.body.items.length).toBeGreaterThan(10)
    const put = await server
      .as('configurator')
      .put(`${group}?message=because`, { items: [{ name: 'TICKTIME', value: 2500 }] })
    expect(put.body.items).toEqual([{ name: 'tickTime', value: '2500', sensitive: false }])
    const cleared = await server.admin.put(group, { items: [{ name: 'tickTime', value: null }] })
    expect(cleared.body.items).toEqual([])
    const wrong = await server.admin.put(group, {
      items: [
        { name: 'tickTime', value: 'soon' },
        { name: 'nothing', value: '1' },
      ],
    })
    expect([wrong.status, wrong.body.causes]).toEqual([
      400,
      [expect.stringContaining('tickTime'), expect.stringContaining('nothing')],
    ])
  })

  it('tells where each value comes from, and what it covers', async () => {
    const { admin } = server
    const role = `${ZK}/roles/${roles[0]}`
    const group = `${ZK}/roleConfigGroups/zk-SERVER-BASE`
    const holds = async (path: string, name: string) =>
      (await admin.get(`${path}/effectiveConfig`)).body.items.find(
        (each: { name: string }) => each.name === name,
      )
    const set = async (path: string, name: string, value: string | null) =>
      expect((await admin.put(`${path}/config`, { items: [{ name, value }] })).status).toBe(200)
    const groupSource = { level: 'ROLE_CONFIG_GROUP', name: 'zk-SERVER-BASE' }
    const byDefault = { source: { level: 'DEFAULT' }, value: '2000' }
    expect(await holds(role, 'tickTime')).toMatchObject({ ...byDefault, covers: [] })
    await set(group, 'tickTime', '2500')
    await set(role, 'tickTime', '2600')
    expect(await holds(role, 'tickTime')).toEqual({
      name: 'tickTime',
      displayName: expect.any(String),
      relatedName: 'tickTime',
      value: '2600',
      source: { level: 'ROLE', name: roles[0] },
      covers: [{ source: groupSource, value: '2500' }, byDefault],
      sensitive: false,
    })
    await set(role, 'tickTime', null)
    expect(await holds(role, 'tickTime')).toMatchObject({ value: '2500', source: groupSource })
    expect(await holds(group, 'tickTime')).toMatchObject({ value: '2500', source: groupSource })
    await set(group, 'tickTime', null)

    // The service's values hold for its roles as well.
    await set(ZK, 'process_username', 'zk')
    for (const path of [ZK, group, role])
      expect(await holds(path, 'process_username')).toMatchObject({
        value: 'zk',
        source: { level: 'SERVICE', name: 'zk' },
      })
    await set(ZK, 'process_username', null)

    await set('/cm/allHosts', 'process_log_backups', '5')
    expect(await holds('/hosts/host-id-0', 'process_log_backups')).toMatchObject({
      value: '5',
      source: { level: 'ALL_HOSTS' },
    })
    await set('/hosts/host-id-0', 'process_log_backups', '6')
    expect(await holds('/hosts/host-id-0', 'process_log_backups')).toMatchObject({
      value: '6',
      source: { level: 'HOST', name: 'host-id-0' },
      covers: [
        { source: { level: 'ALL_HOSTS' }, value: '5' },
        { source: { level: 'DEFAULT' }, value: '2' },
      ],
    })
    await set('/hosts/host-id-0', 'process_log_backups', null)
    await set('/cm/allHosts', 'process_log_backups', null)
    expect(await holds('/cm', 'HEARTBEAT_INTERVAL')).toMatchObject({ source: { level: 'DEFAULT' } })
  })

  it('moves roles between groups', async () => {
    const groups = `${ZK}/roleConfigGroups`
    const made = await server.admin.post(groups, {
      items: [{ name: 'big', displayName: 'Big', roleType: 'SERVER' }],
    })
    expect(made.body.items).toMatchObject([{ name: 'big', base: false, config: { items: [] } }])
    expect((await server.admin.put(`${groups}/big/roles`, { items: [roles[0]] })).status).toBe(200)
    expect((await server.admin.get(`${groups}/big/roles`)).body.items).toMatchObject([{ name: roles[0] }])
    expect((await server.admin.delete(`${groups}/big`)).status).toBe(400)
    await server.admin.put(`${groups}/roles`, { items: [roles[0]] })
    expect((await server.admin.delete(`${groups}/big`)).body).toMatchObject({ name: 'big' })
  })

  it('is put into maintenance mode, and what is in it with it', async () => {
    const entered = await server.as('operator').post('/clusters/Cluster%201/commands/enterMaintenanceMode')
    expect(entered.body).toMatchObject({
      id: -1,
      success: true,
      active: false,
      clusterRef: { clusterName: 'Cluster 1' },
    })
    expect((await server.admin.get(`${ZK}/roles/${roles[0]}`)).body).toMatchObject({
      maintenanceMode: true,
      maintenanceOwners: ['CLUSTER'],
    })
    await server.admin.post('/clusters/Cluster%201/commands/exitMaintenanceMode')
    for (const path of ['/hosts/host-id-0', ZK, `${ZK}/roles/${roles[0]}`]) {
      expect((await server.admin.post(`${path}/commands/enterMaintenanceMode`)).body.id).toBe(-1)
      expect((await server.admin.get(path)).body.maintenanceMode).toBe(true)
      await server.admin.post(`${path}/commands/exitMaintenanceMode`)
      expect((await server.admin.get(path)).body.maintenanceMode).toBe(false)
    }
  })

  it('has host templates and tags', async () => {
    const templates = '/clusters/Cluster%201/hostTemplates'
    const made = await server.admin.post(templates, {
      items: [{ name: 'Worker', roleConfigGroupRefs: [{ roleConfigGroupName: 'zk-SERVER-BASE' }] }],
    })
    expect(made.body.items).toMatchObject([{ name: 'Worker' }])
    const applied = await server.admin.post(`${templates}/Worker/commands/applyHostTemplate`, {
      items: [{ hostId: 'host-id-0' }],
    })
    expect(applied.body).toMatchObject({ id: -1, success: true })
    expect((await server.admin.put(`${templates}/Worker`, { name: 'Server' })).body.name).toBe('Server')
    expect((await server.admin.delete(`${templates}/Server`)).status).toBe(200)
    const tags = '/hosts/one.example/tags'
    expect((await server.admin.put(tags, [{ name: 'row', value: '7' }])).body).toEqual([
      { name: 'row', value: '7' },
    ])
    expect((await server.admin.get('/hosts/host-id-0')).body.tags).toEqual([{ name: 'row', value: '7' }])
    const deleted = await server.admin.send('DELETE', tags, { body: [{ name: 'row' }] })
    expect(deleted.body).toEqual([{ name: 'row', value: '7' }])
    expect((await server.admin.get(tags)).body).toEqual([])
  })

  it('changes what may change, and says what may not', async () => {
    const { admin } = server
    expect((await admin.put('/clusters/Cluster%201', { displayName: 'First' })).body.displayName).toBe(
      'First',
    )
    expect((await admin.put('/clusters/Cluster%201', { name: 'Other' })).status).toBe(400)
    expect((await admin.put(ZK, { displayName: 'ZooKeeper' })).body.displayName).toBe('ZooKeeper')
    expect((await admin.put('/hosts/host-id-0', { rackId: '/row1' })).body.rackId).toBe('/row1')
    expect((await admin.put('/hosts/host-id-0', { rackId: 'nowhere' })).status).toBe(400)
    expect((await admin.put('/hosts/host-id-0', { hostname: 'x' })).status).toBe(400)
    expect((await admin.post('/clusters', { items: [{ name: 'Cluster 1' }] })).body.message).toContain(
      'exists',
    )
    expect((await admin.post('/clusters', { items: [{}] })).body.message).toContain('items[0].name')
    expect(
      (await admin.post('/clusters/Cluster%201/services', { items: [{ name: 'a', type: 'NO' }] })).status,
    ).toBe(400)
    expect((await admin.delete('/clusters/Cluster%201/hosts/host-id-0')).body.message).toContain('role')
  })

  it('writes an audit event with each change, in the same transaction', async () => {
    const { body } = await server.admin.get('/audits?maxResults=500')
    expect(body.items[0]).toMatchObject({ username: 'admin', ipAddress: '127.0.0.1', allowed: true })
    const commands = body.items.map(({ command }: { command: string }) => command)
    for (const command of [
      'createClusters',
      'createHosts',
      'createServices',
      'updateConfig',
      'enterMaintenanceMode',
    ])
      expect(commands).toContain(command)
    const filtered = await server.admin.get('/audits?query=service==zk;command==updateConfig')
    expect(filtered.body.items.length).toBeGreaterThan(1)
    expect(filtered.body.items.at(-1)).toMatchObject({
      service: 'zk',
      username: 'configurator',
      operationText: 'because',
    })
    expect((await server.admin.get('/audits?query=nonsense')).status).toBe(400)
    expect((await server.admin.get('/audits?startTime=yesterday')).status).toBe(400)
    const { body: future } = await server.admin.get('/audits?startTime=2999-01-01T00:00:00')
    expect(future.items).toEqual([])
  })

  it('has client configuration to download, or says that there is none', async () => {
    const { admin } = server
    const none = await admin.get(`${ZK}/clientConfig`)
    expect([200, 404]).toContain(none.status)
    await admin.post('/clusters/Cluster%201/services', { items: [{ name: 'hdfs', type: 'HDFS' }] })
    const path = '/clusters/Cluster%201/services/hdfs'
    expect((await admin.get(`${path}/clientConfig`)).status).toBe(404)
    const made = await admin.post(`${path}/roles`, {
      items: [{ type: 'GATEWAY', hostRef: { hostId: 'host-id-0' } }],
    })
    expect([made.status, made.text]).toEqual([200, made.text])
    const file = await admin.get(`${path}/clientConfig`)
    expect([file.status, file.headers['content-type']]).toEqual([200, 'application/zip'])
    expect(file.headers['content-disposition']).toContain('hdfs-clientconfig.zip')
    expect(file.text.slice(0, 2)).toBe('PK')
    expect(file.text).toContain('core-site.xml')
    expect((await admin.delete(path)).status).toBe(200)
  })

  it('loses hosts with their stopped roles, all at once', async () => {
    const { admin } = server
    const gone = await admin.post('/hosts/removeHostsFromCluster', {
      hostsToRemove: ['three.example'],
      deleteHosts: true,
    })
    expect([gone.status, gone.body]).toEqual([200, expect.objectContaining({ id: -1, success: true })])
    expect((await admin.get('/hosts/host-id-2')).status).toBe(404)
    expect((await admin.get(`${ZK}/roles`)).body.items).toHaveLength(2)
    expect((await admin.post('/hosts/removeHostsFromCluster', { hostsToRemove: ['no'] })).status).toBe(404)
    expect((await admin.post('/hosts/removeHostsFromCluster', {})).status).toBe(400)
    await admin.post('/hosts', { items: [{ hostId: 'host-id-2', hostname: 'three.example' }] })
    await admin.post('/clusters/Cluster%201/hosts', { items: [{ hostname: 'three.example' }] })
  })

  it('goes with all that is in it', async () => {
    const { admin } = server
    roles = (await admin.get(`${ZK}/roles`)).body.items.map(({ name }: { name: string }) => name)
    const bulk = await admin.post(`${ZK}/roles/bulkDelete`, { items: [roles[0]] })
    expect(bulk.body.items).toMatchObject([{ name: roles[0] }])
    expect((await admin.delete(`${ZK}/roles/${roles[1]}`)).body.name).toBe(roles[1])
    expect((await admin.delete(ZK)).body.name).toBe('zk')
    expect((await admin.delete('/clusters/Cluster%201/hosts')).body.items).toHaveLength(3)
    expect((await admin.delete('/clusters/Cluster%201')).body.name).toBe('Cluster 1')
    expect((await admin.delete('/hosts/host-id-2')).status).toBe(200)
    expect((await admin.delete('/hosts')).body.items).toHaveLength(2)
    expect((await admin.get('/hosts')).body.items).toEqual([])
  })
})

describe('unknown names', () => {
  it('are a 404 that says what does not exist, at every endpoint that takes one', async () => {
    const server = await serve()
    for (const path of [
      '/clusters/no',
      '/clusters/no/services',
      '/clusters/no/services/no',
      '/clusters/no/services/no/config',
      '/clusters/no/services/no/roles',
      '/clusters/no/services/no/roles/no',
      '/clusters/no/services/no/roles/no/process',
      '/clusters/no/services/no/roleConfigGroups/no',
      '/clusters/no/hosts',
      '/clusters/no/hostTemplates',
      '/clusters/no/serviceTypes',
      '/clusters/no/commands',
      '/hosts/no',
      '/hosts/no/config',
      '/hosts/no/tags',
      '/users/no',
      '/commands/1',
      '/commands/no',
      '/cm/service',
      '/cm/service/roles',
      '/cm/instances/no',
    ]) {
      const { status, body } = await server.admin.get(path)
      expect([path, status]).toEqual([path, 404])
      expect(body.message.length).toBeGreaterThan(10)
    }
    await server.close()
  })
})

describe('the manager', () => {
  it('tells its version, instances, database, and echoes', async () => {
    const server = await serve()
    const { admin } = server
    expect((await admin.get('/cm/version')).body.version).toBe('1.2.3')
    expect((await admin.get('/cm/instances')).body.items).toEqual([
      {
        cmServerId: 'm1',
        name: 'one.example',
        ipAddress: '192.0.2.1',
        createdTime: '1970-01-01T00:00:00.000Z',
        lastUpdatedTime: '1970-01-01T00:01:00.000Z',
      },
    ])
    expect((await admin.get('/cm/scmDbInfo')).body).toEqual({ scmDbType: 'POSTGRESQL', embeddedDbUsed: true })
    expect((await admin.get('/cm/shutdownReadiness')).body).toEqual({ state: 'READY' })
    expect((await admin.get('/tools/echo')).body).toEqual({ message: 'Hello, World!' })
    const failed = await admin.get('/tools/echoError?message=no')
    expect([failed.status, failed.body]).toEqual([500, { message: 'no' }])
    expect((await admin.get('/cm/log')).text).toBe('a line\n')
    expect((await server.as('user').get('/cm/log')).status).toBe(403)
    await server.close()
  })

  it('gives tokens to join with, and lists the service types', async () => {
    const server = await serve()
    const made = await server.admin.post('/cm/joinTokens', { expiresInMinutes: 5, uses: 1 })
    expect(made.body).toEqual({ token: expect.stringMatching(/^\S{20,}$/), expires: expect.any(String) })
    expect((await server.admin.post('/cm/joinTokens')).status).toBe(200)
    expect((await server.admin.post('/cm/joinTokens', { expiresInMinutes: 0 })).status).toBe(400)
    expect((await server.as('configurator').post('/cm/joinTokens')).status).toBe(403)
    const types = await server.as('user').get('/cm/serviceTypes')
    expect(types.body.items).toContainEqual(
      expect.objectContaining({ type: 'ZOOKEEPER', builtIn: true, usable: true }),
    )
    expect((await server.admin.post('/cm/serviceTypes/reload')).body).toEqual(types.body)

    // Mistakes are told beside a type that can be used, and where one cannot.
    const folder = mkdtempSync(join(tmpdir(), 'bw-types-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'GREETER-1.0.jar'), greeterJar())
    writeFileSync(join(folder, 'torn.jar'), greeterJar().subarray(0, 900))
    server.core.setDescriptors(await loadDescriptors([{ path: folder }]))
    const { body } = await server.admin.get('/cm/serviceTypes')
    expect(body.items).toEqual([
      expect.objectContaining({
        type: 'GREETER',
        usable: true,
        problems: [expect.stringMatching(/^GREETER-1.0.jar!descriptor\/service.sdl:\d+:\d+ .*"toml" is not/)],
      }),
      expect.objectContaining({
        name: 'torn',
        usable: false,
        problems: [expect.stringContaining('torn.jar')],
      }),
    ])
    await server.close()
  })

  it('has settings of its own, and of all hosts', async () => {
    const server = await serve()
    const { admin } = server
    const put = await admin.put('/cm/config', { items: [{ name: 'heartbeat_interval', value: '20' }] })
    expect(put.body.items).toEqual([{ name: 'HEARTBEAT_INTERVAL', value: '20', sensitive: false }])
    expect((await server.as('configurator').put('/cm/config', { items: [] })).status).toBe(403)
    await admin.put('/cm/allHosts/config', { items: [{ name: 'process_log_backups', value: '5' }] })
    expect((await admin.get('/cm/allHosts/config')).body.items).toMatchObject([{ value: '5' }])
    await server.close()
  })

  it('has a management service, made by PUT', async () => {
    const server = await serve()
    const { admin } = server
    const types = ['MGMT']
    const made = await admin.put('/cm/service', { displayName: 'Management' })
    expect([made.status, made.body.type]).toEqual([200, types[0]])
    expect((await admin.get('/cm/service/roleTypes')).body.items.length).toBeGreaterThan(0)
    expect((await admin.get('/cm/service/config?view=full')).status).toBe(200)
    expect((await admin.get('/cm/service/roleConfigGroups')).body.items.length).toBeGreaterThan(0)
    expect((await admin.get('/cm/service/roles')).body.items).toEqual([])
    expect((await admin.delete('/cm/service')).status).toBe(200)
    expect((await admin.get('/cm/service')).status).toBe(404)
    await server.close()
  })
})

describe('users', () => {
  it('are made, changed and deleted, with their roles in the form of each version', async () => {
    const server = await serve()
    const { admin } = server
    const made = await admin.post('/users', {
      items: [{ name: 'eve', password: 'password', authRoles: [{ name: 'ROLE_OPERATOR' }] }],
    })
    expect(made.body.items[0]).toMatchObject({ name: 'eve', authRoles: [{ name: 'ROLE_OPERATOR' }] })
    expect(made.text).not.toContain('scrypt')
    expect((await admin.get('/users/eve', { version: 19 })).body).toEqual({
      name: 'eve',
      roles: ['ROLE_OPERATOR'],
    })
    const old = await admin.put('/users/eve', { roles: ['ROLE_USER'] }, { version: 19 })
    expect(old.body).toEqual({ name: 'eve', roles: ['ROLE_USER'] })
    const eve = server.as('eve', 'password')
    expect((await eve.get('/clusters')).status).toBe(200)
    expect((await eve.get('/users')).status).toBe(403)
    await admin.put('/users/eve', { password: 'another one' })
    expect((await eve.get('/clusters')).status).toBe(401)
    expect((await server.as('eve', 'another one').get('/clusters')).status).toBe(200)
    expect(
      (await admin.get('/users/sessions')).body.items.map(({ name }: { name: string }) => name),
    ).toContain('eve')
    expect((await admin.post('/users/expireSessions/eve')).status).toBe(200)
    expect((await admin.delete('/users/eve')).status).toBe(200)
    expect((await server.as('eve', 'another one').get('/clusters')).status).toBe(401)
    await server.close()
  })

  it('may not raise themselves, and the last administrator stays', async () => {
    const server = await serve()
    const hr = server.as('hr')
    expect((await hr.get('/users')).status).toBe(200)
    expect((await hr.put('/users/hr', { authRoles: [{ name: 'ROLE_ADMIN' }] })).status).toBe(403)
    expect((await hr.put('/users/admin', { password: 'mine now' })).status).toBe(403)
    expect((await hr.delete('/users/admin')).status).toBe(403)
    expect(
      (await hr.post('/users', { items: [{ name: 'x', password: 'p', roles: ['ROLE_ADMIN'] }] })).status,
    ).toBe(403)
    expect((await hr.put('/users/user', { password: 'new password' })).status).toBe(200)
    expect((await server.admin.delete('/users/admin')).body.message).toContain('last')
    const two = { authRoles: [{ name: 'ROLE_USER' }, { name: 'ROLE_ADMIN' }] }
    expect((await server.admin.put('/users/user', two)).body.message).toContain('one role')
    expect((await server.admin.put('/users/user', { roles: ['ROLE_KING'] })).body.message).toContain(
      'ROLE_KING',
    )
    expect((await server.admin.post('/users', { items: [{ name: 'x' }] })).body.message).toContain(
      'items[0].password',
    )
    await server.close()
  })

  it('may look at themselves and change their own password, and nothing more', async () => {
    const server = await serve()
    const own = server.as('operator')
    expect((await own.get('/users/operator')).body).toMatchObject({ name: 'operator' })
    expect((await own.get('/users/admin')).status).toBe(403)
    expect((await own.put('/users/operator', { authRoles: [{ name: 'ROLE_ADMIN' }] })).status).toBe(403)
    expect((await own.put('/users/admin', { password: 'mine' })).status).toBe(403)
    expect((await own.delete('/users/operator')).status).toBe(403)
    const same = { name: 'operator', password: 'changed', authRoles: [{ name: 'ROLE_OPERATOR' }] }
    expect((await own.put('/users/operator', same)).status).toBe(200)
    expect((await own.get('/clusters')).status).toBe(401)
    expect((await server.as('operator', 'changed').get('/clusters')).status).toBe(200)
    await server.close()
  })

  it('have sessions that outlive the manager, when they came by the login', async () => {
    const core = await newCore(postgres)
    const first = await serveApi(core)
    const login = await first.as(undefined).send('POST', '/api/session', {
      body: { name: 'user', password: passwordOf('user') },
    })
    const cookie = [login.headers['set-cookie']].flat()[0]!.split(';')[0]!
    await first.close()
    const again = await serveApi(core, { withoutUsers: true })
    expect((await again.as(undefined).get('/clusters', { headers: { cookie } })).status).toBe(200)
    expect((await again.as(undefined).get('/users', { headers: { cookie } })).status).toBe(403)
    await again.close()
  })
})
