import { getEventListeners } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ActiveManager, startActive } from '../../src/manager/active.js'
import type { Core } from '../../src/manager/core.js'
import { createHeldBeats } from '../../src/manager/heartbeats/held-beats.js'
import { createHostCommands } from '../../src/manager/heartbeats/host-commands.js'
import { agentRoutes, createTokens } from '../../src/manager/heartbeats/index.js'
import { createHosts, deleteHost, hostNamed } from '../../src/manager/model/index.js'
import { until } from '../engine/support.js'
import { newCore } from './core.js'
import { type SimulatedAgent, simulateAgent } from './simulated-agent.js'
import { startTestPostgres, type TestPostgres } from './support.js'

let server: TestPostgres
let core: Core
let active: ActiveManager
let token: string
beforeAll(async () => {
  server = await startTestPostgres()
  core = await newCore(server)
  active = await startActive({ core })
  token = await active.tokens.createJoinToken()
})
afterAll(async () => {
  await active?.stop()
  await server?.cleanUp()
})

let count = 0
function newAgent(more: Partial<Parameters<typeof simulateAgent>[0]> = {}): SimulatedAgent {
  count++
  return simulateAgent({
    hostId: `agent-${String(count).padStart(4, '0')}`,
    hostname: `node${count}`,
    token,
    manager: active.receiver,
    run: false,
    ...more,
  })
}

describe('joining', () => {
  test('takes one beat with the join token; the host is there, with a token of its own', async () => {
    const agent = newAgent()
    expect(await agent.beat()).toMatchObject({
      status: 200,
      answer: { agentToken: expect.stringMatching(/^bwa_/), term: 1 },
    })
    expect(hostNamed(await core.model(), agent.hostId)).toMatchObject({
      hostname: 'node1',
      ipAddress: '127.0.0.1',
      rackId: '/default',
    })
    const second = await agent.beat()
    expect(second).toMatchObject({ status: 200 })
    expect(second.answer!.agentToken).toBeUndefined()
    const hashes = await core.db.selectFrom('agentToken').select('hash').execute()
    expect(hashes.map((row) => row.hash)).not.toContain(agent.token)
  })

  test('again, when the answer with the token got lost', async () => {
    const agent = newAgent()
    await agent.beat()
    agent.token = token
    expect(await agent.beat()).toMatchObject({ status: 200, answer: { agentToken: expect.any(String) } })
  })

  test('a host that was entered by hand becomes the agent’s', async () => {
    const [id] = await core.change((change) => createHosts(change, [{ hostname: 'by-hand' }]))
    const agent = newAgent({ hostname: 'by-hand' })
    expect(await agent.beat()).toMatchObject({ status: 200 })
    expect(hostNamed(await core.model(), 'by-hand')).toMatchObject({ id, hostId: agent.hostId })
  })

  test('with a token that is used up or has run out is refused', async () => {
    const once = await active.tokens.createJoinToken({ uses: 1 })
    expect(await newAgent({ token: once }).beat()).toMatchObject({ status: 200 })
    expect(await newAgent({ token: once }).beat()).toMatchObject({ status: 401, code: 'TOKEN' })
    const old = await active.tokens.createJoinToken({ expiresInMs: -1 })
    expect(await newAgent({ token: old }).beat()).toMatchObject({ status: 401 })
  })
})

test('tokens of hosts that are gone, and those that have run out, are kept no longer', async () => {
  let now = Date.now()
  const tokens = createTokens(core, () => now)
  const [hostId] = await core.change((change) => createHosts(change, [{ hostname: 'short-lived' }]))
  const own = await tokens.issue(hostId!)
  const join = await tokens.createJoinToken({ expiresInMs: 60_000 })
  // What is kept is good without a look into the database.
  await core.db.deleteFrom('agentToken').where('hostId', '=', hostId!).execute()
  tokens.prune(() => true)
  expect(await tokens.check(own)).toEqual({ kind: 'agent', hostId })
  tokens.prune((id) => id !== hostId)
  expect(await tokens.check(own)).toBeUndefined()
  now += 60_001
  expect(await tokens.check(join)).toBeUndefined()
  now -= 60_001
  expect(await tokens.check(join)).toBeUndefined()
})

