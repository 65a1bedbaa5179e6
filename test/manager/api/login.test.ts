import { afterEach, describe, expect, it } from 'vitest'
import { createFailures } from '../../../src/manager/api/auth/failures.js'
import { ownPath } from '../../../src/manager/api/auth/login-page.js'
import { sessionsInMemory } from '../../../src/manager/api/auth/sessions.js'
import { createVerifier } from '../../../src/manager/api/auth/verifier.js'
import { hashPassword } from '../../../src/manager/users/index.js'
import { client, type Reply } from './client.js'
import { passwordOf, serveHandlers } from './framework.js'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

async function serve(options: Parameters<typeof serveHandlers>[1] = {}) {
  const server = await serveHandlers(
    {
      'GET /tools/echo': ({ user, query }) => ({ message: `${user.name}: ${query.message}` }),
      'PUT /cm/config': ({ body }) => body,
    },
    options,
  )
  cleanups.push(server.close)
  return server
}

function cookieOf(reply: Reply): string | undefined {
  return [reply.headers['set-cookie'] ?? []].flat()[0]?.split(';')[0]
}

describe('passwords', () => {
  it('that were right are known for a minute, and forgotten with a new hash', async () => {
    let now = 0
    const verifier = createVerifier(() => now)
    const hash = await hashPassword('one')
    expect(verifier.remembers('a', 'one', hash)).toBe(false)
    expect(await verifier.verify('a', 'one', hash)).toBe(true)
    expect(verifier.remembers('a', 'one', hash)).toBe(true)
    expect(verifier.remembers('b', 'one', hash)).toBe(false)
    expect(verifier.remembers('a', 'one', await hashPassword('one'))).toBe(false)
    now = 61_000
    expect(verifier.remembers('a', 'one', hash)).toBe(false)
    expect(await verifier.verify('a', 'one', undefined)).toBe(false)
  })
})

describe('Basic', () => {
  it('opens the API, and hands out a session that opens it too', async () => {
    const server = await serve()
    const first = await server.as('operator').get('/tools/echo')
    expect(first.body.message).toBe('operator: Hello, World!')
    const cookie = cookieOf(first)!
    expect(cookie).toMatch(/^CLOUDERA_MANAGER_SESSIONID=[\w-]{43}$/)
    expect([first.headers['set-cookie']].flat()[0]).toMatch(/HttpOnly.*SameSite=Lax/)
    const second = await server.as(undefined).get('/tools/echo', { headers: { cookie } })
    expect(second.body.message).toBe('operator: Hello, World!')
    const both = await server.as('operator').get('/tools/echo', { headers: { cookie } })
    expect(cookieOf(both)).toBeUndefined()
  })

  it('marks the cookie secure behind TLS', async () => {
    const server = await serve()
    const reply = await server.as('user').get('/tools/echo', { headers: { 'x-forwarded-proto': 'https' } })
    expect([reply.headers['set-cookie']].flat()[0]).toContain('Secure')
  })

  it('with something wrong is a 401, whatever it is', async () => {
    const server = await serve()
    for (const authorization of [
      'Basic',
      'Basic !!!',
      `Basic ${Buffer.from('nocolon').toString('base64')}`,
      `Basic ${Buffer.from('admin:wrong').toString('base64')}`,
      `Basic ${Buffer.from('nobody:wrong').toString('base64')}`,
      'Bearer abc',
    ]) {
      const reply = await server.as(undefined).get('/tools/echo', { headers: { authorization } })
      expect([authorization, reply.status]).toEqual([authorization, 401])
      expect(cookieOf(reply)).toBeUndefined()
    }
  })

  it('asks no browser for a password in the middle of one of our pages', async () => {
    const server = await serve()
    const headers = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }
    const reply = await server.as(undefined).get('/tools/echo', { headers })
    expect([reply.status, reply.headers['www-authenticate']]).toEqual([401, undefined])
  })

  it('stops at once for a user who is deleted, and for an old password', async () => {
    const server = await serve()
    const cookie = cookieOf(await server.as('user').get('/tools/echo'))!
    server.accounts.set('user', {
      ...server.accounts.get('user')!,
      passwordHash: await hashPassword('another'),
    })
    expect((await server.as('user').get('/tools/echo')).status).toBe(401)
    server.accounts.delete('user')
    expect((await server.as(undefined).get('/tools/echo', { headers: { cookie } })).status).toBe(401)
  })
})

