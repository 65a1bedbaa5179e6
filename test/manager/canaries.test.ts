import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ActiveManager, startActive } from '../../src/manager/active.js'
import { planServiceStart } from '../../src/manager/commands/index.js'
import type { Core } from '../../src/manager/core.js'
import { token } from '../../src/manager/descriptors/index.js'
import { roleCanaries } from '../../src/manager/generate/index.js'
import { serviceNamed } from '../../src/manager/model/index.js'
import { canaryTests } from '../../src/manager/processes/canary-tests.js'
import { type CanaryWorld, createCanaryHosts } from '../../src/manager/processes/index.js'
import { type HealthTestDefinition, testDefinition } from '../../src/wire/health-tests.js'
import { addCluster, addService, newCore } from './core.js'
import { inputFor, ourType, serviceOf } from './descriptors/support/model.js'
import { type SimulatedAgent, simulateAgent } from './simulated-agent.js'
import { startTestPostgres, type TestPostgres } from './support.js'

describe('what a role would run', () => {
  test('of ZooKeeper: all servers, its own first', async () => {
    const roles = [1, 2, 3].map((i) => ({
      type: 'SERVER',
      config: { serverId: `${i}`, clientPort: `218${i}` },
    }))
    const service = serviceOf(await ourType('ZOOKEEPER'), { roles })
    expect(roleCanaries(await inputFor(service, 1), canaryTests())).toEqual([
      {
        on: 'SERVICE',
        roleTypes: ['SERVER'],
        enabled: 'zookeeper_canary_health_enabled',
        canary: {
          name: 'ZOOKEEPER_CANARY_HEALTH',
          status: 'zookeeper_canary_status',
          duration: 'zookeeper_canary_duration',
          everySeconds: 30,
          timeoutMs: 15_000,
          startupSeconds: 60,
          check: {
            kind: 'zookeeper',
            servers: ['h2.example.com:2182', 'h1.example.com:2181', 'h3.example.com:2183'],
            path: '/bellwether_canary',
          },
        },
      },
    ])
  })

  test('of HDFS: WebHDFS of the NameNodes, as their user; none where WebHDFS is off; none of a DataNode', async () => {
    const hdfs = await ourType('HDFS')
    const roles = [{ type: 'NAMENODE' }, { type: 'NAMENODE' }, { type: 'DATANODE' }]
    const service = serviceOf(hdfs, { roles })
    const [found] = roleCanaries(await inputFor(service, 1), canaryTests())
    expect(found!.canary.check).toEqual({
      kind: 'webhdfs',
      urls: ['http://h2.example.com:9870', 'http://h1.example.com:9870'],
      path: '/tmp/.bellwether_canary',
      user: 'hdfs',
    })
    expect(roleCanaries(await inputFor(service, 2), canaryTests())).toEqual([])
    const without = serviceOf(hdfs, { roles, config: { dfs_webhdfs_enabled: 'false' } })
    expect(roleCanaries(await inputFor(without, 0), canaryTests())).toEqual([])
  })

  test('of a type with canaries of its own: filled in; left out when that cannot be done', async () => {
    const service = serviceOf(await ourType('ZOOKEEPER'), {
      roles: [{ type: 'SERVER', config: { serverId: '1', dataDir: '/data/zk' } }],
    })
    const own = (run: object): HealthTestDefinition =>
      testDefinition(
        {
          ...{ name: 'OWN_CANARY', label: 'Own', description: '', on: 'ROLE', sentence: '' },
          enabled: { parameter: '{role}_own_enabled', label: 'Own', default: true },
          source: {
            kind: 'canary',
            status: 'own_status',
            run: { everySeconds: 60, timeoutMs: 1000, ...run },
          },
        },
        '',
      )
    const checkOf = async (run: object) => roleCanaries(await inputFor(service, 0), [own(run)])[0]
    expect(await checkOf({ kind: 'file', folder: token('dataDir') })).toMatchObject({
      on: 'ROLE',
      enabled: 'server_own_enabled',
      canary: { check: { kind: 'file', folder: '/data/zk' } },
    })
    const command = {
      kind: 'command',
      program: 'echo',
      args: [`${token('host')}:${token('clientPort')}`, '$(id)'],
    }
    expect((await checkOf(command))?.canary.check).toMatchObject({ args: ['h1.example.com:2181', '$(id)'] })
    expect(
      await checkOf({ kind: 'http', url: `http://${token('host')}:${token('no_such')}/` }),
    ).toBeUndefined()
    expect(await checkOf({ kind: 'file', folder: 'relative' })).toBeUndefined()
  })
})

