import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { AlertEvent } from '../../src/wire/alert.js'
import { eventually, freePort, type Program, startProgram } from '../integration/program.js'
import { health, QUICK, temporaryFolder } from './support.js'

/** `bellwether alert-publisher` from dist/, as it runs in production. */

const programs: Program[] = []
const servers: Server[] = []
afterEach(async () => {
  for (const program of programs.splice(0)) {
    program.process.kill('SIGKILL')
    await program.exited
  }
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

interface Got {
  message: string
  repeat: boolean
  ids: string[]
}

/** A webhook that notes what came in; `delay` gives the time it takes to answer. */
async function hook(delay: () => number = () => 0) {
  const got: Got[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      const { message, alerts } = JSON.parse(body)
      const ids = alerts.map(({ event }: { event: AlertEvent }) => event.id)
      got.push({ message: message.id, repeat: message.repeat, ids })
      setTimeout(() => response.end('ok'), delay())
    })
  })
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()))
  return { got, url: `http://127.0.0.1:${(server.address() as { port: number }).port}/` }
}

const oneHook = (url: string, more: object = {}) => ({
  receivers: [{ name: 'hook', type: 'webhook', url, concurrency: 4 }],
  defaultReceivers: ['hook'],
  grouping: { ...QUICK, by: ['entity'] },
  ...more,
})

function writeSettings(data: string, json: object) {
  mkdirSync(data, { recursive: true })
  writeFileSync(join(data, 'alerts.json'), JSON.stringify(json))
}

async function startAlerts(data: string, port: number, env: Record<string, string> = {}) {
  const monitor = 'http://127.0.0.1:9'
  const args = ['alert-publisher', '--data', data, '--alert-port', String(port), '--monitor-url', monitor]
  const program = startProgram(args, env)
  const began = performance.now()
  starts++
  programs.push(program)
  const url = `http://127.0.0.1:${port}`
  await eventually('the publisher', async () => (await fetch(`${url}/health/live`)).ok, {
    everyMs: 20,
    detail: program.output,
  })
  startMs += performance.now() - began
  return { ...program, url }
}
let starts = 0
let startMs = 0