test('nothing is left of what hosts were to do, done or given up, nor of beats that were held', async () => {
  const woken: number[] = []
  const commands = createHostCommands((id) => woken.push(id))
  const given = new AbortController()
  const run = (id: string) => commands.run(7, { id, kind: 'restart', processId: 1 }, given.signal)
  const [first, second] = [run('a'), run('b')]
  commands.reported(7, { id: 'a', ok: true })
  expect(await first).toEqual({ ok: true })
  expect(getEventListeners(given.signal, 'abort')).toHaveLength(1)
  given.abort(new Error('enough'))
  await expect(second).rejects.toThrow('enough')
  await expect(run('c')).rejects.toThrow('enough')
  expect(commands.pending(7)).toEqual([])
  expect(woken).toEqual([7, 7])

  const held = createHeldBeats()
  const holds = [held.hold(1, 60_000, undefined), held.hold(1, 60_000, undefined), held.hold(2, 1, undefined)]
  held.wake(1)
  await Promise.all(holds)
  expect([held.isHeld(1), held.isHeld(2)]).toEqual([false, false])
})

describe('a beat is refused', () => {
  test('without a token, with a wrong one, or with that of another host', async () => {
    const agent = newAgent()
    await agent.beat()
    const own = agent.token
    for (const wrong of ['', 'bwa_wrong', 'x'.repeat(10_000)]) {
      agent.token = wrong
      expect(await agent.beat()).toMatchObject({ status: 401, code: 'TOKEN' })
    }
    const other = newAgent({ token: own })
    expect(await other.beat()).toMatchObject({ status: 403, code: 'TOKEN' })
    agent.token = own
    expect(await agent.beat()).toMatchObject({ status: 200 })
  })

  test('of an agent that has the id of one that is at work', async () => {
    const agent = newAgent()
    await agent.beat()
    await agent.beat()
    const thief = newAgent({ hostId: agent.hostId, hostname: 'thief' })
    expect(await thief.beat()).toMatchObject({ status: 409, code: 'HOST_ID_IN_USE' })
    expect(hostNamed(await core.model(), agent.hostId).hostname).not.toBe('thief')
  })

  test('of a copy of an agent that is at work, also with its token; one that was restarted is taken', async () => {
    const agent = newAgent()
    await agent.beat()
    let isKilled = false
    const beating = (async () => {
      while (!isKilled && (await agent.beat({ waitMs: 20_000 })).status === 200);
    })()
    const copy = newAgent({ hostId: agent.hostId, token: agent.token, hostname: 'copy' })
    expect(await copy.beat()).toMatchObject({ status: 409, code: 'HOST_ID_IN_USE' })
    const { hostname } = hostNamed(await core.model(), agent.hostId)
    expect(hostname).not.toBe('copy')
    // Killed: its connection is gone, and the next one need not wait.
    isKilled = true
    await agent.stop()
    await beating
    const next = newAgent({ hostId: agent.hostId, token: agent.token, hostname })
    expect(await next.beat()).toMatchObject({ status: 200 })
    // Not as the one that is back after it was followed: which of the two is the copy, nobody can tell.
    expect(await agent.beat()).toMatchObject({ status: 409, code: 'HOST_ID_IN_USE' })
  })

  test('of a machine that has the name of another, saying what to do', async () => {
    const agent = newAgent()
    await agent.beat()
    const anew = newAgent({ hostname: `node${count}` })
    const refused = await anew.beat()
    expect(refused).toMatchObject({ status: 409, code: 'HOST_NAME_IN_USE' })
  })

  test('of another version of the protocol, of another deployment, or with nonsense in it', async () => {
    const agent = newAgent()
    await agent.beat()
    expect(await agent.beat({ protocol: 99 })).toMatchObject({ status: 426, code: 'PROTOCOL_VERSION' })
    expect(await agent.beat({ deploymentId: 'other' })).toMatchObject({ status: 403 })
    for (const body of [null, 7, [], {}, { hostId: 5 }])
      expect(await active.receiver.receive(agent.token, body)).toMatchObject({
        status: 400,
        body: { code: 'BAD_REQUEST' },
      })
  })

  test('from an agent that has heard of a later term: this manager is not the active one', async () => {
    const agent = newAgent()
    await agent.beat()
    expect(await agent.beat({ term: 99 })).toMatchObject({ status: 503, code: 'NOT_ACTIVE' })
  })

  test('of a host that was deleted', async () => {
    const agent = newAgent()
    await agent.beat()
    const host = hostNamed(await core.model(), agent.hostId)
    await core.change((change) => deleteHost(change, host))
    await until('the runtime to know', () => active.runtime.host(host.id) === undefined)
    expect((await agent.beat()).status).toBe(403)
  })
})

