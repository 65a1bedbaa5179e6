import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newCore } from '../core.js'
import { startTestPostgres, type TestPostgres } from '../support.js'
import type { Client } from './client.js'
import { addCluster, serveApi, ZK } from './server.js'

/** Hosts without agents: commands begin, and wait for them. */
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

const ended = async (id: number) => {
  await server.active.commands.ended(id)
  return (await admin.get(`/commands/${id}`)).body
}

describe('commands', () => {
  it('are started by operators, listed while they run, and aborted', async () => {
    const started = await server.as('operator').post(`${ZK}/commands/start`)
    expect([started.status, started.text]).toEqual([200, started.text])
    expect(started.body).toMatchObject({
      name: 'Start',
      active: true,
      serviceRef: { clusterName: 'Cluster 1', serviceName: 'zk', serviceType: 'ZOOKEEPER' },
    })
    expect(started.body.success).toBeUndefined()
    expect(started.body.children.items.length).toBeGreaterThan(0)
    const { id } = started.body
    for (const path of [`${ZK}/commands`, '/cm/commands', '/clusters/Cluster%201/commands'])
      expect((await admin.get(path)).body.items).toMatchObject([{ id, name: 'Start' }])
    expect((await admin.get('/cm/shutdownReadiness')).body).toEqual({ state: 'NOT_READY' })
    expect((await admin.get(`/commands/${id}`, { version: 10 })).body.canRetry).toBeUndefined()
    const second = await admin.post(`${ZK}/commands/stop`)
    expect([second.status, second.body.message]).toEqual([400, expect.stringContaining(String(id))])
    expect((await admin.post(`/commands/${id}/abort`)).status).toBe(200)
    const over = await ended(id)
    expect(over).toMatchObject({ active: false, success: false, canRetry: true })
    const parts = over.children.items.flatMap((each: { children?: { items: unknown[] } }) => [
      each,
      ...(each.children?.items ?? []),
    ])
    expect(parts.filter(({ active }: { active: boolean }) => active)).toEqual([])
    const last = (await admin.get(`/commands/${parts.at(-1).id}`)).body
    expect(last).toMatchObject({ active: false, success: false, endTime: expect.anything() })
    const recent = await admin.get('/cm/recentCommands?maxResults=1')
    expect(recent.body.items).toMatchObject([
      { username: 'operator', command: { id: over.id, active: false, success: false } },
    ])
    expect((await admin.get('/cm/recentCommands?maxResults=0')).status).toBe(400)
    expect(Date.parse(over.endTime)).toBeGreaterThan(0)
    expect((await admin.get('/cm/commands')).body.items).toEqual([])
  })

  it('have a log, and can be tried again when they failed', async () => {
    const { body } = await admin.post(`${ZK}/commands/restart`)
    await admin.post(`/commands/${body.id}/abort`)
    await ended(body.id)
    const log = await admin.get(`/commands/${body.id}/logs/stdout`)
    expect([log.status, log.headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8'])
    expect((await admin.get(`/commands/${body.id}/logs/stderr`)).status).toBe(404)
    const again = await admin.post(`/commands/${body.id}/retry`)
    expect(again.body.id).not.toBe(body.id)
    await admin.post(`/commands/${again.body.id}/abort`)
    await ended(again.body.id)
    expect((await admin.post('/commands/999999/retry')).status).toBe(404)
  })

  it('on roles are one for each, with an error for each that cannot be', async () => {
    const { body } = await admin.post(`${ZK}/roleCommands/start`, { items: [roles[0], 'no-such'] })
    expect(body.items).toMatchObject([{ name: 'Start', roleRef: { roleName: roles[0] } }])
    expect(body.errors).toEqual([expect.stringContaining('no-such')])
    // Aborted before its step began, the command would leave the role stopped.
    await expect
      .poll(async () => (await admin.get(`${ZK}/roles/${roles[0]}`)).body.roleState, { timeout: 60_000 })
      .toBe('STARTING')
    await admin.post(`/commands/${body.items[0].id}/abort`)
    await ended(body.items[0].id)
  })

  it('that were begun leave generated files to see, and a state', async () => {
    const role = `${ZK}/roles/${roles[0]}`
    const { body } = await admin.get(`${role}/process`)
    expect(body.configFiles.length).toBeGreaterThan(1)
    const name = body.configFiles.find((each: string) => each.endsWith('zoo.cfg')) ?? body.configFiles[0]
    const file = await admin.get(`${role}/process/configFiles/${name}`)
    expect([file.status, file.headers['content-type']]).toEqual([200, 'application/octet-stream'])
    expect(file.text.length).toBeGreaterThan(10)
    expect((await admin.get(`${role}/process/configFiles/no.xml`)).status).toBe(404)
    expect((await admin.get(role)).body.roleState).toBe('STARTING')
  })

  it('leave roles outdated by a change, with the difference to see', async () => {
    const role = `${ZK}/roles/${roles[0]}`
    expect((await admin.get(`${role}/staleness`)).body).toEqual({
      staleness: 'FRESH',
      files: [],
      settings: [],
    })
    await admin.put(`${ZK}/roleConfigGroups/zk-SERVER-BASE/config`, {
      items: [{ name: 'tickTime', value: '2100' }],
    })
    expect((await admin.get(role)).body.configStalenessStatus).not.toBe('FRESH')
    expect((await admin.get(ZK)).body.configStale).toBe(true)
    const { body } = await admin.get(`${role}/staleness`)
    const [file] = body.files.filter(({ after }: { after: string }) => after?.includes('2100'))
    expect(file).toMatchObject({ change: 'CHANGED', before: expect.stringContaining('3000') })
  })

  it('by their names are those of the service type', async () => {
    expect((await admin.post(`${ZK}/commands/noSuchCommand`)).body.message).toContain('noSuchCommand')
    const bulk = await admin.post(`${ZK}/roleCommands/noSuchCommand`, { items: [roles[0]] })
    expect(bulk.body).toEqual({ items: [], errors: [expect.stringContaining('noSuchCommand')] })
  })

  it('decommission and recommission roles and hosts', async () => {
    const done = async (path: string, items: string[]) => {
      const { status, body, text } = await admin.post(path, { items })
      expect([path, status, text]).toEqual([path, 200, text])
      await admin.post(`/commands/${body.id}/abort`)
      await ended(body.id)
    }
    await done(`${ZK}/commands/decommission`, [roles[1]!])
    await done(`${ZK}/commands/recommission`, [roles[1]!])
    await done('/cm/commands/hostsDecommission', ['two.example'])
    await done('/cm/commands/hostsRecommission', ['two.example'])
    await done('/cm/commands/hostsRecommissionWithStart', ['two.example'])
    await done('/cm/commands/hostsStartRoles', ['one.example', 'two.example'])
    expect((await admin.post('/cm/commands/hostsDecommission', { items: [] })).status).toBe(400)
    expect((await admin.post(`${ZK}/commands/decommission`, { items: ['no'] })).status).toBe(404)
  })

  it('of every kind are taken or refused with a reason, on cluster, service and management service', async () => {
    const cluster = '/clusters/Cluster%201/commands'
    for (const [path, body] of [
      [`${cluster}/start`],
      [`${cluster}/stop`],
      [`${cluster}/restart`, { restartServiceNames: ['zk'], restartOnlyStaleServices: true }],
      [`${cluster}/rollingRestart`, { slaveBatchSize: 1, restartServiceNames: ['zk'] }],
      [`${cluster}/refresh`],
      [`${cluster}/deployClientConfig`],
      [`${cluster}/firstRun`],
      [`${ZK}/commands/stop`],
      [`${ZK}/commands/rollingRestart`, { restartRoleNames: [roles[0]] }],
      [`${ZK}/commands/firstRun`],
      [`${ZK}/commands/deployClientConfig`, { items: [] }],
    ] as [string, unknown?][]) {
      const reply = await admin.post(path, body)
      expect([path, [200, 400].includes(reply.status), reply.text]).toEqual([path, true, reply.text])
      if (reply.status !== 200) continue
      await admin.post(`/commands/${reply.body.id}/abort`)
      await ended(reply.body.id)
    }
    expect((await admin.post(`${cluster}/restart`, { restartServiceNames: ['no'] })).status).toBe(404)
    expect((await admin.post(`${ZK}/commands/rollingRestart`, { slaveBatchSize: 0 })).status).toBe(400)
    const names = (await admin.get(`${ZK}/commandsByName`)).body.items.map(
      ({ name }: { name: string }) => name,
    )
    expect(names).toEqual(expect.arrayContaining(['Start', 'Stop', 'RollingRestart']))
  })
})
