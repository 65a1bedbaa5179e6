import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Receiver } from '../../src/manager/heartbeats/index.js'
import { until } from '../engine/support.js'
import { addCluster, addService, newCore } from './core.js'
import { type SimulatedAgent, simulateAgent } from './simulated-agent.js'
import { startTestPostgres, type TestPostgres } from './support.js'

let server: TestPostgres
beforeAll(async () => {
  server = await startTestPostgres()
})
afterAll(() => server?.cleanUp())

const KEY = `test:${Buffer.alloc(32, 7).toString('base64')}`

interface Manager {
  child: ChildProcess
  url: string
  term: number
  submit(name: 'start' | 'rollingRestart'): Promise<number>
}

async function startManager(database: string): Promise<Manager> {
  const program = fileURLToPath(new URL('manager-process.mjs', import.meta.url))
  const child = spawn(process.execPath, [program, database, KEY], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [{ url, term }] = (await once(child, 'message')) as [{ url: string; term: number }]
  return {
    child,
    url,
    term,
    async submit(name) {
      child.send(name)
      const [{ command }] = (await once(child, 'message')) as [{ command: number }]
      return command
    },
  }
}

/** The manager behind HTTP, as agents have it. */
function over(url: string): Receiver {
  return {
    async receive(token, body, signal) {
      const response = await fetch(`${url}/agent/heartbeat`, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(signal ? { signal } : {}),
      })
      return { status: response.status as 200, body: (await response.json()) as never }
    },
    command: () => Promise.reject(new Error('not here')),
    stop() {},
  }
}

test('a manager killed in the middle of a rolling restart: the next one finishes it, and no role is restarted twice', async () => {
  const database = await server.newMigratedDatabase()
  const core = await newCore(server, { url: database, keys: KEY })
  await addCluster(core, 3)
  await addService(core, 'zk', 'ZOOKEEPER', 'SERVER', ['h1', 'h2', 'h3'])
  await core.db.updateTable('lease').set({ expiresAt: 0 }).execute()

  const first = await startManager(database)
  const agents: SimulatedAgent[] = [1, 2, 3].map((i) =>
    simulateAgent({
      hostId: `host-id-${i}`,
      hostname: `h${i}`,
      token: 'join-token',
      manager: over(first.url),
    }),
  )
  onTestFinished(async () => {
    await Promise.all(agents.map((agent) => agent.stop()))
  })
  const state = async (id: number) =>
    (await core.db
      .selectFrom('command')
      .select(['state', 'message'])
      .where('id', '=', id)
      .executeTakeFirst())!
  const start = await first.submit('start')
  await until('the start', async () => (await state(start)).state === 'SUCCEEDED')

  // The second server takes its time: the manager is killed while it waits for it.
  agents[1]!.behave = () => 'hangs'
  const restart = await first.submit('rollingRestart')
  await until('the second restart', () => agents[1]!.log.length === 3)
  first.child.kill('SIGKILL')
  expect((await state(restart)).state).toBe('RUNNING')
  // Its lease runs out.
  await core.db.updateTable('lease').set({ expiresAt: 0 }).execute()

  const second = await startManager(database)
  expect(second.term).toBe(first.term + 1)
  for (const [id, report] of agents[1]!.processes)
    agents[1]!.processes.set(id, { ...report, state: 'RUNNING', since: Date.now() })
  agents[1]!.behave = () => 'runs'
  for (const agent of agents) agent.manager = over(second.url)
  await until('the end of the command', async () => (await state(restart)).state !== 'RUNNING')
  expect(await state(restart)).toMatchObject({ state: 'SUCCEEDED' })
  for (const agent of agents)
    expect(agent.log.map((line) => line.split(' ')[0])).toEqual(['start', 'stop', 'start', 'run'])
})