test('a clock that is off by a day is noted', async () => {
  const agent = newAgent()
  await agent.beat()
  await agent.beat({ clock: Date.now() - 86_400_000, clockOffset: 86_400_000 })
  expect(active.runtime.hostByName(agent.hostId)!.clockOffset).toBe(86_400_000)
})

test('an overtaken beat is answered and changes nothing', async () => {
  const agent = newAgent()
  await agent.beat()
  await agent.beat({ sequence: 50 })
  const before = active.runtime.hostByName(agent.hostId)!.lastHeartbeat
  expect(await agent.beat({ sequence: 49 })).toMatchObject({ status: 200 })
  expect(active.runtime.hostByName(agent.hostId)!.lastHeartbeat).toBe(before)
})

test('a beat without news is held, and answered at once when the host is touched', async () => {
  const agent = newAgent()
  await agent.beat()
  // Its joining may be read late, and end a hold or two without news.
  const told = async () => {
    for (;;) {
      const { answer } = await agent.beat({ waitMs: 20_000 })
      if (answer?.desired) return answer
    }
  }
  const beat = told()
  await new Promise((resolve) => setTimeout(resolve, 200))
  const host = hostNamed(await core.model(), agent.hostId)
  const touched = performance.now()
  await core.change(async (change) => change.touchHosts([host.id]))
  const answer = await beat
  expect(answer.desired).toMatchObject({ processes: [] })
  // Not when the hold of 20 s ends.
  expect(performance.now() - touched).toBeLessThan(15_000)
  expect(answer.nextIntervalMs).toBe(0)
})

test('an agent that begins with beats full of news comes back at once, to hear of what it is to do', async () => {
  const agent = newAgent()
  const news = { waitMs: 0, holdable: true }
  for (let i = 0; i < 3; i++) expect((await agent.beat(news)).answer!.nextIntervalMs).toBe(0)
  // Taken up by another manager, which knows the session from the database.
  active.runtime.hostByName(agent.hostId)!.holds = false
  expect((await agent.beat(news)).answer!.nextIntervalMs).toBe(0)
})

test('beats without news write nothing', async () => {
  const agent = newAgent()
  await agent.beat()
  await agent.beat()
  await active.flush()
  const rows = () => core.db.selectFrom('hostSession').selectAll().orderBy('hostId').execute()
  const before = await rows()
  for (let i = 0; i < 20; i++) await agent.beat()
  await active.flush()
  expect(await rows()).toEqual(before)
})

describe('over HTTP', () => {
  const post = (app: ReturnType<typeof agentRoutes>, body: string, authorization?: string) =>
    app.request('/agent/heartbeat', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...(authorization ? { authorization } : {}) },
    })

  test('a manager that is not active says who is', async () => {
    const app = agentRoutes({ active: () => undefined, activeUrl: () => 'http://other:7180' })
    const response = await post(app, '{}')
    expect([response.status, response.headers.get('location')]).toEqual([
      503,
      'http://other:7180/agent/heartbeat',
    ])
  })

  test('bad bodies and tokens get an answer that a program can read', async () => {
    const app = agentRoutes({ active: () => active })
    expect((await post(app, 'not json')).status).toBe(400)
    expect((await post(app, '{}')).status).toBe(401)
    expect((await post(app, '{}', `Bearer ${token}`)).status).toBe(400)
    expect((await post(app, `"${'x'.repeat(9_000_000)}"`)).status).toBe(413)
    expect((await app.request(`/agent/files/${'0'.repeat(64)}`)).status).toBe(401)
    const known = await app.request(`/agent/files/${'0'.repeat(64)}`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(known.status).toBe(404)
  })
})
