import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clockOffset } from '../../src/agent/heartbeat/clock.js'
import { createManagers } from '../../src/agent/heartbeat/managers.js'
import { createTransport } from '../../src/agent/heartbeat/transport.js'
import { startAgent } from '../../src/agent/index.js'
import { dataFolder, startManagedAgent } from './managed-agent.js'
import { startManager, state, wanted } from './manager-stand-in.js'
import { silent, startReceiver, temporaryFolder, until } from './support.js'

const answering =
  (status: number, body: object | string, headers: Record<string, string> = {}) =>
  (_: unknown, response: ServerResponse) => {
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))
    return true
  }

describe('the heartbeat', () => {
  it('says who beats, since when, and counts; a restarted agent is told from the one before', async () => {
    const manager = await startManager()
    manager.holdMs = 50
    const first = await startManagedAgent(manager)
    await until(() => manager.requests.length >= 3, 'three beats')
    await first.agent.stop()
    const count = manager.requests.length
    const [one, two] = manager.requests
    expect([one!.sequence, two!.sequence]).toEqual([1, 2])
    expect(one!.hostId).toBe(first.agent.hostId)
    expect(one!.bootId).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
    expect([one!.deploymentId, two!.deploymentId]).toEqual([undefined, 'deployment-1'])
    await startManagedAgent(manager, {}, first.dataDir)
    await until(() => manager.requests.length > count, 'another beat')
    const next = manager.requests[count]!
    expect(next).toMatchObject({ sequence: 1, hostId: one!.hostId, term: 1, deploymentId: 'deployment-1' })
    expect(next.instanceId).not.toBe(one!.instanceId)
  })

  it('beats as the manager directs, and sends facts when they are asked for', async () => {
    const manager = await startManager()
    manager.holdMs = 0
    manager.answer = { nextIntervalMs: 300 }
    await startManagedAgent(manager)
    await until(() => manager.requests.length >= 4, 'four beats')
    for (const i of [1, 2, 3]) {
      const gap = manager.times[i]! - manager.times[i - 1]!
      expect(gap).toBeGreaterThan(240)
    }
    expect(manager.requests.map(({ facts }) => facts !== undefined)).toEqual([
      true,
      ...Array(manager.requests.length - 1).fill(false),
    ])
    manager.answer = { nextIntervalMs: 300, wantFacts: true }
    const seen = manager.requests.length
    await until(() => manager.requests.length >= seen + 2, 'a beat with facts')
    manager.answer = {}
    expect(manager.requests.at(-1)!.facts).toBeDefined()
  })

  it('is never a flood, whatever the manager says', async () => {
    const manager = await startManager()
    manager.holdMs = 0
    manager.answer = { nextIntervalMs: 0 }
    await startManagedAgent(manager)
    await until(() => manager.requests.length >= 10, 'ten beats')
    expect(manager.times[9]! - manager.times[0]!).toBeGreaterThan(800)
  })

  it('takes no answer of a lower term than it has seen, not even after it was started again', async () => {
    const manager = await startManager()
    manager.term = 5
    manager.holdMs = 100
    const first = await startManagedAgent(manager)
    manager.want(state([wanted(1, 'sleep', ['1000'])]))
    const { pid } = await manager.see(1, ({ state }) => state === 'RUNNING')
    manager.term = 4
    manager.want(state([]))
    const status = () => first.agent.status().manager!
    await until(() => status().lastError?.code === 'OLD_TERM', 'the refusal')
    await first.agent.stop()
    const second = await startManagedAgent(manager, {}, first.dataDir)
    await until(() => second.agent.status().manager!.lastError?.code === 'OLD_TERM', 'the refusal')
    expect(second.agent.status().manager).toMatchObject({ term: 5, generation: 1, connected: false })
    expect(second.runs(pid!)).toBe(true)
    // Damage to one of the files that hold the term does not let the old manager in.
    await second.agent.stop()
    writeFileSync(join(first.dataDir, 'manager.json'), '{"term"')
    const third = await startManagedAgent(manager, {}, first.dataDir)
    await until(() => third.agent.status().manager!.lastError?.code === 'OLD_TERM', 'the refusal')
    manager.term = 6
    await until(() => third.agent.status().manager!.term === 6, 'the new manager')
    await until(() => !third.runs(pid!), 'what it wants')
  })

  it('follows no manager of another deployment', async () => {
    const manager = await startManager()
    manager.holdMs = 100
    const { agent } = await startManagedAgent(manager)
    await until(() => agent.status().manager!.connected, 'a first answer')
    manager.answer = { deploymentId: 'deployment-2' }
    await until(() => agent.status().manager!.lastError?.code === 'OTHER_DEPLOYMENT', 'the refusal')
    expect(agent.status().manager!.lastError!.message).toContain('delete manager.json')
  })

  it.each([
    [
      'a wrong token',
      401,
      { code: 'TOKEN', message: 'the token is not known' },
      'TOKEN',
      'give the agent the token',
    ],
    [
      'an old version',
      426,
      { code: 'PROTOCOL_VERSION', message: 'too old' },
      'PROTOCOL_VERSION',
      'same version',
    ],
    [
      'an id that another host has',
      409,
      { code: 'HOST_ID_IN_USE', message: 'in use' },
      'HOST_ID_IN_USE',
      'delete the file host-id',
    ],
    ['an error page', 502, '<html>Bad gateway', 'AWAY', 'HTTP 502'],
    ['an answer that is no JSON', 200, 'hello', 'BAD_ANSWER', 'cannot be read'],
    ['an answer without a term', 200, { protocol: 1 }, 'BAD_ANSWER', 'deploymentId'],
  ])('says what is wrong with %s, and does not give up', async (_, status, body, code, message) => {
    const manager = await startManager()
    manager.holdMs = 100
    manager.instead = answering(status, body)
    const { agent, lines } = await startManagedAgent(manager)
    await until(() => agent.status().manager!.lastError !== null, 'the failure')
    expect(agent.status().manager!.lastError!.code).toBe(code)
    expect(agent.status().manager!.lastError!.message).toContain(message)
    const beats = agent.status().manager!.beats
    await until(() => agent.status().manager!.beats > beats + 1, 'more tries')
    expect(lines.filter(({ msg }) => msg.includes(message))).toHaveLength(1)
    manager.instead = undefined
    await until(() => agent.status().manager!.connected, 'an answer')
  })

  it('tells a newer protocol from a broken answer', async () => {
    const manager = await startManager()
    manager.answer = { protocol: 2 }
    const { agent } = await startManagedAgent(manager)
    await until(() => agent.status().manager!.lastError?.code === 'PROTOCOL_VERSION', 'the refusal')
  })

  it('goes to the next manager when one is away, and follows 307 and 503 to the active one', async () => {
    const active = await startManager()
    const passive = await startManager()
    const dead = await startManager()
    await dead.stop()
    passive.instead = answering(307, '', { location: `${active.url}/agent/heartbeat` })
    const { agent } = await startManagedAgent([dead.url, passive.url])
    await until(() => agent.status().manager!.connected, 'the active one')
    expect(agent.status().manager!.managerUrl).toBe(active.url)
    // They change places.
    passive.instead = undefined
    active.instead = answering(503, '', { location: `${passive.url}/agent/heartbeat` })
    active.want(state([]))
    await until(() => passive.requests.length > 0, 'the new active one')
    expect(agent.status().manager!.managerUrl).toBe(passive.url)
  })

  it('does not run in a circle when managers point to each other', async () => {
    const one = await startManager()
    const two = await startManager()
    let asked = 0
    const pointTo =
      (url: string) =>
      (...args: [unknown, ServerResponse]) => {
        asked++
        return answering(307, '', { location: `${url}/agent/heartbeat` })(...args)
      }
    one.instead = pointTo(two.url)
    two.instead = pointTo(one.url)
    const { agent } = await startManagedAgent([one.url, two.url], { managerBackOffMs: 5000 })
    await until(
      () => agent.status().manager!.lastError?.message.includes('none of them') === true,
      'the refusal',
    )
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(asked).toBeLessThan(15)
  })

  it('uses the token that the manager gives it from then on, over a restart, and keeps it to itself', async () => {
    const manager = await startManager()
    manager.holdMs = 100
    const tokens: (string | undefined)[] = []
    manager.instead = (request) => {
      tokens.push(request.headers.authorization)
      return false
    }
    manager.answer = { agentToken: 'of-this-host' }
    const first = await startManagedAgent(manager, { managerToken: 'to-join' })
    await until(() => tokens.length > 2, 'beats')
    expect([tokens[0], tokens[1]]).toEqual(['Bearer to-join', 'Bearer of-this-host'])
    await first.agent.stop()
    expect(first.mode(join(first.dataDir, 'manager.json'))).toBe(0o600)
    tokens.length = 0
    await startManagedAgent(manager, { managerToken: 'to-join' }, first.dataDir)
    await until(() => tokens.length > 0, 'a beat')
    expect(tokens[0]).toBe('Bearer of-this-host')
    expect(JSON.stringify(first.lines)).not.toMatch(/of-this-host|to-join/)
  })

  it('measures the clock: one that is a day off is told, and takes nothing out of order', async () => {
    const manager = await startManager()
    manager.holdMs = 100
    const day = 86_400_000
    manager.instead = (request, response) => {
      const end = response.end.bind(response)
      response.end = ((text: string) => {
        const answer = JSON.parse(text)
        answer.clock = { received: answer.clock.received + day, sent: answer.clock.sent + day }
        return end(JSON.stringify(answer))
      }) as typeof response.end
      return request.method === 'PUT'
    }
    const { agent } = await startManagedAgent(manager)
    manager.want(state([wanted(1, 'sleep', ['1000'])]))
    await manager.see(1, ({ state }) => state === 'RUNNING')
    const offset = agent.status().manager!.clockOffsetMs!
    // Half of what both ways differ in is its error, which on a busy machine may be seconds.
    expect(Math.abs(offset - day)).toBeLessThan(30_000)
    expect(manager.requests.at(-1)!.clockOffset).toBeCloseTo(day, -5)
  })

  it('works without a manager as ever', async () => {
    const dataDir = dataFolder()
    const agent = await startAgent({
      dataDir,
      monitorUrl: 'http://127.0.0.1:1',
      statusPort: -1,
      logger: silent,
    })
    expect(agent.status().manager).toBeUndefined()
    await agent.stop()
    expect(existsSync(join(dataDir, 'supervisor'))).toBe(false)
  })

  it('sends metrics where the manager says, with the token that it gives', async () => {
    const receiver = await startReceiver()
    const manager = await startManager()
    await startManagedAgent(manager, { intervalMs: 1000 })
    manager.want(state([], { monitor: { urls: [receiver.url], token: 'for-the-monitor' } }))
    await until(() => receiver.received.length > 0, 'a batch')
    expect(receiver.received[0]!.headers.authorization).toBe('Bearer for-the-monitor')
  })

  it.each([
    ['a URL that is none', { managerUrls: ['manager:7180'] }],
    ['a token with a space', { managerUrls: ['http://manager'], managerToken: 'a b' }],
    [
      'a file of certificates that is not there',
      { managerUrls: ['https://manager'], managerCaFile: '/no/such/file' },
    ],
  ])('does not start with %s', async (_, more) => {
    const options = {
      dataDir: temporaryFolder(),
      monitorUrl: 'http://127.0.0.1:1',
      statusPort: -1,
      logger: silent,
    }
    await expect(startAgent({ ...options, ...more })).rejects.toMatchObject({ code: 'BAD_OPTION' })
  })
})

