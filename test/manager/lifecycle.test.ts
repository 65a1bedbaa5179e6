import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { listen } from '../../src/cli/listen.js'
import {
  createManager,
  type DatabaseServer,
  newKey,
  parseKeyring,
  startLifecycle,
} from '../../src/manager/index.js'
import { until } from '../engine/support.js'
import { client } from './api/client.js'
import { startTestPostgres, type TestPostgres } from './support.js'

/** Whole managers in this process, on one real PostgreSQL: who is active, who is not, and what each then answers. */
let postgres: TestPostgres
let folder: string
beforeAll(async () => {
  postgres = await startTestPostgres({ own: true })
  folder = mkdtempSync(join(tmpdir(), 'bellwether-lifecycle-'))
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>page</title>')
  writeFileSync(join(folder, 'join-token'), 'bwj_test\n')
}, 120_000)
afterAll(async () => {
  await postgres?.cleanUp()
  rmSync(folder, { recursive: true, force: true })
})

const logger = pino({ level: 'silent' })
/** Long enough that nobody loses a lease because the machine is busy; who is stopped gives his back at once. */
const LONG = { durationMs: 20_000, renewMs: 150, marginMs: 5_000 }
const SHORT = { durationMs: 2_000, renewMs: 150, marginMs: 500 }
const keys = parseKeyring(newKey('test'), 'the test')

async function manager(options: {
  database: string
  opens?: () => void
  keys?: typeof keys
  monitorUrl?: string
  version?: string
  times?: typeof LONG
}) {
  const server: DatabaseServer = {
    url: options.database,
    embedded: true,
    onState: postgres.postgres.onState,
    stop: async () => {},
  }
  let lifecycle: ReturnType<typeof startLifecycle> | undefined
  const app = createManager({
    monitorUrl: 'http://127.0.0.1:9',
    webRoot: folder,
    version: '0',
    allowedHosts: [],
    registry: new Registry(),
    logger,
    deployment: {
      state: () => lifecycle!.state(),
      api: () => lifecycle!.api(),
      active: () => lifecycle!.active(),
      activeUrl: () => lifecycle!.activeUrl(),
      auth: 'local',
    },
  })
  const listening = await listen(app.app, '127.0.0.1', 0)
  lifecycle = startLifecycle({
    openServer: async () => {
      options.opens?.()
      return server
    },
    isPassing: (error) => (error as Error).message === 'away',
    keys: options.keys ?? keys,
    url: listening.url,
    csdDirs: [],
    auth: 'local',
    adminPassword: 'given password',
    adminPasswordFile: join(folder, 'admin-password'),
    joinTokenFile: join(folder, 'join-token'),
    monitor: { urls: [options.monitorUrl ?? 'http://127.0.0.1:9'] },
    monitorFile: join(folder, new URL(options.database).pathname),
    version: options.version ?? '0',
    log: async () => undefined,
    onFirstUser: () => {},
    logger,
    times: options.times ?? LONG,
  })
  const stop = async () => {
    await lifecycle!.stop()
    await listening.close()
    await app.stop()
  }
  onTestFinished(stop)
  const status = async (path: string, init?: RequestInit) =>
    (await fetch(`${listening.url}${path}`, init)).status
  return {
    url: listening.url,
    lifecycle,
    stop,
    status,
    admin: client(listening.url, { user: 'admin', password: 'given password' }),
    beat: (body = '{}') =>
      fetch(`${listening.url}/agent/heartbeat`, {
        method: 'POST',
        headers: { authorization: 'Bearer bwj_test', 'content-type': 'application/json' },
        body,
      }),
  }
}

