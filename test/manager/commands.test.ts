import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type ActiveManager, startActive } from '../../src/manager/active.js'
import {
  type PlanNode,
  planClusterStart,
  planDecommissionRoles,
  planDeployClientConfig,
  planRecommissionRoles,
  planRoleCommand,
  planRoleStart,
  planServiceCommand,
  planServiceFirstRun,
  planServiceRefresh,
  planServiceRestart,
  planServiceRollingRestart,
  planServiceStart,
  planServiceStop,
  roleState,
  serviceState,
} from '../../src/manager/commands/index.js'
import { unreached } from '../../src/manager/commands/steps/role.js'
import { insertCommand, loadTree, remainder } from '../../src/manager/commands/store.js'
import { updateConfig } from '../../src/manager/configuration/index.js'
import type { Core } from '../../src/manager/core.js'
import { releaseLease, withTerm } from '../../src/manager/database/index.js'
import { loadDescriptors, ourDescriptors } from '../../src/manager/descriptors/index.js'
import {
  clusterNamed,
  createRoles,
  deleteService,
  hostNamed,
  serviceNamed,
} from '../../src/manager/model/index.js'
import { insertProcess, roleProcess } from '../../src/manager/processes/index.js'
import type { DesiredProcess } from '../../src/wire/heartbeat.js'
import { until } from '../engine/support.js'
import { addCluster, addService, newCore } from './core.js'
import { type SimulatedAgent, simulateAgent } from './simulated-agent.js'
import { startTestPostgres, type TestPostgres } from './support.js'

let server: TestPostgres
beforeAll(async () => {
  server = await startTestPostgres({ own: true })
})
afterAll(() => server?.cleanUp())

let core: Core
let active: ActiveManager
let agents: SimulatedAgent[]
let url: string
const keys = `test:${Buffer.alloc(32, 7).toString('base64')}`

async function begin(): Promise<void> {
  url = await server.newMigratedDatabase()
  core = await newCore(server, { url, keys })
  await addCluster(core, 3)
  await addService(core, 'zk', 'ZOOKEEPER', 'SERVER', ['h1', 'h2', 'h3'])
  active = await startActive({ core })
  const token = await active.tokens.createJoinToken()
  agents = [1, 2, 3].map((i) =>
    simulateAgent({ hostId: `host-id-${i}`, hostname: `h${i}`, token, manager: active.receiver }),
  )
}
async function end(): Promise<void> {
  await active.stop()
  await Promise.all(agents.map((agent) => agent.stop()))
}
const run = async (plan: PlanNode) => active.commands.ended((await active.commands.submit(plan, 'admin')).id)
const zk = async () => serviceNamed(await core.model(), 'c1', 'zk')
const roles = async () => (await core.model()).rolesOfService.get((await zk()).id)!
const started = () => agents.flatMap((agent) => agent.log)