describe('failed logins', () => {
  it('are slowed down, while others and those already logged in go on', async () => {
    const server = await serve()
    const guess = () => client(server.url, { user: 'admin', password: 'guess' }).get('/tools/echo')
    const cookie = cookieOf(await server.as('operator').get('/tools/echo'))!
    const statuses: number[] = []
    for (let i = 0; i < 7; i++) statuses.push((await guess()).status)
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429])
    expect(Number((await guess()).headers['retry-after'])).toBeGreaterThan(0)
    expect((await server.as('admin').get('/tools/echo')).status).toBe(429)
    expect((await server.as('user').get('/tools/echo')).status).toBe(200)
    expect((await server.as('operator').get('/tools/echo')).status).toBe(200)
    expect((await server.as(undefined).get('/tools/echo', { headers: { cookie } })).status).toBe(200)
  })

  it('are counted when they come side by side, too', async () => {
    const server = await serve()
    const replies = await Promise.all(
      Array.from({ length: 12 }, () =>
        client(server.url, { user: 'admin', password: 'guess' }).get('/tools/echo'),
      ),
    )
    expect(replies.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(5)
  })

  it('are forgiven with time, counted for an address over all names, and for a network of IPv6', () => {
    let now = 0
    const failures = createFailures(() => now)
    for (let i = 0; i < 20; i++) failures.failed(`user${i}`, '2001:db8::1')
    expect(failures.waitFor('other', '2001:db8::ffff')).toBeGreaterThan(0)
    expect(failures.waitFor('other', '2001:db8:1::1')).toBe(0)
    expect(failures.waitFor('user1', '192.0.2.1')).toBe(0)
    now = 3_600_000
    expect(failures.waitFor('other', '2001:db8::1')).toBe(0)
  })

  it('of one name from everywhere are limited as well, and right ones never count', () => {
    const failures = createFailures(() => 0)
    for (let i = 0; i < 50; i++) failures.failed('admin', `192.0.2.${i}`)
    expect(failures.waitFor('admin', '198.51.100.1')).toBeGreaterThan(0)
    for (let i = 0; i < 1_000; i++) {
      failures.failed('good', '203.0.113.1')
      failures.succeeded('good', '203.0.113.1')
    }
    expect(failures.waitFor('good', '203.0.113.1')).toBe(0)
  })
})

