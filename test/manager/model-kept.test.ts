import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { updateConfig } from '../../src/manager/configuration/index.js'
import type { Core } from '../../src/manager/core.js'
import {
  clusterNamed,
  createHosts,
  createHostTemplate,
  createRoleConfigGroups,
  createRoles,
  deleteCluster,
  deleteHost,
  deleteHostTemplate,
  deleteRoleConfigGroup,
  deleteRoles,
  deleteService,
  deleteTags,
  groupNamed,
  hostNamed,
  type Model,
  moveRoles,
  removeHostsFromCluster,
  serviceNamed,
  setHostCommission,
  setMaintenance,
  setRoleCommission,
  setTags,
  templateNamed,
  updateHost,
  updateHostTemplate,
  updateRoleConfigGroup,
  updateService,
} from '../../src/manager/model/index.js'
import { addCluster, addService, newCore } from './core.js'
import { startTestPostgres, type TestPostgres } from './support.js'

/** `newCore` compares the model in memory with the database after every change. */
let server: TestPostgres
let core: Core
beforeAll(async () => {
  server = await startTestPostgres()
  core = await newCore(server)
  await addCluster(core, 4)
  await addService(core, 'zk', 'ZOOKEEPER', 'SERVER', ['h1', 'h2', 'h3'])
  await addService(core, 'p', 'PROCESS', 'INSTANCE', ['h1', 'h2'])
}, 120_000)
afterAll(() => server?.cleanUp())

type Step = (change: Parameters<Parameters<Core['change']>[0]>[0], model: Model) => Promise<unknown>
const zk = (model: Model) => serviceNamed(model, 'c1', 'zk')
const c1 = (model: Model) => clusterNamed(model, 'c1')
const roleOn = (model: Model, service: string, host: string) =>
  model.rolesOfHost
    .get(hostNamed(model, host).id)!
    .find((role) => model.services.get(role.serviceId)!.name === service)!