describe('a service', () => {
  beforeAll(begin)
  afterAll(end)

  test('starts: every role gets a process with its files', async () => {
    const command = await run(planServiceStart(await active.commands.at(), await zk()))
    expect(command).toMatchObject({
      name: 'Start',
      success: true,
      username: 'admin',
      names: { clusterName: 'c1', serviceName: 'zk' },
    })
    expect(serviceState(active.runtime, await core.model(), (await zk()).id)).toBe('STARTED')
    const [process] = [...agents[0]!.desired.values()]
    expect(process).toMatchObject({
      name: `${process!.id}-zk-SERVER`,
      run: 'keep',
      user: 'zookeeper',
      autoRestart: true,
      entity: { attributes: { roleType: 'SERVER', serviceName: 'zk', clusterName: 'c1', hostname: 'h1' } },
    })
    // What the kernel does anyway is not asked of hosts that may not be able to set it.
    expect(process!.limits).not.toHaveProperty('cpuWeight')
    const cfg = process!.files.find((file) => file.path === 'zoo.cfg')!
    expect(Buffer.from(cfg.base64!, 'base64').toString()).toContain('clientPort=2181')
    expect(process!.files.find((file) => file.path === 'scripts/control.sh')).toMatchObject({
      owner: 'agent',
      url: expect.stringMatching(/^\/agent\/files\/[0-9a-f]{64}$/),
    })
  })

  test('a second start changes nothing', async () => {
    const before = started().length
    expect(await run(planServiceStart(await active.commands.at(), await zk()))).toMatchObject({
      success: true,
    })
    expect(started().length).toBe(before)
  })

  test('a change while it runs shows as outdated with the difference, and a rolling restart trues it up, one at a time', async () => {
    const [role] = await roles()
    const service = await zk()
    expect((await active.staleness.ofRole(await core.instances(), role!)).staleness).toBe('FRESH')
    await core.change((change) =>
      updateConfig(change, { scope: 'GROUP', id: role!.roleConfigGroupId }, [
        { name: 'tickTime', value: '2500' },
      ]),
    )
    const stale = await active.staleness.ofRole(await core.instances(), role!)
    expect(stale.staleness).toBe('STALE')
    expect(stale.files.map((file) => file.path)).toEqual(['zoo.cfg'])
    expect(await active.staleness.ofService(await core.instances(), service.id)).toBe('STALE')
    const logs = agents.map((agent) => agent.log.length)
    const command = await active.commands.submit(
      planServiceRollingRestart(await active.commands.at(), service),
      'admin',
    )
    expect(await active.commands.ended(command.id)).toMatchObject({ success: true, name: 'RollingRestart' })
    const parts = await active.commands.children(command.id)
    const each = parts.filter((part) => part.name === 'RollingRestartRole')
    expect(each).toHaveLength(3)
    for (let i = 1; i < each.length; i++)
      expect(each[i]!.startTime).toBeGreaterThanOrEqual(each[i - 1]!.endTime!)
    for (const [i, agent] of agents.entries())
      expect(agent.log.slice(logs[i]).map((line) => line.split(' ')[0])).toEqual(['stop', 'start', 'run'])
    expect(await active.staleness.ofService(await core.instances(), service.id)).toBe('FRESH')
  })

  test('an exit is known at once, and a role that is down can be started again', async () => {
    const role = (await roles()).find((each) => active.runtime.host(each.hostId)?.hostId === 'host-id-1')!
    agents[0]!.exit(active.runtime.currentProcess(role.id)!.id, 1)
    await until('the exit', () => roleState(active.runtime, role) === 'STOPPED')
    expect(await run(planRoleStart(await active.commands.at(), role))).toMatchObject({ success: true })
    expect(roleState(active.runtime, role)).toBe('STARTED')
  })

  test('an invalid configuration keeps it from being restarted, and running', async () => {
    const service = await zk()
    const [role] = await roles()
    await core.change(async (change) => {
      // As after an update of the descriptor: what was good is not any more.
      await change.trx
        .insertInto('config')
        .values({
          scope: 'ROLE',
          roleId: role!.id,
          serviceId: null,
          roleConfigGroupId: null,
          hostId: null,
          name: 'clientPort',
          value: 'none',
          secret: null,
        })
        .execute()
      change.touch('config', [`ROLE:${role!.id}`])
    })
    const before = started().length
    const command = await run(planServiceRestart(await active.commands.at(), service))
    expect(command).toMatchObject({
      success: false,
      canRetry: true,
      resultMessage: expect.stringContaining('Client port'),
    })
    expect(started().length).toBe(before)
    const logs = await active.commands.logs(command.id)
    expect(logs.map((each) => each.text).join('\n')).toMatch(/ERROR zk-SERVER-.*Client port/)
    await core.change((change) =>
      updateConfig(change, { scope: 'ROLE', id: role!.id }, [{ name: 'clientPort', value: null }]),
    )
    const retried = await active.commands.retry(command.id, 'admin')
    expect(await active.commands.ended(retried.id)).toMatchObject({ success: true })
  })

  test('a role that cannot be started fails with the reason; a retry does only what is left', async () => {
    expect(await run(planServiceStop(await active.commands.at(), await zk()))).toMatchObject({
      success: true,
    })
    agents[1]!.behave = () => 'fatal'
    const command = await run(planServiceStart(await active.commands.at(), await zk()))
    expect(command).toMatchObject({
      success: false,
      resultMessage: expect.stringMatching(/zk-SERVER-.*No such program/),
    })
    agents[1]!.behave = () => 'runs'
    const before = agents.map((agent) => agent.log.length)
    const retried = await active.commands.retry(command.id, 'admin')
    expect(await active.commands.ended(retried.id)).toMatchObject({ success: true })
    expect(agents.map((agent, i) => agent.log.length - before[i]!)).toEqual([0, 1, 0])
    // Of a role that has been deleted meanwhile there is nothing left to do.
    const [model, rows] = [await core.model(), await loadTree(core, command.id)]
    expect(JSON.stringify(remainder(model, rows, command.id))).toContain('startRole')
    const without = rows.map((row) => (row.kind === 'startRole' ? { ...row, roleId: -1 } : row))
    expect(JSON.stringify(remainder(model, without, command.id))).not.toContain('startRole')
  })

  test('a role that takes too long to start says what keeps it, where its agent knows', () => {
    const context = { row: { context: { hostname: 'h1' } } } as never
    const said = (problem?: string) => unreached(context, { end: 'timeout' }, 'to start', problem)
    expect(said()).toBe('It took too long to start. See its logs on host h1.')
    expect(said("ENOENT: no such file or directory, mkdir '/data'")).toBe(
      "It took too long to start: ENOENT: no such file or directory, mkdir '/data'. Host h1 goes on trying, until it is stopped.",
    )
  })

  test('two commands on the same role do not meet', async () => {
    agents[0]!.behave = () => 'hangs'
    expect(await run(planServiceStop(await active.commands.at(), await zk()))).toMatchObject({
      success: true,
    })
    const command = await active.commands.submit(
      planServiceStart(await active.commands.at(), await zk()),
      'admin',
    )
    await expect(
      active.commands.submit(planServiceStop(await active.commands.at(), await zk()), 'other'),
    ).rejects.toMatchObject({
      code: 'IN_USE',
      message: expect.stringContaining(`"Start" (${command.id})`),
    })
    await active.commands.abort(command.id)
    expect(await active.commands.ended(command.id)).toMatchObject({
      state: 'ABORTED',
      success: false,
      canRetry: true,
    })
    agents[0]!.behave = () => 'runs'
    expect(await active.commands.list({ active: true })).toEqual([])
  })

  test('refresh writes refreshable files alone, and restarts nothing', async () => {
    expect(await run(planServiceRestart(await active.commands.at(), await zk()))).toMatchObject({
      success: true,
    })
    expect(await run(planServiceRefresh(await active.commands.at(), await zk()))).toMatchObject({
      success: true,
    })
    expect(agents.map((agent) => agent.log.at(-1)!.split(' ')[0])).toEqual(['refresh', 'refresh', 'refresh'])
  })

  test('decommissioned roles stop, and do not start until they are recommissioned', async () => {
    const [role] = await roles()
    expect(await run(planDecommissionRoles(await active.commands.at(), await zk(), [role!]))).toMatchObject({
      success: true,
    })
    const now = (await core.model()).roles.get(role!.id)!
    expect(now.commissionState).toBe('DECOMMISSIONED')
    expect(roleState(active.runtime, now)).toBe('STOPPED')
    const at = await active.commands.at()
    expect(() => planRoleStart(at, now)).toThrow(/Recommission/)
    expect(await run(planRecommissionRoles(await zk(), [now]))).toMatchObject({ success: true })
    const fresh = (await core.model()).roles.get(role!.id)!
    expect(await run(planRoleStart(await active.commands.at(), fresh))).toMatchObject({ success: true })
  })

  test('what a program of a command has printed is kept, and its last words tell why it failed', async () => {
    const [role] = await roles()
    for (const agent of agents) agent.behave = ({ run }) => (run === 'once' ? 9 : 'runs')
    const command = await run(planRoleCommand(await active.commands.at(), role!, 'awaitQuorum'))
    const [output, ...others] = await active.commands.outputs(command.id)
    const id = output!.stdout.match(/^stdout of (\d+)\n$/)![1]
    expect([output, others]).toMatchObject([{ who: role!.name, stderr: `stderr of ${id}\n` }, []])
    expect(command).toMatchObject({
      success: false,
      resultMessage: expect.stringContaining(`It ended with code 9. Its last words: stderr of ${id}`),
    })
    // Programs print what they like.
    const [stored] = await core.db
      .selectFrom('command')
      .select('progress')
      .where('rootId', '=', command.id)
      .where('kind', 'is not', null)
      .execute()
    expect(JSON.stringify(stored)).not.toContain(`stderr of`)
    for (const agent of agents) agent.behave = () => 'runs'
  })

  test('says which service has none left of a role type that is decommissioned', async () => {
    const all = await roles()
    const said = async (some: typeof all) => {
      const { id } = await run(planDecommissionRoles(await active.commands.at(), await zk(), some))
      return (await active.commands.children(id)).map(({ resultMessage }) => resultMessage)
    }
    expect(await said(all.slice(0, 1))).toEqual([
      '1 role is DECOMMISSIONING.',
      'Completed 1 step.',
      '1 role is DECOMMISSIONED.',
    ])
    expect(await said(all.slice(1))).toEqual([
      '2 roles are DECOMMISSIONING. No role SERVER of service "zk" is left in duty.',
      'Completed 2 steps.',
      '2 roles are DECOMMISSIONED.',
    ])
    expect(await run(planRecommissionRoles(await zk(), await roles()))).toMatchObject({ success: true })
    expect(await run(planServiceStart(await active.commands.at(), await zk()))).toMatchObject({
      success: true,
    })
  })

  test('cannot be deleted while it runs, nor while a command is at work; then it can, and its host forgets it', async () => {
    const remove = () => core.change(async (change) => deleteService(change, await zk()))
    await expect(remove()).rejects.toMatchObject({
      code: 'IN_USE',
      message: expect.stringMatching(/^Service "zk" cannot be deleted: roles run\. Stop zk-SERVER-/),
    })
    const start = planServiceStart(await active.commands.at(), await zk())
    expect(await run(planServiceStop(await active.commands.at(), await zk()))).toMatchObject({
      success: true,
    })
    // As between stop and start of a restart.
    const id = await insertCommand(core, await core.model(), start, { username: 'admin' })
    await expect(remove()).rejects.toMatchObject({
      code: 'IN_USE',
      message: `Service "zk" cannot be deleted: the command "Start" (${id}) is at work there. Wait until it has ended, or abort it.`,
    })
    await core.db.updateTable('command').set({ state: 'ABORTED' }).where('rootId', '=', id).execute()
    expect(await active.commands.get(id)).toMatchObject({ canRetry: true })
    await remove()
    expect(await active.commands.get(id)).toMatchObject({ canRetry: false })
    await expect(active.commands.retry(id, 'admin')).rejects.toMatchObject({
      message: `Command ${id} was about service "zk", which has been deleted.`,
    })
    await until('hosts that have nothing to do', () => agents.every((agent) => agent.desired.size === 0))
  })
})