const send = (
  url: string,
  path: string,
  body?: unknown,
  method = 'POST',
  headers: Record<string, string> = {},
) =>
  fetch(`${url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

/** `npm run test:long` does more. */
const ROUNDS = Number(process.env.BELLWETHER_TEST_KILLS ?? 5)

describe('killed with SIGKILL between accept and delivery', () => {
  test(`in ${ROUNDS} rounds nothing that was accepted is lost, and what comes twice is marked`, async () => {
    const { got, url: target } = await hook(() => Math.random() * 30)
    const data = temporaryFolder()
    writeSettings(data, oneHook(target))
    const port = await freePort()
    const accepted = new Set<string>()
    let n = 0
    for (let round = 0; round < ROUNDS; round++) {
      const publisher = await startAlerts(data, port)
      let alive = true
      const wanted = accepted.size + 3 * (1 + ((round * 3) % 10))
      const senders = Array.from({ length: 4 }, async () => {
        while (alive) {
          const batch = Array.from({ length: 3 }, () => health(`r${++n}`, 'RED', { id: `${round}-${n}` }))
          try {
            const answer = await send(publisher.url, '/alerts', batch)
            if (answer.ok) for (const { id } of batch) accepted.add(id)
          } catch {
            return // killed
          }
          await new Promise((done) => setTimeout(done, 5))
        }
      })
      // At a number of accepted ones, however long they take, and then at any point of what follows on them.
      await eventually('accepted alerts', () => accepted.size >= wanted, { everyMs: 1 })
      await new Promise((done) => setTimeout(done, (round * 23) % 60))
      publisher.process.kill('SIGKILL')
      await publisher.exited
      alive = false
      await Promise.all(senders)
    }
    const last = await startAlerts(data, port)
    await eventually('an empty outbox', async () => {
      const status = (await (await fetch(`${last.url}/status`)).json()) as { outbox: { messages: number } }
      const told = new Set(got.flatMap(({ ids }) => ids))
      return status.outbox.messages === 0 && [...accepted].every((id) => told.has(id))
    })
    expect(accepted.size).toBeGreaterThanOrEqual(3 * ROUNDS)
    const seen = new Set<string>()
    let repeats = 0
    for (const { ids, repeat } of got)
      for (const id of ids) {
        if (seen.has(id)) {
          repeats++
          expect(repeat).toBe(true)
        }
        seen.add(id)
      }
    console.log(
      `${accepted.size} accepted, ${seen.size} delivered, ${repeats} of them twice, all marked; ${Math.round(startMs / starts)} ms a start`,
    )
  }, 300_000)
})

describe('the process', () => {
  test('keeps groups, silences and what it has told over a restart', async () => {
    const { got, url: target } = await hook()
    const data = temporaryFolder()
    writeSettings(data, oneHook(target))
    const first = await startAlerts(data, await freePort())
    await send(first.url, '/alerts', health('a', 'RED', { id: 'a1' }))
    await eventually('the first', () => got.length === 1)
    const until = new Date(Date.now() + 3_600_000).toISOString()
    const silence = await send(first.url, '/silences', { match: { entity: 'b' }, until, comment: 'work' })
    expect(silence.status).toBe(201)
    const { id } = (await silence.json()) as { id: string }
    await send(first.url, '/alerts', health('b', 'RED', { id: 'b1' }))
    first.process.kill('SIGTERM')
    expect(await first.exited).toBe(0)

    const second = await startAlerts(data, await freePort())
    expect(await (await fetch(`${second.url}/silences`)).json()).toMatchObject({
      items: [{ id, active: true, comment: 'work' }],
    })
    await send(second.url, '/alerts', [
      health('a', 'RED', { id: 'a2', time: 2e12 }),
      health('a', 'RED', { id: 'a1' }),
    ])
    await new Promise((done) => setTimeout(done, 500))
    expect(got).toHaveLength(1)
    expect((await send(second.url, `/silences/${id}`, undefined, 'DELETE')).status).toBe(200)
    await eventually('what was silenced', () => got.length === 2)
    expect(got[1]!.ids).toEqual(['b1'])
    await send(second.url, '/alerts', health('a', 'GREEN', { id: 'a3', time: 3e12 }))
    await eventually('the recovery', () => got.length === 3)
  })

  test('takes new settings by SIGHUP and by its API, and keeps the old ones where the new are wrong', async () => {
    const [one, two] = [await hook(), await hook()]
    const data = temporaryFolder()
    writeSettings(data, oneHook(one.url))
    const publisher = await startAlerts(data, await freePort())
    writeSettings(data, { receivers: 'none' })
    const bad = await send(publisher.url, '/settings/reload')
    expect(bad.status).toBe(400)
    expect(await bad.json()).toMatchObject({ code: 'BAD_SETTINGS', problems: ['receivers is not an array'] })
    await send(publisher.url, '/alerts', health('a', 'RED'))
    await eventually('the first', () => one.got.length === 1)
    writeSettings(data, oneHook(two.url))
    publisher.process.kill('SIGHUP')
    await eventually('the log', () => publisher.output().includes('the alert settings were read'))
    await send(publisher.url, '/alerts', health('b', 'RED'))
    await eventually('the second', () => two.got.length === 1)
  })

  test('answers a test with the real result, and what is wrong with what was sent', async () => {
    const { got, url: target } = await hook()
    const data = temporaryFolder()
    const dead = `http://127.0.0.1:${await freePort()}/`
    const receivers = [
      { name: 'hook', type: 'webhook', url: target },
      { name: 'dead', type: 'webhook', url: dead },
    ]
    writeSettings(data, { ...oneHook(target), receivers })
    const { url, output } = await startAlerts(data, await freePort())
    const good = await send(url, '/receivers/hook/test')
    expect([good.status, await good.json()]).toEqual([200, { ok: true, delivered: ['hook'], failures: [] }])
    expect(got).toHaveLength(1)
    const bad = await send(url, '/receivers/dead/test')
    expect(bad.status).toBe(502)
    expect(await bad.json()).toMatchObject({
      ok: false,
      failures: [{ reason: expect.stringMatching(/ECONNREFUSED/) }],
    })
    expect((await send(url, '/receivers/none/test')).status).toBe(404)

    const partly = await send(url, '/alerts', [health('a', 'RED'), { id: 'x' }])
    expect([partly.status, await partly.json()]).toEqual([
      200,
      { accepted: 1, duplicates: 0, refused: [{ index: 1, id: 'x', reason: 'time is missing' }] },
    ])
    expect((await send(url, '/alerts', { id: 'x' })).status).toBe(400)
    expect((await fetch(`${url}/alerts`, { method: 'POST', body: '{' })).status).toBe(400)
    const chunks = (n: number) =>
      new ReadableStream({
        start(controller) {
          for (let i = 0; i < n; i++) controller.enqueue(Buffer.alloc(1024 * 1024, ' '))
          controller.enqueue(Buffer.from(JSON.stringify(health('chunked', 'RED'))))
          controller.close()
        },
      })
    const post = (body: ReadableStream) =>
      fetch(`${url}/alerts`, { method: 'POST', body, duplex: 'half' } as object)
    expect((await post(chunks(1))).status).toBe(200)
    expect(
      await post(chunks(17)).then(
        (answer) => answer.status,
        () => 413,
      ),
    ).toBe(413)
    const silence = await send(url, '/silences', { match: {}, until: 'never' })
    expect([silence.status, (await silence.json()) as object]).toMatchObject([
      400,
      { code: 'BAD_SILENCE', problems: [{}, {}] },
    ])
    expect((await fetch(`${url}/status`, { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403)
    const metrics = await (await fetch(`${url}/metrics`)).text()
    expect(metrics).toMatch(/bellwether_alerts_events_total\{outcome="taken"\} 2/)
    expect(output()).not.toMatch(/"level":(50|60)/)
  })

  test('stops within seconds while a mail server and a webhook hang', async () => {
    const sockets: Socket[] = []
    const mail = createTcpServer((socket) => void sockets.push(socket))
    const deaf = createServer((request) => void request.resume())
    servers.push(deaf)
    for (const server of [mail, deaf])
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()))
    const portOf = (server: { address(): unknown }) => (server.address() as { port: number }).port
    const data = temporaryFolder()
    const smtp = { host: '127.0.0.1', port: portOf(mail), tls: 'none' }
    writeSettings(data, {
      receivers: [
        { name: 'mail', type: 'email', from: 'a@b', to: ['c@d'], smtp },
        { name: 'hook', type: 'webhook', url: `http://127.0.0.1:${portOf(deaf)}/` },
      ],
      defaultReceivers: ['mail', 'hook'],
      grouping: QUICK,
    })
    const publisher = await startAlerts(data, await freePort())
    await send(publisher.url, '/alerts', health('a', 'RED'))
    await eventually('both under way', async () => {
      const { items } = (await (await fetch(`${publisher.url}/receivers`)).json()) as {
        items: { inFlight: number }[]
      }
      return items.every(({ inFlight }) => inFlight === 1) && sockets.length === 1
    })
    const start = Date.now()
    publisher.process.kill('SIGTERM')
    expect(await publisher.exited).toBe(0)
    expect(Date.now() - start).toBeLessThan(10_000)
    for (const socket of sockets) socket.destroy()
    mail.close()
  })

  test('is not open to others without a token, and asks for it', async () => {
    const data = temporaryFolder()
    const open = startProgram(['alert-publisher', '--data', data, '--host', '0.0.0.0', '--alert-port', '0'])
    programs.push(open)
    expect(await open.exited).toBe(78)
    expect(open.output()).toContain('BELLWETHER_ALERT_TOKEN')
    const { url } = await startAlerts(data, await freePort(), { BELLWETHER_ALERT_TOKEN: 'a-token' })
    expect((await fetch(`${url}/status`)).status).toBe(401)
    expect((await send(url, '/alerts', health('a', 'RED'))).status).toBe(401)
    expect(
      (await send(url, '/alerts', health('a', 'RED'), 'POST', { authorization: 'Bearer a-token' })).status,
    ).toBe(200)
  })

  test('with a full disk (a real one; needs root) alerts go out, the sender is told to come back, and is heard then', async (context) => {
    const data = temporaryFolder()
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', data], { stdio: 'pipe' })
    } catch (error) {
      return context.skip(`a tmpfs cannot be mounted here: ${error}`)
    }
    try {
      const { got, url: target } = await hook()
      writeSettings(data, oneHook(target))
      const publisher = await startAlerts(data, await freePort())
      const ballast = join(data, 'ballast')
      try {
        writeFileSync(ballast, Buffer.alloc(512 * 1024))
      } catch {
        // it is full now
      }
      const events = Array.from({ length: 20 }, (_, i) => health(`r${i}`, 'RED'))
      const refused = await send(publisher.url, '/alerts', events)
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
      await eventually('the alerts all the same', () => got.flatMap(({ ids }) => ids).length >= 20)
      expect((await fetch(`${publisher.url}/health/ready`)).status).toBe(503)
      publisher.process.kill('SIGKILL')
      await publisher.exited
      const again = await startAlerts(data, await freePort())
      expect((await send(again.url, '/alerts', events)).status).toBe(503)
      execFileSync('rm', [ballast])
      const taken = await send(again.url, '/alerts', events)
      expect([taken.status, await taken.json()]).toEqual([200, { accepted: 0, duplicates: 20, refused: [] }])
      expect((await fetch(`${again.url}/health/ready`)).status).toBe(200)
      again.process.kill('SIGKILL')
      await again.exited
    } finally {
      execFileSync('umount', ['-l', data])
    }
  })
})
