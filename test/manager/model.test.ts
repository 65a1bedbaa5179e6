import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkService, listConfig, updateConfig, valueAt } from '../../src/manager/configuration/index.js'
import { portConflicts } from '../../src/manager/configuration/port-conflicts.js'
import type { Core } from '../../src/manager/core.js'
import { parameter } from '../../src/manager/descriptors/model/parameter.js'
import {
  addHostsToCluster,
  applyHostTemplate,
  type Change,
  clusterNamed,
  createClusters,
  createHosts,
  createHostTemplate,
  createRoleConfigGroups,
  createRoles,
  createServices,
  deleteCluster,
  deleteHost,
  deleteRoleConfigGroup,
  deleteRoles,
  deleteService,
  groupNamed,
  hostNamed,
  maintenanceOwners,
  moveRoles,
  removeHostsFromCluster,
  serviceNamed,
  setMaintenance,
  setTags,
  tagKey,
  templateNamed,
  updateCluster,
  updateHost,
  updateService,
} from '../../src/manager/model/index.js'
import { addCluster, addService, newCore } from './core.js'
import { startTestPostgres, type TestPostgres } from './support.js'

let server: TestPostgres
beforeAll(async () => {
  server = await startTestPostgres()
})
afterAll(() => server?.cleanUp())

const refused = (core: Core, work: (change: Change) => Promise<unknown>) =>
  core.change(work).then(
    () => 'was taken',
    (error) => `${error.code}: ${error.message}`,
  )

describe('names', () => {
  let core: Core
  beforeAll(async () => {
    core = await newCore(server)
    await addCluster(core, 2)
    await addService(core, 'zk', 'ZOOKEEPER', 'SERVER', ['h1'])
  })

  test.each(['', 'a/b', ' a', 'x'.repeat(256), 'a\nb', 'a%2fb'])(
    'of a cluster: %j is refused',
    async (name) => {
      expect(await refused(core, (change) => createClusters(change, [{ name }]))).toMatch(/^INVALID/)
    },
  )
  test.each(['', 'a b', '-a', '../x', 'zk;rm', 'ä'])('of a service: %j is refused', async (name) => {
    const work = async (change: Change) =>
      createServices(change, clusterNamed(await change.model(), 'c1'), [{ name, type: 'ZOOKEEPER' }])
    expect(await refused(core, work)).toMatch(/^INVALID/)
  })
  test.each([
    { hostname: 'a b' },
    { hostname: 'a', ipAddress: '999.1.1.1' },
    { hostname: 'a', ipAddress: 'a.example' },
    { hostname: 'a', rackId: 'rack' },
    { hostname: 'a', hostId: '../x' },
  ])('of a host: %j is refused', async (host) => {
    expect(await refused(core, (change) => createHosts(change, [host]))).toMatch(/^INVALID/)
  })
  test('roles are called <service>-<TYPE>-<32 hex digits>, base groups <service>-<TYPE>-BASE', async () => {
    const model = await core.model()
    const service = serviceNamed(model, 'c1', 'zk')
    expect(model.rolesOfService.get(service.id)!.map((role) => role.name)).toEqual([
      expect.stringMatching(/^zk-SERVER-[0-9a-f]{32}$/),
    ])
    expect(model.groupsOfService.get(service.id)!.map(({ name, base }) => ({ name, base }))).toEqual([
      { name: 'zk-SERVER-BASE', base: true },
    ])
  })
  test('a role name that looks generated for something else is refused', async () => {
    const work = async (change: Change) => {
      const model = await change.model()
      return createRoles(change, serviceNamed(model, 'c1', 'zk'), [
        { type: 'SERVER', host: hostNamed(model, 'h2'), name: `other-SERVER-${'0'.repeat(32)}` },
      ])
    }
    expect(await refused(core, work)).toMatch(/^INVALID: .*form of a generated name/)
  })
  test('are unique, and a list with one wrong name changes nothing', async () => {
    expect(await refused(core, (change) => createClusters(change, [{ name: 'new' }, { name: 'c1' }]))).toBe(
      'EXISTS: Cluster "c1" exists already.',
    )
    expect([...(await core.model()).clusters.values()].map((each) => each.name)).toEqual(['c1'])
    const service = async (change: Change) =>
      createServices(change, clusterNamed(await change.model(), 'c1'), [{ name: 'zk', type: 'ZOOKEEPER' }])
    expect(await refused(core, service)).toMatch(/^EXISTS/)
  })
  test('of two at the same time, one is told that the name is taken', async () => {
    const results = await Promise.all(
      [1, 2, 3].map(() => refused(core, (change) => createClusters(change, [{ name: 'same' }]))),
    )
    expect(results.sort()).toEqual([
      'EXISTS: Cluster "same" exists already.',
      'EXISTS: Cluster "same" exists already.',
      'was taken',
    ])
  })
  test('an unknown service type is refused with those that there are', async () => {
    const work = async (change: Change) =>
      createServices(change, clusterNamed(await change.model(), 'c1'), [{ name: 'x', type: 'NOPE' }])
    expect(await refused(core, work)).toMatch(/^INVALID: .*HDFS.*ZOOKEEPER/)
  })
})