describe('services that depend on each other', () => {
  beforeAll(begin)
  afterAll(end)

  test('start in order: what is needed comes first, and inside HDFS too', async () => {
    await addService(core, 'hdfs', 'HDFS', 'DATANODE', ['h1', 'h2', 'h3'])
    await core.change(async (change) => {
      const model = await change.model()
      const hdfs = serviceNamed(model, 'c1', 'hdfs')
      await createRoles(change, hdfs, [
        { type: 'NAMENODE', host: hostNamed(model, 'h1') },
        { type: 'GATEWAY', host: hostNamed(model, 'h2') },
      ])
      await updateConfig(change, { scope: 'SERVICE', id: hdfs.id }, [
        { name: 'zookeeper_service', value: 'zk' },
      ])
    })
    const cluster = clusterNamed(await core.model(), 'c1')
    const command = await run(planClusterStart(await active.commands.at(), cluster))
    expect(command).toMatchObject({ success: true })
    expect(
      (await active.commands.children(command.id)).map((part) => part.names.serviceName ?? part.name),
    ).toEqual(['Validate', 'zk', 'hdfs'])
    expect(agents[0]!.log.map((line) => line.replace(/\d+-/, ''))).toEqual([
      'start zk-SERVER',
      'start hdfs-NAMENODE',
      'start hdfs-DATANODE',
    ])
  })

  test('client configuration is made on each host and deployed', async () => {
    const hdfs = serviceNamed(await core.model(), 'c1', 'hdfs')
    expect(await active.staleness.ofClientConfig(await core.instances(), hdfs.id)).toBe('STALE')
    const command = await run(planDeployClientConfig(await active.commands.at(), hdfs))
    expect(command).toMatchObject({ success: true, name: 'DeployClientConfig' })
    expect(await active.staleness.ofClientConfig(await core.instances(), hdfs.id)).toBe('FRESH')
    const rows = await core.db.selectFrom('clientConfig').select('state').execute()
    expect(rows).toEqual([{ state: 'DEPLOYED' }, { state: 'DEPLOYED' }, { state: 'DEPLOYED' }])
  })

  test('a rolling restart takes as many workers at a time as asked, waits between, and ends after too many failures', async () => {
    const hdfs = serviceNamed(await core.model(), 'c1', 'hdfs')
    const batches = async (options: Parameters<typeof planServiceRollingRestart>[2]) => {
      const plan = planServiceRollingRestart(await active.commands.at(), hdfs, options)
      return plan.children!.map(({ name, children, tolerance }) =>
        name === 'RollingRestartWorkers'
          ? [tolerance, ...children!.map((each) => each.args?.seconds ?? each.children![0]!.children!.length)]
          : name,
      )
    }
    expect(await batches({ slaveBatchSize: 2, sleepSeconds: 7, slaveFailCountThreshold: 1 })).toEqual([
      'Validate',
      'RollingRestartRole',
      [1, 2, 7, 1],
    ])
    expect(await batches({ rolesToInclude: 'SLAVES_ONLY' })).toEqual(['Validate', [0, 1, 1, 1]])
    expect(await batches({ rolesToInclude: 'NON_SLAVES_ONLY' })).toEqual(['Validate', 'RollingRestartRole'])
    await expect(batches({ restartRoleTypes: ['DATANODES'] })).rejects.toThrow('no role type "DATANODES"')

    agents[0]!.behave = ({ name }) => (name.endsWith('hdfs-DATANODE') ? 'fatal' : 'runs')
    const logs = agents.map((agent) => agent.log.length)
    const restarted = () =>
      agents.map((agent, i) => agent.log.slice(logs[i]).some((line) => line.startsWith('start')))
    const restart = async (slaveFailCountThreshold: number) =>
      run(
        planServiceRollingRestart(await active.commands.at(), hdfs, {
          slaveFailCountThreshold,
          restartRoleTypes: ['DATANODE'],
        }),
      )
    try {
      expect(await restart(0)).toMatchObject({ success: false })
      expect(restarted()).toEqual([true, false, false])
      expect(await restart(1)).toMatchObject({ success: true })
      expect(restarted()).toEqual([true, true, true])
    } finally {
      agents[0]!.behave = () => 'runs'
    }
  })

  test('a role command needs the state that its descriptor asks for', async () => {
    const { model } = await core.instances()
    const namenode = [...model.roles.values()].find((role) => role.type === 'NAMENODE')!
    expect(await run(planRoleCommand(await active.commands.at(), namenode, 'format'))).toMatchObject({
      success: false,
      resultMessage: expect.stringContaining('Stop it first'),
    })
    const at = await active.commands.at()
    expect(() => planRoleCommand(at, namenode, 'nonsense')).toThrow(/no command "nonsense"/)
  })
})