it('the transport tells by which address of ours it was answered, also on a connection that is used again', async () => {
  const manager = await startManager()
  manager.instead = answering(200, {})
  const transport = createTransport(undefined)
  const ask = () =>
    transport.exchange({
      ...{ method: 'GET', url: new URL(manager.url), headers: {} },
      ...{ timeoutMs: 30_000, maxBytes: 100, signal: AbortSignal.timeout(30_000) },
    })
  try {
    for (const headers of [{}, {}, { connection: 'close' }] as Record<string, string>[]) {
      manager.instead = answering(200, {}, headers)
      expect((await ask()).localAddress).toBe('127.0.0.1')
    }
  } finally {
    transport.close()
  }
})

describe('the heartbeat over TLS', () => {
  let folder: string
  let tls: { key: string; cert: string }
  const pair = (name: string) => ({
    key: readFileSync(join(folder, `${name}-key.pem`), 'utf8'),
    cert: readFileSync(join(folder, `${name}.pem`), 'utf8'),
  })
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bellwether-tls-'))
    const at = (name: string) => join(folder, name)
    const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' })
    const certificate = (name: string, alternative: string) => {
      const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
      const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${alternative}`]
      openssl('req', '-x509', ...key, ...names, '-keyout', at(`${name}-key.pem`), '-out', at(`${name}.pem`))
    }
    certificate('good', 'DNS:localhost')
    certificate('other', 'DNS:elsewhere.example')
    copyFileSync(at('good-key.pem'), at('expired-key.pem'))
    const signed = ['-signkey', at('good-key.pem'), '-days', '-1', '-out', at('expired.pem')]
    openssl('x509', '-in', at('good.pem'), ...signed)
    tls = pair('good')
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('speaks to a manager whose certificate verifies, and to no other; a renewed file is read', async () => {
    const manager = await startManager({ tls, token: 'secret-token' })
    const ca = join(folder, 'ca.pem')
    writeFileSync(ca, readFileSync(join(folder, 'other.pem')))
    const { agent } = await startManagedAgent(manager, { managerCaFile: ca, managerToken: 'secret-token' })
    await until(() => agent.status().manager!.lastError !== null, 'the refusal')
    expect(agent.status().manager!.lastError!.message).toMatch(/not trusted here.*--manager-ca/)
    expect(manager.requests).toHaveLength(0)
    writeFileSync(ca, tls.cert)
    await until(() => agent.status().manager!.connected, 'an answer')
  })

  it.each([
    ['is for another name', 'other', 'other', /not for localhost, but for DNS:elsewhere\.example/],
    ['has expired', 'expired', 'expired', /has expired by the clock of this machine/],
    ['is of another authority', 'good', 'other', /not trusted here.*--manager-ca/],
  ])('says at once, and in its log, that the certificate %s', async (_, shown, trusted, expected) => {
    const manager = await startManager({ tls: pair(shown) })
    const managerCaFile = join(folder, `${trusted}.pem`)
    const { agent, lines } = await startManagedAgent(manager, { managerCaFile })
    // Not as when nobody answers yet: this does not pass by itself.
    await until(() => lines.some(({ level, msg }) => level >= 40 && expected.test(msg)), 'the warning')
    expect(agent.status().manager!.lastError).toMatchObject({
      code: 'TLS',
      message: expect.stringMatching(expected),
    })
    expect(manager.requests).toHaveLength(0)
  })

  it('says that TLS and no TLS have met', async () => {
    const plain = await startManager()
    const url = plain.url.replace('http://', 'https://')
    const { agent } = await startManagedAgent(plain, { managerUrls: [url] })
    await until(() => agent.status().manager!.lastError !== null, 'the refusal')
    expect(agent.status().manager!.lastError!.message).toMatch(/perhaps it is http:\/\/ there/)
  })

  it('does not take its token from https to http', () => {
    const managers = createManagers(['https://one:7180'], '/agent/heartbeat')
    expect(managers.follow('http://one:7180/agent/heartbeat')).toContain('http:')
    expect(managers.current().href).toBe('https://one:7180/agent/heartbeat')
    expect(managers.follow('https://two/agent/heartbeat')).toBeUndefined()
    expect(managers.current().origin).toBe('https://two')
    expect(managers.follow(undefined)).toBeDefined()
    expect(managers.failed()).toBe(true)
    expect(managers.current().origin).toBe('https://one:7180')
  })

  it('reckons the offset of clocks by both ways, whatever time the answer was held', () => {
    expect(clockOffset({ sent: 1000, theirReceived: 6010, theirSent: 21_010, received: 16_020 })).toBe(5000)
  })
})