describe('life of a cluster', () => {
  let core: Core
  beforeAll(async () => {
    core = await newCore(server)
    await addCluster(core, 3)
    await addService(core, 'zk', 'ZOOKEEPER', 'SERVER', ['h1', 'h2', 'h3'])
  })

  test('each server gets a number of its own, also after one was deleted', async () => {
    const ids = async () => {
      const { model } = await core.instances()
      const service = serviceNamed(model, 'c1', 'zk')
      return model.rolesOfService
        .get(service.id)!
        .map((role) => valueAt(model, core.keys, { scope: 'ROLE', id: role.id }, 'serverId'))
        .sort()
    }
    expect(await ids()).toEqual(['1', '2', '3'])
    await core.change(async (change) => {
      const model = await change.model()
      const service = serviceNamed(model, 'c1', 'zk')
      const two = model.rolesOfService
        .get(service.id)!
        .filter((role) => valueAt(model, core.keys, { scope: 'ROLE', id: role.id }, 'serverId') === '2')
      await deleteRoles(change, two)
      await createRoles(change, service, [
        { type: 'SERVER', host: (await change.model()).hosts.get(two[0]!.hostId)! },
      ])
    })
    expect(await ids()).toEqual(['1', '2', '3'])
  })

  test('one role of a type on a host', async () => {
    const work = async (change: Change) => {
      const model = await change.model()
      return createRoles(change, serviceNamed(model, 'c1', 'zk'), [
        { type: 'SERVER', host: hostNamed(model, 'h1') },
      ])
    }
    expect(await refused(core, work)).toMatch(/^EXISTS/)
  })

  test('what is in use cannot be deleted, and the message says by what', async () => {
    const model = await core.model()
    const cluster = clusterNamed(model, 'c1')
    const h1 = hostNamed(model, 'h1')
    expect(await refused(core, (change) => deleteHost(change, h1))).toMatch(
      /^IN_USE: .*still has a role: delete it first/,
    )
    expect(await refused(core, (change) => removeHostsFromCluster(change, cluster, [h1]))).toMatch(
      /zk-SERVER-/,
    )
    await addService(core, 'hdfs', 'HDFS', 'DATANODE', [])
    await core.change(async (change) => {
      const hdfs = serviceNamed(await change.model(), 'c1', 'hdfs')
      await updateConfig(change, { scope: 'SERVICE', id: hdfs.id }, [
        { name: 'zookeeper_service', value: 'zk' },
      ])
    })
    expect(
      await refused(core, async (change) =>
        deleteService(change, serviceNamed(await change.model(), 'c1', 'zk')),
      ),
    ).toMatch(/^IN_USE: .*"hdfs" depends on it/)
  })

  test('groups: roles move between those of their type, and only empty ones go', async () => {
    await core.change(async (change) => {
      const service = serviceNamed(await change.model(), 'c1', 'zk')
      await createRoleConfigGroups(change, service, [{ name: 'zk-big', roleType: 'SERVER' }])
    })
    const model = await core.model()
    const service = serviceNamed(model, 'c1', 'zk')
    const group = groupNamed(model, service, 'zk-big')
    const role = model.rolesOfService.get(service.id)![0]!
    await core.change((change) => moveRoles(change, group, [role]))
    expect(await refused(core, (change) => deleteRoleConfigGroup(change, group))).toMatch(/^IN_USE/)
    const base = groupNamed(model, service, 'zk-SERVER-BASE')
    expect(await refused(core, (change) => deleteRoleConfigGroup(change, base))).toMatch(
      /^INVALID: .*base group/,
    )
    await core.change((change) => moveRoles(change, base, [role]))
    await core.change((change) => deleteRoleConfigGroup(change, group))
  })

  test('agents hear of every name under which their metrics are sent', async () => {
    const model = await core.model()
    const service = serviceNamed(model, 'c1', 'zk')
    const role = model.rolesOfService.get(service.id)![0]!
    const group = groupNamed(model, service, 'zk-SERVER-BASE')
    const cluster = clusterNamed(model, 'c1')
    const generation = async () => {
      const rows = core.db.selectFrom('host').select('generation').where('id', '=', role.hostId)
      return Number((await rows.executeTakeFirstOrThrow()).generation)
    }
    const first = await generation()
    await core.change((change) => updateService(change, service, { displayName: 'Keepers' }))
    expect(await generation()).toBe(first + 1)
    await core.change((change) => updateCluster(change, cluster, { displayName: 'Prod' }))
    expect(await generation()).toBe(first + 2)
    await core.change((change) => moveRoles(change, group, [role]))
    expect(await generation()).toBe(first + 3)
    await core.change((change) => updateHost(change, model.hosts.get(role.hostId)!, { rackId: '/r9' }))
    expect(await generation()).toBe(first + 4)
  })

  test('a host template gives a host what it lacks', async () => {
    await core.change(async (change) => {
      await createHosts(change, [{ hostname: 'h4' }])
      const model = await change.model()
      const cluster = clusterNamed(model, 'c1')
      await createHostTemplate(change, cluster, { name: 'zoo', groupNames: ['zk-SERVER-BASE'] })
      await addHostsToCluster(change, cluster, [hostNamed(model, 'h4')])
    })
    const made = await core.change(async (change) => {
      const model = await change.model()
      const cluster = clusterNamed(model, 'c1')
      return applyHostTemplate(change, cluster, templateNamed(model, cluster, 'zoo'), [
        hostNamed(model, 'h1'),
        hostNamed(model, 'h4'),
      ])
    })
    expect(made).toHaveLength(1)
  })

  test('maintenance mode shows through whom', async () => {
    const model = await core.model()
    const service = serviceNamed(model, 'c1', 'zk')
    const role = model.rolesOfService.get(service.id)![0]!
    await core.change(async (change) => {
      await setMaintenance(change, 'CLUSTER', service.clusterId!, true)
      await setMaintenance(change, 'HOST', role.hostId, true)
    })
    const now = await core.model()
    expect(maintenanceOwners(now, 'ROLE', role.id)).toEqual(['CLUSTER', 'HOST'])
    expect(maintenanceOwners(now, 'SERVICE', service.id)).toEqual(['CLUSTER'])
  })

  test('tags are set and go with what they hang on', async () => {
    const service = serviceNamed(await core.model(), 'c1', 'hdfs')
    await core.change((change) => setTags(change, 'SERVICE', service.id, { team: 'a', tier: '1' }))
    await core.change((change) => setTags(change, 'SERVICE', service.id, { team: 'b' }))
    expect([...(await core.model()).tags.get(tagKey('SERVICE', service.id))!]).toEqual([
      ['team', 'b'],
      ['tier', '1'],
    ])
  })

  test('deleting the cluster leaves its hosts, and nothing else', async () => {
    await core.change(async (change) =>
      updateCluster(change, clusterNamed(await change.model(), 'c1'), { displayName: 'C one' }),
    )
    await core.change(async (change) => deleteCluster(change, clusterNamed(await change.model(), 'c1')))
    const model = await core.model()
    expect([
      model.clusters.size,
      model.services.size,
      model.roles.size,
      model.config.size,
      model.tags.size,
    ]).toEqual([0, 0, 0, 0, 0])
    expect([...model.hosts.values()].map((host) => [host.hostname, host.clusterId])).toEqual([
      ['h1', null],
      ['h2', null],
      ['h3', null],
      ['h4', null],
    ])
  })
})

