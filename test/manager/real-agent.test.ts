import { Hono } from 'hono'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { listen } from '../../src/cli/listen.js'
import { type ActiveManager, startActive } from '../../src/manager/active.js'
import {
  planRoleStop,
  planServiceRollingRestart,
  planServiceStart,
  roleState,
} from '../../src/manager/commands/index.js'
import { updateConfig } from '../../src/manager/configuration/index.js'
import type { Core } from '../../src/manager/core.js'
import { agentRoutes } from '../../src/manager/heartbeats/index.js'
import {
  addHostsToCluster,
  clusterNamed,
  createClusters,
  createRoles,
  createServices,
  hostNamed,
  type Role,
  serviceNamed,
} from '../../src/manager/model/index.js'
import { startManagedAgent } from '../agent/managed-agent.js'
import { until } from '../engine/support.js'
import { newCore } from './core.js'
import { startTestPostgres, type TestPostgres } from './support.js'

let server: TestPostgres
let core: Core
let active: ActiveManager | undefined
beforeAll(async () => {
  server = await startTestPostgres()
  core = await newCore(server)
  // Whoever waited for the next beat would wait for long.
  await core.change((change) =>
    updateConfig(change, { scope: 'MANAGER', id: 0 }, [{ name: 'HEARTBEAT_INTERVAL', value: '60' }]),
  )
  active = await startActive({ core })
})
afterAll(async () => {
  await active?.stop()
  await server?.cleanUp()
})

test('a real agent joins, runs a real process, reports its violent end at once, restarts it, stops it', async () => {
  const app = new Hono().route('/', agentRoutes({ active: () => active }))
  const listening = await listen(app, '127.0.0.1', 0)
  onTestFinished(() => listening.close())
  const { agent, dataDir } = await startManagedAgent([listening.url], {
    managerToken: await active!.tokens.createJoinToken(),
    hostname: 'real1',
  })
  expect(dataDir).toBeTruthy()
  await until('the host', async () =>
    [...(await core.model()).hosts.values()].some((host) => host.hostname === 'real1'),
  )

  await core.change(async (change) => {
    await createClusters(change, [{ name: 'c1' }])
    await addHostsToCluster(change, clusterNamed(await change.model(), 'c1'), [
      hostNamed(await change.model(), 'real1'),
    ])
    await createServices(change, clusterNamed(await change.model(), 'c1'), [
      { name: 'sleeper', type: 'PROCESS' },
    ])
    const service = serviceNamed(await change.model(), 'c1', 'sleeper')
    await createRoles(change, service, [{ type: 'INSTANCE', host: hostNamed(await change.model(), 'real1') }])
    const role = (await change.model()).rolesOfService.get(service.id)![0]!
    await updateConfig(change, { scope: 'ROLE', id: role.id }, [
      { name: 'command', value: '/bin/sleep' },
      { name: 'arguments', value: '1000' },
      { name: 'log_dir', value: `${dataDir}/role-log` },
      { name: 'process_start_secs', value: '1' },
    ])
  })
  const service = serviceNamed(await core.model(), 'c1', 'sleeper')
  const role = (await core.model()).rolesOfService.get(service.id)![0] as Role
  const run = async (plan: Parameters<ActiveManager['commands']['submit']>[0]) =>
    active!.commands.ended((await active!.commands.submit(plan, 'admin')).id)

  const start = await run(planServiceStart(await active!.commands.at(), service))
  expect(start).toMatchObject({ success: true })
  const process1 = active!.runtime.currentProcess(role.id)!
  expect(process1.report).toMatchObject({ state: 'RUNNING', pid: expect.any(Number) })

  const killed = Date.now()
  process.kill(process1.report!.pid!, 'SIGKILL')
  await until(
    'the report of its end',
    () => (active!.runtime.currentProcess(role.id)?.report?.unexpectedExits ?? 0) > 0,
  )
  expect(Date.now() - killed).toBeLessThan(30_000)
  await until(
    'its restart',
    () =>
      roleState(active!.runtime, role) === 'STARTED' &&
      active!.runtime.currentProcess(role.id)!.report!.pid !== process1.report!.pid,
  )

  const restarted = await run(planServiceRollingRestart(await active!.commands.at(), service))
  expect(restarted).toMatchObject({ success: true })
  expect(active!.runtime.currentProcess(role.id)!.id).toBeGreaterThan(process1.id)

  const asked = Date.now()
  expect(await run(planRoleStop(await active!.commands.at(), role))).toMatchObject({ success: true })
  expect(Date.now() - asked).toBeLessThan(30_000)
  expect(roleState(active!.runtime, role)).toBe('STOPPED')
  await agent.stop()
})