describe('a directory in HDFS that a service type asks for', () => {
  beforeAll(begin)
  afterAll(end)

  const greeter = async () => serviceNamed(await core.model(), 'c1', 'greeter')

  test('has to be made by hand where the service depends on no file system', async () => {
    core.setDescriptors(
      await loadDescriptors([
        { path: ourDescriptors(), builtIn: true },
        { path: new URL('./descriptors/fixtures', import.meta.url).pathname },
      ]),
    )
    await addService(core, 'greeter', 'GREETER', 'GREETER_SERVER', ['h3'])
    const plan = planServiceCommand(await active.commands.at(), await greeter(), 'create_user_dir')
    expect(await run(plan)).toMatchObject({
      success: false,
      resultMessage: expect.stringContaining('make the directory /user/'),
    })
  })

  test('is made by a NameNode in the first run, before the start', async () => {
    await addService(core, 'hdfs', 'HDFS', 'NAMENODE', ['h1'])
    const { id } = await greeter()
    const hdfs = serviceNamed(await core.model(), 'c1', 'hdfs')
    await core.change(async (change) => {
      await updateConfig(change, { scope: 'SERVICE', id }, [{ name: 'hdfs_service', value: 'hdfs' }])
      const model = await change.model()
      await createRoles(change, hdfs, [{ type: 'DATANODE', host: hostNamed(model, 'h2') }])
      await updateConfig(change, { scope: 'SERVICE', id: hdfs.id }, [
        { name: 'zookeeper_service', value: 'zk' },
      ])
    })
    const made: DesiredProcess[] = []
    agents[0]!.behave = (process) => {
      made.push(process)
      return process.name.endsWith('NAMENODE') && process.run === 'keep' ? 'runs' : 0
    }
    const firstRun = async () => run(planServiceFirstRun(await active.commands.at(), await greeter()))
    expect(await firstRun()).toMatchObject({
      success: false,
      resultMessage: expect.stringContaining('Start it first'),
    })
    expect(agents[2]!.log).toEqual([])
    const namenode = [...(await core.model()).roles.values()].find(({ type }) => type === 'NAMENODE')!
    expect(await run(planRoleStart(await active.commands.at(), namenode))).toMatchObject({ success: true })
    expect(await firstRun()).toMatchObject({ success: true })
    expect(made.at(-1)).toMatchObject({
      user: 'hdfs',
      run: 'once',
      environment: {
        HDFS_DIRECTORY_PATH: '/user/greeter',
        HDFS_DIRECTORY_OWNER: 'greeter:greeter',
        HDFS_DIRECTORY_PERMISSIONS: '0751',
      },
    })
    expect(agents[2]!.log).toHaveLength(2)
  })
})