const steps: [string, Step][] = [
  ['a host with a name between others', (c) => createHosts(c, [{ hostname: 'h2a', hostId: 'host-id-2a' }])],
  ['another name of a host', (c, m) => updateHost(c, hostNamed(m, 'h2a'), { hostname: 'a-first' })],
  ['a group', (c, m) => createRoleConfigGroups(c, zk(m), [{ name: 'other', roleType: 'SERVER' }])],
  ['roles in another group', (c, m) => moveRoles(c, groupNamed(m, zk(m), 'other'), [roleOn(m, 'zk', 'h1')])],
  [
    'the name of a group',
    (c, m) => updateRoleConfigGroup(c, groupNamed(m, zk(m), 'other'), { displayName: 'O' }),
  ],
  ['the name of a service', (c, m) => updateService(c, zk(m), { displayName: 'Zoo' })],
  ['maintenance of a role', (c, m) => setMaintenance(c, 'ROLE', roleOn(m, 'zk', 'h1').id, true)],
  ['maintenance of a cluster', (c, m) => setMaintenance(c, 'CLUSTER', c1(m).id, true)],
  ['commission of a role', (c, m) => setRoleCommission(c, [roleOn(m, 'zk', 'h2')], 'DECOMMISSIONED')],
  ['commission of a host', (c, m) => setHostCommission(c, [hostNamed(m, 'h4')], 'DECOMMISSIONED')],
  ['tags of a cluster', (c, m) => setTags(c, 'CLUSTER', c1(m).id, { b: '1', a: '2' })],
  ['tags of a service', (c, m) => setTags(c, 'SERVICE', zk(m).id, { s: '1' })],
  ['tags of a role', (c, m) => setTags(c, 'ROLE', roleOn(m, 'zk', 'h1').id, { r: '1' })],
  ['tags of a host', (c, m) => setTags(c, 'HOST', hostNamed(m, 'h4').id, { h: '1', i: '2' })],
  ['a tag less', (c, m) => deleteTags(c, 'HOST', hostNamed(m, 'h4').id, ['h'])],
  [
    'a template',
    (c, m) => createHostTemplate(c, c1(m), { name: 't', groupNames: ['other', 'p-INSTANCE-BASE'] }),
  ],
  [
    'a template of another name',
    (c, m) => updateHostTemplate(c, c1(m), templateNamed(m, c1(m), 't'), { name: 'u' }),
  ],
  [
    'a second template',
    (c, m) => createHostTemplate(c, c1(m), { name: 'a', groupNames: ['zk-SERVER-BASE'] }),
  ],
  ...(['SERVICE', 'GROUP', 'ROLE', 'HOST', 'ALL_HOSTS', 'MANAGER'] as const).map((scope): [string, Step] => [
    `values and suppressions of ${scope}`,
    async (c, m) => {
      const name = { SERVICE: 'process_auto_restart', GROUP: 'tickTime', ROLE: 'tickTime' } as Record<
        string,
        string
      >
      const id = {
        SERVICE: zk(m).id,
        GROUP: groupNamed(m, zk(m), 'other').id,
        ROLE: roleOn(m, 'zk', 'h3').id,
        HOST: hostNamed(m, 'h4').id,
      }[scope as 'ROLE']
      const target = { scope, id: id ?? 0 }
      await updateConfig(c, target, [
        { name: `role_config_suppression_${scope.toLowerCase()}`, value: 'true' },
      ])
      if (name[scope] === 'tickTime') await updateConfig(c, target, [{ name: 'tickTime', value: '2100' }])
      if (scope === 'MANAGER') await updateConfig(c, target, [{ name: 'HEARTBEAT_INTERVAL', value: '10' }])
    },
  ]),
  [
    'a value and a suppression less',
    async (c, m) => {
      const target = { scope: 'ROLE', id: roleOn(m, 'zk', 'h3').id } as const
      await updateConfig(c, target, [
        { name: 'tickTime', value: null },
        { name: 'role_config_suppression_role', value: 'false' },
      ])
    },
  ],
  ['nothing', async () => undefined],
  [
    'a role and its values, made and deleted at once',
    async (c, m) => {
      await createRoles(c, zk(m), [{ type: 'SERVER', host: hostNamed(m, 'h4') }])
      await deleteRoles(c, [roleOn(await c.model(), 'zk', 'h4')])
    },
  ],
  ['a template less', (c, m) => deleteHostTemplate(c, templateNamed(m, c1(m), 'a'))],
  ['roles less, with what hangs on them', (c, m) => deleteRoles(c, [roleOn(m, 'zk', 'h1')])],
  [
    'a group less, with its place in templates',
    (c, m) => deleteRoleConfigGroup(c, groupNamed(m, zk(m), 'other')),
  ],
  ['a service less, with groups, roles and values', (c, m) => deleteService(c, zk(m))],
  ['a host less in the cluster', (c, m) => removeHostsFromCluster(c, c1(m), [hostNamed(m, 'h4')])],
  ['a host less, with values and tags', (c, m) => deleteHost(c, hostNamed(m, 'h4'))],
  ['a cluster less, with all that is in it', (c, m) => deleteCluster(c, c1(m))],
]

describe('the model in memory', () => {
  it.each(steps)('is what the database has after a change: %s', async (_, step) => {
    const before = await core.model()
    await core.change(async (change) => step(change, await change.model()))
    expect((await core.model()).version).toBe(before.version + 1)
  })

  it('is not read again for what a change has not touched', async () => {
    const before = await core.model()
    await core.change((change) => createHosts(change, [{ hostname: 'one-more' }]))
    const after = await core.model()
    expect(after.hosts.size).toBe(before.hosts.size + 1)
    for (const part of ['roles', 'config', 'groups', 'rolesOfHost', 'rolesOfService', 'tags'] as const)
      expect(after[part]).toBe(before[part])
  })

  it('is the old one when a change fails', async () => {
    const before = await core.model()
    const failing = core.change(async (change) => {
      await createHosts(change, [{ hostname: 'never' }])
      expect((await change.model()).hosts.size).toBe(before.hosts.size + 1)
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await core.model()).toBe(before)
  })

  it('is read anew when another manager has changed it', async () => {
    await core.model()
    await core.db
      .updateTable('deployment')
      .set((eb) => ({ modelVersion: eb('modelVersion', '+', 1) }))
      .execute()
    await core.db.updateTable('host').set({ rackId: '/other' }).where('hostname', '=', 'one-more').execute()
    expect(hostNamed(await core.model(), 'one-more').rackId).toBe('/other')
  })
})
