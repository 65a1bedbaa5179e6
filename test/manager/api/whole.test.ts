import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listen } from '../../../src/cli/listen.js'
import { type AuthMode, ensureFirstUser } from '../../../src/manager/api/index.js'
import { createManager } from '../../../src/manager/index.js'
import { newCore } from '../core.js'
import { startTestPostgres, type TestPostgres } from '../support.js'
import { client } from './client.js'
import { apiOver, passwordOf, serveApi } from './server.js'

/** The whole HTTP side of a manager: pages, time series behind it, API. */
let postgres: TestPostgres
let folder: string
beforeAll(async () => {
  postgres = await startTestPostgres()
  folder = mkdtempSync(join(tmpdir(), 'bellwether-whole-'))
  mkdirSync(join(folder, 'web', 'assets'), { recursive: true })
  writeFileSync(join(folder, 'web', 'index.html'), '<!doctype html><title>page</title>')
  writeFileSync(join(folder, 'web', 'assets', 'app-1a2b.js'), 'export {}')
}, 120_000)
afterAll(async () => {
  await postgres?.cleanUp()
  rmSync(folder, { recursive: true, force: true })
})

async function serve(mode: AuthMode) {
  const monitor = createServer((incoming, outgoing) => outgoing.end(`${incoming.method} series`))
  await new Promise<void>((resolve) => monitor.listen(0, '127.0.0.1', resolve))
  const { api, active } = await apiOver(await newCore(postgres), { mode })
  const manager = createManager({
    monitorUrl: `http://127.0.0.1:${(monitor.address() as AddressInfo).port}`,
    webRoot: join(folder, 'web'),
    version: '0',
    allowedHosts: undefined,
    registry: new Registry(),
    logger: pino({ level: 'silent' }),
    deployment: {
      state: () => 'ACTIVE',
      api: () => api,
      active: () => active,
      activeUrl: () => undefined,
      auth: mode,
    },
  })
  const listening = await listen(manager.app, '127.0.0.1', 0)
  return {
    url: listening.url,
    async close() {
      await listening.close()
      await manager.stop()
      await active.stop()
      monitor.closeAllConnections()
      monitor.close()
    },
  }
}

const far = { 'x-forwarded-for': '192.0.2.1' }

describe.each<[AuthMode, number]>([
  ['local', 200],
  ['on', 401],
])('a manager with --auth %s', (mode, openHere) => {
  let server: Awaited<ReturnType<typeof serve>>
  beforeAll(async () => {
    server = await serve(mode)
  })
  afterAll(() => server.close())
  const status = async (method: string, path: string, headers: Record<string, string> = {}) =>
    (await client(server.url).send(method, path, { headers })).status

  it('tells load balancers and clients its state and version without a login, from anywhere', async () => {
    const raw = async (path: string) => (await fetch(`${server.url}${path}`, { headers: far })).status
    for (const path of [
      '/health/live',
      '/health/active',
      '/api/admin/status',
      '/api/version',
      '/api/version/',
      '/login',
    ])
      expect([path, await raw(path)]).toEqual([path, 200])
    expect(await (await fetch(`${server.url}/api/version`)).text()).toBe('v45')
    expect(await raw('/metrics')).toBe(401)
    expect((await fetch(`${server.url}/metrics`)).status).toBe(200)
  })

  it('answers time series and pages to this machine, or to those who log in', async () => {
    expect(await status('GET', '/api/v45/timeseries')).toBe(openHere)
    expect(await status('POST', '/api/v45/timeseries')).toBe(openHere)
    expect(await status('GET', '/api/v45/timeseries/schema')).toBe(openHere)
    expect(await status('GET', '/api/v45/timeseries', far)).toBe(401)
    expect((await fetch(`${server.url}/charts`)).status).toBe(openHere)
    expect((await fetch(`${server.url}/charts`, { headers: far })).status).toBe(401)
    const authorization = `Basic ${Buffer.from(`user:${passwordOf('user')}`).toString('base64')}`
    expect(await status('GET', '/api/v45/timeseries', { ...far, authorization })).toBe(200)
    expect((await fetch(`${server.url}/charts`, { headers: { ...far, authorization } })).status).toBe(200)
    const login = await fetch(`${server.url}/charts`, {
      headers: { ...far, accept: 'text/html' },
      redirect: 'manual',
    })
    expect(login.headers.get('location')).toBe('/login?next=%2Fcharts')
  })

  it('lets nobody change dashboards without the right to', async () => {
    expect(await status('POST', '/api/v45/timeseries/dashboards')).toBe(401)
    const as = (user: string) => client(server.url, { user, password: passwordOf(user) })
    expect((await as('operator').send('DELETE', '/api/v45/timeseries/dashboards/a')).status).toBe(403)
    expect((await as('configurator').send('DELETE', '/api/v45/timeseries/dashboards/a')).text).toBe(
      'DELETE series',
    )
  })

  it('keeps the rest of the API for those who log in', async () => {
    for (const path of ['/api/v45/clusters', '/api/v45/nothing', '/api/v45/openapi.json'])
      expect([path, await status('GET', path)]).toEqual([path, 401])
    const admin = client(server.url, { user: 'admin', password: passwordOf('admin') })
    expect((await admin.get('/clusters')).body).toEqual({ items: [] })
    // Events are the monitor's.
    const authorization = `Basic ${Buffer.from(`admin:${passwordOf('admin')}`).toString('base64')}`
    const events = (headers: Record<string, string>) => fetch(`${server.url}/api/v45/events`, { headers })
    expect(await (await events({ ...far, authorization })).text()).toBe('GET series')
    expect((await events(far)).status).toBe(401)
  })
})

describe('the first user', () => {
  it('is made once, with a random password that is shown once and kept in a file', async () => {
    const core = await newCore(postgres)
    const file = join(folder, 'manager', 'admin-password')
    const first = await ensureFirstUser(core, { password: undefined, file })
    expect(first?.password.length).toBeGreaterThanOrEqual(16)
    expect(readFileSync(file, 'utf8')).toBe(`${first!.password}\n`)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(await ensureFirstUser(core, { password: undefined, file })).toBeUndefined()
    const server = await serveApi(core, { withoutUsers: true })
    expect((await server.as('admin', first!.password).get('/users')).status).toBe(200)
    await server.close()
  })

  it('has the password that was given, which is shown to nobody', async () => {
    const core = await newCore(postgres)
    const file = join(folder, 'given', 'admin-password')
    expect(await ensureFirstUser(core, { password: 'given password', file })).toBeUndefined()
    expect(() => statSync(file)).toThrow()
    const server = await serveApi(core, { withoutUsers: true })
    expect((await server.as('admin', 'given password').get('/users')).status).toBe(200)
    await server.close()
  })
})