describe('the canary of a service', () => {
  let server: TestPostgres
  let core: Core
  let active: ActiveManager
  let agents: SimulatedAgent[] = []

  beforeAll(async () => {
    server = await startTestPostgres()
    core = await newCore(server)
    await addCluster(core, 3)
    await addService(core, 'zk', 'ZOOKEEPER', 'SERVER', ['h1', 'h2', 'h3'])
    active = await startActive({ core })
    const join = await active.tokens.createJoinToken()
    agents = [1, 2, 3].map((i) =>
      simulateAgent({ hostId: `host-id-${i}`, hostname: `h${i}`, token: join, manager: active.receiver }),
    )
  })
  afterAll(async () => {
    await active?.stop()
    await Promise.all(agents.map((agent) => agent.stop()))
    await server?.cleanUp()
  })

  const zk = async () => serviceNamed(await core.model(), 'c1', 'zk')
  const runners = () =>
    agents.filter((agent) => [...agent.desired.values()].some(({ canaries }) => (canaries ?? []).length > 0))

  test('is run by one role, and by another one at once when that has ended', async () => {
    const plan = planServiceStart(await active.commands.at(), await zk())
    expect(await active.commands.ended((await active.commands.submit(plan, 'admin')).id)).toMatchObject({
      success: true,
    })
    await expect.poll(() => runners().length, { timeout: 60_000 }).toBe(1)
    const [first] = runners()
    const [process] = [...first!.desired.values()]
    expect(process!.canaries).toMatchObject([
      { name: 'ZOOKEEPER_CANARY_HEALTH', check: { kind: 'zookeeper' } },
    ])
    first!.exit(process!.id, 1)
    await expect.poll(() => runners().length === 1 && runners()[0] !== first, { timeout: 60_000 }).toBe(true)
  })

  test('comes with what is read of the role: each metric as its descriptor has it, with its weight', () => {
    for (const { desired, metricSets } of agents) {
      const [process] = [...desired.values()]
      const rules = metricSets[process?.metrics?.[0]?.rules ?? '']
      expect(rules?.find(({ metric }) => metric.name === 'zookeeper_fsync_avg_time')).toMatchObject({
        context: 'zk_avg_fsynctime',
        metric: {
          displayName: 'Average fsync time',
          unitNumerators: ['milliseconds'],
          weightingMetricName: 'zookeeper_fsync_count',
        },
      })
      const weight = rules?.find(({ metric }) => metric.name === 'zookeeper_fsync_count')
      expect(weight?.metric.isCounter).toBe(true)
      expect(weight?.metric).not.toHaveProperty('weightingMetricName')
    }
  })

  test('moves from a host that is silent, and stays where it is when that one is back', async () => {
    const model = await core.model()
    const roles = model.rolesOfService.get((await zk()).id)!
    const silent = new Set<number>()
    let tell = () => {}
    const touched: number[][] = []
    const off = core.onHostsTouched((ids) => void touched.push([...ids].sort()))
    const world: CanaryWorld = {
      currentProcess: () => ({ wanted: 'RUNNING', report: { state: 'RUNNING' }, absent: false }),
      host: (id) => ({ lastHeartbeat: silent.has(id) ? 0 : Date.now() }),
      onProcess(listener) {
        tell = () => listener({ kind: 'ROLE' } as Parameters<typeof listener>[0])
        return () => {}
      },
    }
    const hosts = createCanaryHosts(core, world, () => 60_000)
    const chosen = () => roles.filter((role) => hosts.isChosen(role, ['SERVER']))
    try {
      await expect.poll(chosen, { timeout: 60_000 }).toHaveLength(1)
      const [before] = chosen()
      silent.add(before!.hostId)
      tell()
      await expect.poll(() => chosen()[0] !== before, { timeout: 60_000 }).toBe(true)
      const [after] = chosen()
      // Who may have run it for an earlier manager; then the two that it concerns.
      const both = [before!.hostId, after!.hostId].sort()
      await expect.poll(() => touched.at(-1), { timeout: 60_000 }).toEqual(both)
      silent.clear()
      const count = touched.length
      tell()
      // Nobody runs: it stays with the one who had it, who tells of it again first.
      for (const role of roles) silent.add(role.hostId)
      tell()
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(chosen()).toEqual([after])
      expect(touched).toHaveLength(count)
    } finally {
      hosts.stop()
      hosts.stop()
      off()
    }
  })
})