describe('a manager that goes in the middle of a command', () => {
  beforeEach(begin)
  afterEach(end)

  test('leaves it to the next one, who finishes it without doing anything twice', async () => {
    agents[1]!.behave = () => 'hangs'
    const command = await active.commands.submit(
      planServiceRollingRestart(await active.commands.at(), await zk()),
      'admin',
    )
    // Nothing runs yet: a rolling restart has nothing to restart, so begin with a start.
    await active.commands.ended(command.id)
    const start = await active.commands.submit(
      planServiceStart(await active.commands.at(), await zk()),
      'admin',
    )
    await until('three starts', () => agents.every((agent) => agent.log.length > 0))
    const first = active
    for (const agent of agents) agent.manager = undefined
    await first.stop()
    expect(await first.commands.get(start.id)).toMatchObject({ active: true })
    await core.db.updateTable('lease').set({ expiresAt: 0 }).execute()
    const old = core
    core = await newCore(server, { url, keys })
    expect(core.term()).toBe(old.term() + 1)
    await expect(old.change(async () => undefined)).rejects.toMatchObject({ code: 'LOST_LEASE' })

    active = await startActive({ core })
    // The process that hung is up by now.
    for (const [id, report] of agents[1]!.processes)
      agents[1]!.processes.set(id, { ...report, state: 'RUNNING', since: Date.now() })
    for (const agent of agents) agent.manager = active.receiver
    expect(await active.commands.ended(start.id)).toMatchObject({ success: true })
    expect(agents.map((agent) => agent.log.length)).toEqual([1, 1, 1])
    const logs = await active.commands.logs(start.id)
    expect(logs.map((each) => each.text)).toContain(`Taken up in term ${core.term()}.`)
  })
})