describe('configuration', () => {
  let core: Core
  beforeAll(async () => {
    core = await newCore(server)
    await addCluster(core, 1)
    await addService(core, 'zk', 'ZOOKEEPER', 'SERVER', ['h1'])
  })
  const places = async () => {
    const model = await core.model()
    const service = serviceNamed(model, 'c1', 'zk')
    const role = model.rolesOfService.get(service.id)![0]!
    return {
      service: { scope: 'SERVICE' as const, id: service.id },
      group: { scope: 'GROUP' as const, id: role.roleConfigGroupId },
      role: { scope: 'ROLE' as const, id: role.id },
    }
  }
  const item = async (target: Parameters<typeof listConfig>[2], name: string) =>
    listConfig(await core.instances(), core.keys, target).find((each) => each.parameter.name === name)!

  test('comes down from default over group to role, and says from where', async () => {
    const { group, role } = await places()
    expect(await item(role, 'tickTime')).toMatchObject({ value: '2000', source: 'DEFAULT', own: undefined })
    await core.change((change) => updateConfig(change, group, [{ name: 'tickTime', value: '3000' }]))
    expect(await item(role, 'tickTime')).toMatchObject({ value: '3000', source: 'GROUP', own: undefined })
    await core.change((change) => updateConfig(change, role, [{ name: 'tickTime', value: '4000' }]))
    expect(await item(role, 'tickTime')).toMatchObject({
      value: '4000',
      source: 'ROLE',
      own: '4000',
      inherited: '3000',
      covers: [
        { source: 'GROUP', value: '3000' },
        { source: 'DEFAULT', value: '2000' },
      ],
    })
    await core.change((change) => updateConfig(change, role, [{ name: 'tickTime', value: null }]))
    expect(await item(role, 'tickTime')).toMatchObject({ value: '3000', source: 'GROUP' })
  })

  test('all or nothing: a wrong value refuses the others too, each with its reason', async () => {
    const { role } = await places()
    const error = await core
      .change((change) =>
        updateConfig(change, role, [
          { name: 'initLimit', value: '7' },
          { name: 'clientPort', value: '70000' },
          { name: 'nonsense', value: '1' },
        ]),
      )
      .catch((each) => each)
    expect(error).toMatchObject({
      code: 'INVALID',
      causes: [expect.stringContaining('at most 65535'), 'nonsense is not a parameter here'],
    })
    expect(await item(role, 'initLimit')).toMatchObject({ own: undefined })
  })

  test('what roles have is not set in their service, which says where instead', async () => {
    const { service, group } = await places()
    const set = core.change((change) =>
      updateConfig(change, service, [
        { name: 'server_fd_thresholds', value: '{"warning":"60","critical":"80"}' },
      ]),
    )
    const { name } = (await core.model()).groups.get(group.id)!
    await expect(set).rejects.toMatchObject({
      causes: [
        `server_fd_thresholds is not a parameter here; it is one of roles: set it in a role config group, such as ${name}`,
      ],
    })
  })

  test('warnings are taken, shown, and can be suppressed', async () => {
    const { role } = await places()
    await core.change((change) => updateConfig(change, role, [{ name: 'tickTime', value: '500' }]))
    expect(await item(role, 'tickTime')).toMatchObject({ state: 'WARNING', suppressed: false })
    await core.change((change) =>
      updateConfig(change, role, [{ name: 'role_config_suppression_tickTime', value: 'true' }]),
    )
    expect(await item(role, 'tickTime')).toMatchObject({ state: 'WARNING', suppressed: true })
    const service = serviceNamed(await core.model(), 'c1', 'zk')
    const messages = checkService(await core.instances(), service)
    expect(messages).toContainEqual(
      expect.objectContaining({ parameter: 'tickTime', level: 'WARNING', suppressed: true }),
    )
    expect(messages).toContainEqual(expect.objectContaining({ code: 'ROLE_COUNT', level: 'WARNING' }))
    expect(messages.filter((each) => each.level === 'ERROR')).toEqual([])
  })

  test('a port that another role of the host has is warned of, whatever level it is set at', async () => {
    const { role, group } = await places()
    const service = serviceNamed(await core.model(), 'c1', 'zk')
    const messages = async () =>
      checkService(await core.instances(), service)
        .filter(({ code }) => code === 'PORT_TWICE')
        .map(({ roleName, parameter, text }) => [roleName, parameter, text])
    expect(await messages()).toEqual([])
    await addService(core, 'second', 'ZOOKEEPER', 'SERVER', ['h1'])
    const { name } = (await core.model()).roles.get(role.id)!
    expect((await messages()).map(([roleName, parameter]) => [roleName, parameter])).toEqual([
      [name, 'clientPort'],
      [name, 'quorumPort'],
      [name, 'electionPort'],
      [name, 'adminServerPort'],
    ])
    expect(await item(role, 'clientPort')).toMatchObject({ state: 'WARNING' })
    await core.change((change) => updateConfig(change, group, [{ name: 'clientPort', value: '2281' }]))
    expect((await messages()).map(([, parameter]) => parameter)).not.toContain('clientPort')
    await core.change(async (change) => {
      await updateConfig(change, group, [{ name: 'clientPort', value: null }])
      await deleteService(change, serviceNamed(await change.model(), 'c1', 'second'))
    })
  })

  test('two roles have the same port only where both listen on it', async () => {
    const { role } = await places()
    const { model } = await core.instances()
    const given = model.roles.get(role.id)!
    const port = (name: string, value: string | undefined, more: object = {}) => ({
      parameter: parameter({ name, label: `Label of ${name}`, scope: 'ROLE', type: 'port', ...more }),
      value,
      source: 'ROLE' as const,
    })
    type Ports = ReturnType<typeof port>[]
    const conflicts = (mine: Ports, other: Ports, types = ['SERVER', 'SERVER']) => {
      const [one, two] = types.map((type, i) => ({ ...given, id: -1 - i, name: `role${i + 1}`, type }))
      const config = (list: Ports) => ({
        role: { config: new Map(list.map((each) => [each.parameter.name, each])) },
      })
      const instances = {
        model: { ...model, rolesOfHost: new Map([[given.hostId, [one, two]]]) },
        role: ({ id }: { id: number }) => config(id === -1 ? mine : other),
      }
      return portConflicts(instances as never, one!)
    }
    expect(conflicts([port('a', '80'), port('b', '81')], [port('c', '0081'), port('d', '82')])).toEqual([
      {
        ...{ level: 'WARNING', code: 'PORT_TWICE', parameter: 'b' },
        text: 'Label of b: port 81 is that of role "role2" on h1 too (Label of c); choose another',
      },
    ])
    const twice = [port('a', '80')]
    expect(conflicts(twice, twice)).toHaveLength(1)
    for (const none of ['0', '-1', '', undefined])
      expect(conflicts([port('a', none)], [port('a', none)])).toEqual([])
    for (const more of [{ outbound: true }, { scope: 'SERVICE' as const }, { type: 'long' as const }]) {
      expect(conflicts(twice, [port('c', '80', more)])).toEqual([])
      expect(conflicts([port('c', '80', more)], twice)).toEqual([])
    }
    expect(conflicts(twice, twice, ['GATEWAY', 'SERVER'])).toEqual([])
    expect(conflicts(twice, twice, ['SERVER', 'GATEWAY'])).toEqual([])
  })

  test('what a service type fixes is not set; what was set before has no effect, and can be removed', async () => {
    const { group, role } = await places()
    const set = (target: typeof group | typeof role, value: string | null) =>
      core.change((change) => updateConfig(change, target, [{ name: 'tickTime', value }]))
    await set(group, '3000')
    const { descriptors } = await core.instances()
    const fixed = structuredClone(descriptors)
    for (const { type, roles } of fixed.descriptors)
      for (const each of type === 'ZOOKEEPER' ? roles.flatMap(({ parameters }) => parameters) : [])
        if (each.name === 'tickTime') Object.assign(each, { fixed: true })
    await core.setDescriptors(fixed)
    try {
      for (const target of [group, role])
        await expect(set(target, '4000')).rejects.toMatchObject({
          code: 'INVALID',
          causes: ['tickTime is fixed by the service type'],
        })
      expect(await item(role, 'tickTime')).toMatchObject({ value: '2000', source: 'DEFAULT' })
      await set(group, null)
      expect(await item(group, 'tickTime')).toMatchObject({ own: undefined })
    } finally {
      await core.setDescriptors(descriptors)
    }
  })

  test('a dependency must be a service of that type', async () => {
    await addService(core, 'hdfs', 'HDFS', 'DATANODE', [])
    const hdfs = serviceNamed(await core.model(), 'c1', 'hdfs')
    const set = (value: string) =>
      refused(core, (change) =>
        updateConfig(change, { scope: 'SERVICE', id: hdfs.id }, [{ name: 'zookeeper_service', value }]),
      )
    expect(await set('nope')).toMatch(/there is no service "nope"/)
    expect(await set('hdfs')).toMatch(/is a HDFS, not a ZOOKEEPER/)
    expect(await set('zk')).toBe('was taken')
  })

  test('hosts: all hosts, then the host; the manager has settings of its own', async () => {
    const host = { scope: 'HOST' as const, id: hostNamed(await core.model(), 'h1').id }
    await core.change((change) =>
      updateConfig(change, { scope: 'ALL_HOSTS', id: 0 }, [{ name: 'process_log_backups', value: '5' }]),
    )
    expect(await item(host, 'process_log_backups')).toMatchObject({ value: '5', source: 'ALL_HOSTS' })
    await core.change((change) =>
      updateConfig(change, { scope: 'MANAGER', id: 0 }, [{ name: 'HEARTBEAT_INTERVAL', value: '5' }]),
    )
    expect((await core.instances()).manager().get('HEARTBEAT_INTERVAL')?.value).toBe('5')
  })
})