describe('sessions', () => {
  const a = { id: 1, name: 'a' }

  it('end after their last use, at their longest time, and when they are ended', async () => {
    let now = 0
    const sessions = sessionsInMemory(() => now)
    const id = await sessions.create(a, '::1', 'basic')
    for (let minute = 0; minute < 719; minute += 20) {
      now = minute * 60_000
      expect(await sessions.use(id, '::1')).toBe('a')
    }
    now = 721 * 60_000
    expect(await sessions.use(id, '::1')).toBeUndefined()
    const idle = await sessions.create(a, '::1', 'basic')
    now += 31 * 60_000
    expect(await sessions.use(idle, '::1')).toBeUndefined()
    expect(await sessions.list()).toEqual([])
  })

  it('of scripts that throw them away are bounded, for each user and in all', async () => {
    const sessions = sessionsInMemory()
    for (let i = 0; i < 2_000; i++) await sessions.create({ id: i, name: `script${i % 40}` }, '::1', 'basic')
    expect(await sessions.list()).toHaveLength(1_000)
    for (let i = 0; i < 300; i++) await sessions.create(a, '::1', 'basic')
    expect((await sessions.list()).filter(({ user }) => user === 'a')).toHaveLength(100)
  })

  it('cannot be planted: a login starts one of its own and ends the one it came with', async () => {
    const server = await serve()
    const anonymous = server.as(undefined)
    const planted = 'CLOUDERA_MANAGER_SESSIONID=planted'
    const login = (cookie: string) =>
      anonymous.send('POST', '/api/session', {
        body: { name: 'admin', password: passwordOf('admin') },
        headers: { cookie },
      })
    const first = cookieOf(await login(planted))!
    expect(first).not.toBe(planted)
    expect((await anonymous.get('/tools/echo', { headers: { cookie: planted } })).status).toBe(401)
    const second = cookieOf(await login(first))!
    expect(second).not.toBe(first)
    expect((await anonymous.get('/tools/echo', { headers: { cookie: first } })).status).toBe(401)
    expect((await anonymous.get('/tools/echo', { headers: { cookie: second } })).status).toBe(200)
  })

  it('work for pages of ours alone', async () => {
    const server = await serve()
    const cookie = cookieOf(await server.as('admin').get('/tools/echo'))!
    const put = (headers: Record<string, string>) =>
      server.as(undefined).put('/cm/config', { items: [] }, { headers: { cookie, ...headers } })
    const host = new URL(server.url).host
    expect((await put({ origin: server.url, 'sec-fetch-site': 'same-origin' })).status).toBe(200)
    expect((await put({ origin: `http://${host}` })).status).toBe(200)
    expect((await put({ origin: 'http://evil.example' })).status).toBe(403)
    expect((await put({ origin: 'null' })).status).toBe(403)
    expect((await put({ origin: 'http://127.0.0.1:1', 'sec-fetch-site': 'same-site' })).status).toBe(403)
    expect((await put({ 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    const get = (headers: Record<string, string>) =>
      server.as(undefined).get('/tools/echo', { headers: { cookie, ...headers } })
    expect((await get({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).status).toBe(200)
    expect((await get({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })).status).toBe(401)
    const withPassword = await server
      .as('admin')
      .put('/cm/config', { items: [] }, { headers: { origin: 'http://evil.example' } })
    expect(withPassword.status).toBe(403)
  })
})

describe('the login page', () => {
  const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString()
  const formType = { 'content-type': 'application/x-www-form-urlencoded' }

  it('logs in without scripts, and goes where it came from', async () => {
    const server = await serve({ mode: 'on' })
    const anonymous = client(server.url)
    const start = await anonymous.send('GET', '/login?next=%2Fcharts%3Fa%3D1')
    expect(start.text).toContain('value="/charts?a=1"')
    expect(start.headers['content-security-policy']).toContain("default-src 'none'")
    const done = await anonymous.send('POST', '/login', {
      raw: form({ name: 'user', password: passwordOf('user'), next: '/charts' }),
      headers: formType,
    })
    expect([done.status, done.headers.location]).toEqual([303, '/charts'])
    const who = await anonymous.send('GET', '/api/session', { headers: { cookie: cookieOf(done)! } })
    expect(who.body).toMatchObject({ name: 'user', rights: ['READ'] })
    const out = await anonymous.send('DELETE', '/api/session', { headers: { cookie: cookieOf(done)! } })
    expect(out.body).toEqual({ name: null })
    const after = await anonymous.send('GET', '/api/session', { headers: { cookie: cookieOf(done)! } })
    expect(after.body).toEqual({ name: null })
  })

  it('says what went wrong, and shows nothing of what was typed', async () => {
    const server = await serve()
    const reply = await client(server.url).send('POST', '/login', {
      raw: form({ name: '<script>', password: 'x', next: '"><b>' }),
      headers: formType,
    })
    expect(reply.status).toBe(401)
    expect(reply.text).toContain('wrong')
    expect(reply.text).not.toContain('<script>')
    expect(reply.text).not.toContain('"><b>')
    const foreign = await client(server.url).send('POST', '/login', {
      raw: form({ name: 'user', password: passwordOf('user') }),
      headers: { ...formType, origin: 'http://evil.example' },
    })
    expect(foreign.status).toBe(403)
  })

  it('leads nowhere else', () => {
    for (const elsewhere of [
      '//evil.example',
      'http://evil.example',
      '/\\evil',
      '/a\nb',
      '',
      undefined,
      '/ b',
    ])
      expect(ownPath(elsewhere)).toBe('/')
    expect(ownPath('/a/b?c=%20d')).toBe('/a/b?c=%20d')
  })
})

describe('without a login', () => {
  it('this machine reads time series, unless logins are on; nothing else', async () => {
    const [local, on] = [await serve(), await serve({ mode: 'on' })]
    const status = async (
      server: typeof local,
      method: string,
      path: string,
      headers: Record<string, string> = {},
    ) => (await client(server.url).send(method, path, { headers })).status
    expect(await status(local, 'GET', '/api/v45/timeseries')).toBe(200)
    expect(await status(local, 'POST', '/api/v45/timeseries')).toBe(200)
    expect(await status(on, 'GET', '/api/v45/timeseries')).toBe(401)
    expect(await status(local, 'GET', '/api/v45/timeseries', { 'x-forwarded-for': '192.0.2.1' })).toBe(401)
    expect(await status(local, 'GET', '/api/v45/timeseries', { via: '1.1 proxy' })).toBe(401)
    expect(await status(local, 'DELETE', '/api/v45/timeseries')).toBe(401)
    expect((await local.as(undefined).get('/tools/echo')).status).toBe(401)
  })

  it('pages are open to this machine, or lead to the login page', async () => {
    const [local, on] = [await serve(), await serve({ mode: 'on' })]
    const page = (server: typeof local) =>
      fetch(`${server.url}/charts?a=1`, { redirect: 'manual', headers: { accept: 'text/html' } })
    expect((await page(local)).status).toBe(200)
    const redirected = await page(on)
    expect([redirected.status, redirected.headers.get('location')]).toEqual([
      302,
      '/login?next=%2Fcharts%3Fa%3D1',
    ])
  })
})