describe('a host that is not heard of', () => {
  beforeEach(begin)
  afterEach(end)

  test('fails its steps with words on it, after the missed heartbeats that are set', async () => {
    await core.change((change) =>
      updateConfig(change, { scope: 'MANAGER', id: 0 }, [
        { name: 'HEARTBEAT_INTERVAL', value: '1' },
        // Long enough that the others are not lost too when the machine is busy.
        { name: 'MISSED_HB_BAD', value: '6' },
      ]),
    )
    // Settings are read anew every few seconds, and at the start.
    await active.stop()
    active = await startActive({ core })
    for (const agent of agents) agent.manager = active.receiver
    await agents[2]!.stop()
    const command = await run(planServiceStart(await active.commands.at(), await zk()))
    expect(command).toMatchObject({
      success: false,
      resultMessage: expect.stringMatching(/zk-SERVER-.*Host h3 has not been heard of/),
    })
    expect(agents.map((agent) => agent.log.length)).toEqual([1, 1, 0])
  })
})

describe('a database that dies in the middle of a command', () => {
  beforeEach(begin)
  afterEach(end)

  test('is waited for; the command goes on where it stood', async () => {
    expect(await run(planServiceStart(await active.commands.at(), await zk()))).toMatchObject({
      success: true,
    })
    const { pid } = server.postgres
    const command = await active.commands.submit(
      planServiceRollingRestart(await active.commands.at(), await zk()),
      'admin',
    )
    process.kill(pid!, 'SIGKILL')
    expect(await active.commands.ended(command.id)).toMatchObject({ success: true })
    expect(server.postgres.pid).not.toBe(pid)
    for (const agent of agents)
      expect(agent.log.map((line) => line.split(' ')[0])).toEqual(['start', 'stop', 'start', 'run'])
  }, 120_000)
})

test('processes that begin side by side on one host do not wait for each other in a circle', async () => {
  const core = await newCore(server)
  await addCluster(core, 1)
  await addService(core, 'zk', 'ZOOKEEPER', 'SERVER', ['h1'])
  const instances = await core.instances()
  const { id: serviceId } = serviceNamed(instances.model, 'c1', 'zk')
  const [role] = instances.model.rolesOfService.get(serviceId)!
  const { hostId } = role!
  const process = roleProcess(core, instances, role!)
  const insert = () =>
    withTerm(core.db, core.term(), (trx) =>
      insertProcess(trx, core.keys, { process, roleId: null, serviceId, hostId }),
    )
  const made = await Promise.all(Array.from({ length: 24 }, insert))
  expect(new Set(made.map(({ id }) => id)).size).toBe(24)
})

test('the lease can be given back by a manager that has it, and by no other', async () => {
  const { db } = await server.open()
  await newCore(server, { database: { db, deploymentId: 'x', close: async () => {} } })
  await releaseLease(db, { id: 'somebody', url: '' }, 1)
  const [row] = await db.selectFrom('lease').select('expiresAt').execute()
  expect(row!.expiresAt).toBeGreaterThan(Date.now())
})