/** A line to a server on this machine that can be cut, and mended. */
async function openLine(port: number) {
  const sockets = new Set<Socket>()
  let isCut = false
  const server = createServer((client) => {
    if (isCut) return void client.destroy()
    const upstream = connect(port, '127.0.0.1')
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on('error', () => {})
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
      from.pipe(to)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    isCut = true
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    mend: () => {
      isCut = false
    },
    close() {
      cut()
      server.close()
    },
  }
}

it('lets one manager be active and the other wait, which says so, points to the active one, and follows it', async () => {
  const database = await postgres.newDatabase()
  const one = await manager({ database })
  await one.lifecycle.settled
  expect(await one.status('/health/active')).toBe(200)
  expect((await one.admin.post('/clusters', { items: [{ name: 'c1', fullVersion: '7.1.7' }] })).status).toBe(
    200,
  )

  const two = await manager({ database })
  await two.lifecycle.settled
  expect(await two.status('/health/active')).toBe(503)
  expect(await two.status('/health/live')).toBe(200)
  expect(await (await fetch(`${two.url}/api/admin/status`)).json()).toEqual({ Status: 'PASSIVE' })
  const refused = await two.admin.send('POST', '/clusters', { body: { items: [] } })
  expect(refused.status).toBe(503)
  expect(refused.text).toContain(one.url)
  const beat = await two.beat()
  expect([beat.status, beat.headers.get('location')]).toEqual([503, `${one.url}/agent/heartbeat`])
  expect(await two.status('/')).toBe(200)

  await one.stop()
  await until('the other one', () => two.lifecycle.state() === 'ACTIVE')
  expect((await two.admin.get('/clusters')).body.items).toMatchObject([{ name: 'c1' }])
  expect((await two.beat()).status).toBe(400)
}, 120_000)

it('stops writing when PostgreSQL is killed, keeps its pages up, and leads again when it is back', async () => {
  const database = await postgres.newDatabase()
  const line = await openLine(Number(new URL(database).port))
  onTestFinished(() => line.close())
  const through = new URL(database)
  through.port = `${line.port}`
  const one = await manager({ database: through.href, times: SHORT })
  await until('the first term', () => one.lifecycle.active() !== undefined)
  const term = Number((await postgres.query(database, 'select term from lease'))[0]!.term)
  // It is back within a second or so, but not before all was looked at.
  line.cut()
  process.kill(postgres.postgres.pid!, 'SIGKILL')
  await until('the lost lease', () => one.lifecycle.state() !== 'ACTIVE')
  expect(await one.status('/')).toBe(200)
  expect(await one.status('/health/active')).toBe(503)
  const series = await fetch(`${one.url}/api/v45/timeseries?query=select+a`)
  expect(await series.json()).toMatchObject({ code: 'MONITOR_UNAVAILABLE' })
  line.mend()
  await until('the next term', async () => (await one.admin.get('/clusters')).status === 200)
  expect(Number((await postgres.query(database, 'select term from lease'))[0]!.term)).toBeGreaterThan(term)
}, 120_000)

it('shows its pages to this machine alone while the database is not there yet, and starts when it is', async () => {
  let isThere = false
  const one = await manager({
    database: await postgres.newDatabase(),
    opens() {
      if (!isThere) throw new Error('away')
    },
  })
  expect(await one.status('/')).toBe(200)
  expect(await one.status('/', { headers: { 'x-forwarded-for': '192.0.2.1' } })).toBe(503)
  expect(await (await fetch(`${one.url}/api/admin/status`)).json()).toEqual({ Status: 'STARTING' })
  const refused = await one.admin.get('/clusters')
  expect([refused.status, refused.text]).toEqual([503, expect.stringContaining('database')])
  isThere = true
  await one.lifecycle.settled
  expect((await one.admin.get('/clusters')).status).toBe(200)
}, 120_000)

it('takes over at once from an earlier run of itself that left its lease behind', async () => {
  const database = await postgres.newDatabase()
  const one = await manager({ database })
  await one.lifecycle.settled
  await postgres.query(database, 'update lease set expires_at = expires_at + 600000')
  const { url } = one
  const port = Number(new URL(url).port)
  const held = await postgres.query(database, 'select holder from lease')
  expect(String(held[0]!.holder)).toContain(` ${port}/`)
  // As after SIGKILL: the lease is there, and its holder will not renew it.
  await postgres.query(
    database,
    `update lease set holder = regexp_replace(holder, '/.*', '/gone'), expires_at = expires_at + 600000`,
  )
  await until('the next term', async () => {
    const [row] = await postgres.query(database, 'select term from lease')
    return Number(row!.term) === 2 && one.lifecycle.state() === 'ACTIVE'
  })
}, 120_000)

it('has something to tell to its hosts when the monitor is elsewhere or the program another after a restart, and only then', async () => {
  const database = await postgres.newDatabase()
  const generationAfter = async (
    monitorUrl: string,
    work?: (one: Awaited<ReturnType<typeof manager>>) => unknown,
    version = '1',
  ) => {
    const one = await manager({ database, monitorUrl, version })
    await one.lifecycle.settled
    await work?.(one)
    await one.stop()
    return Number(
      (await postgres.query(database, 'select max(generation) as generation from host'))[0]!.generation,
    )
  }
  const host = { hostId: 'host-id-1', hostname: 'h1.example', ipAddress: '192.0.2.1' }
  const first = await generationAfter('http://one:7190', async ({ admin }) => {
    const made = await admin.post('/hosts', { items: [host] })
    expect([made.status, made.text]).toEqual([200, made.text])
  })
  expect(await generationAfter('http://one:7190')).toBe(first)
  expect(await generationAfter('http://two:7190')).toBe(first + 1)
  expect(await generationAfter('http://two:7190', undefined, '2')).toBe(first + 2)
}, 120_000)

it('ends with what to do when it has another deployment key', async () => {
  const database = await postgres.newDatabase()
  const one = await manager({ database })
  await one.lifecycle.settled
  await one.stop()
  const other = await manager({ database, keys: parseKeyring(newKey('other'), 'the test') })
  await expect(other.lifecycle.settled).rejects.toThrow('Copy the key from a manager of this deployment')
}, 120_000)
