import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listen } from '../../src/cli/listen.js'
import { createManager } from '../../src/manager/index.js'

const cleanups: (() => unknown)[] = []
let webRoot: string
beforeEach(() => {
  webRoot = mkdtempSync(join(tmpdir(), 'bellwether-web-'))
  mkdirSync(join(webRoot, 'assets'))
  writeFileSync(join(webRoot, 'index.html'), '<!doctype html><title>page</title>')
  writeFileSync(join(webRoot, 'assets', 'app-1a2b.js'), 'export {}')
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  rmSync(webRoot, { recursive: true, force: true })
})

async function serve(handler: RequestListener): Promise<string> {
  const server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function manager(monitorUrl: string, monitorToken?: string): Promise<string> {
  const created = createManager({
    monitorUrl,
    monitorToken,
    webRoot,
    version: '0',
    allowedHosts: ['bell.example'],
    registry: new Registry(),
    logger: pino({ level: 'silent' }),
  })
  const listening = await listen(created.app, '127.0.0.1', 0)
  cleanups.push(async () => {
    await listening.close()
    await created.stop()
  })
  return listening.url
}

function status(url: string, headers: Record<string, string>, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, method }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    sent.once('error', reject)
    sent.end()
  })
}

describe('the manager', () => {
  it('passes queries on, body and all, and streams the answer back', async () => {
    const monitor = await serve((incoming, outgoing) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk) => chunks.push(chunk))
      incoming.on('end', () => {
        outgoing.writeHead(418, { 'content-type': 'text/csv', 'x-more': 'yes' })
        outgoing.end(`${incoming.method} ${incoming.url} ${Buffer.concat(chunks)}`)
      })
    })
    const url = await manager(monitor)
    const response = await fetch(`${url}/api/v45/timeseries?a=%2B`, { method: 'POST', body: 'hello' })
    expect(response.status).toBe(418)
    expect(response.headers.get('x-more')).toBe('yes')
    expect(await response.text()).toBe('POST /api/v45/timeseries?a=%2B hello')
  })

  it('shows the monitor its own token, and nothing of who asks', async () => {
    const url = await manager(
      await serve(({ headers }, outgoing) =>
        outgoing.end(JSON.stringify([headers.authorization, headers.cookie ?? null])),
      ),
      'own-token-of-it',
    )
    const headers = { authorization: 'Basic YWRtaW46c2VjcmV0', cookie: 'session=secret' }
    const response = await fetch(`${url}/api/v45/timeseries?query=x`, { headers })
    expect(await response.json()).toEqual(['Bearer own-token-of-it', null])
  })

  it('does not pass on that the monitor refuses its token: the client would take it for its login', async () => {
    const url = await manager(
      await serve((_, outgoing) => {
        outgoing.writeHead(401, { 'www-authenticate': 'Bearer' })
        outgoing.end()
      }),
    )
    const response = await fetch(`${url}/api/v45/timeseries?query=x`)
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([503, null])
    expect(await response.text()).toContain('--monitor-token-file')
  })

  it('says that the monitor is away, and when to come back', async () => {
    const url = await manager('http://127.0.0.1:9')
    const response = await fetch(`${url}/api/v45/timeseries?query=select+a`)
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    expect(await response.json()).toMatchObject({ code: 'MONITOR_UNAVAILABLE' })
  })

  it('cancels the query behind a client that goes away', async () => {
    let cancelled: (value: boolean) => void = () => undefined
    const seen = new Promise<boolean>((resolve) => (cancelled = resolve))
    const abort = new AbortController()
    const url = await manager(
      await serve((_, outgoing) => {
        outgoing.on('close', () => cancelled(true))
        abort.abort()
      }),
    )
    const pending = fetch(`${url}/api/v45/timeseries?query=x`, { signal: abort.signal }).catch(
      () => undefined,
    )
    expect(await seen).toBe(true)
    await pending
  })

  it('survives a monitor that breaks off in the middle of its answer', async () => {
    const url = await manager(
      await serve((_, outgoing) => {
        outgoing.write('half')
        setTimeout(() => outgoing.destroy(), 50)
      }),
    )
    await expect(fetch(`${url}/api/v45/timeseries`).then((response) => response.text())).rejects.toThrow()
    expect((await fetch(`${url}/health/live`)).status).toBe(200)
  })

  it('refuses requests to foreign names (DNS rebinding) and those of foreign pages', async () => {
    const url = await manager('http://127.0.0.1:9')
    expect(await status(`${url}/health/live`, { host: 'evil.example' })).toBe(421)
    expect(await status(`${url}/health/live`, { host: 'bell.example:7180' })).toBe(200)
    expect(await status(`${url}/health/live`, { host: 'localhost:7180' })).toBe(200)
    expect(await status(`${url}/health/live`, { 'sec-fetch-site': 'cross-site' })).toBe(403)
    expect(await status(`${url}/`, { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).toBe(
      200,
    )
    expect(
      await status(`${url}/`, { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, 'POST'),
    ).toBe(403)
  })

  it('tells its state to load balancers and clients', async () => {
    const url = await manager('http://127.0.0.1:9')
    expect(await (await fetch(`${url}/api/version`)).text()).toBe('v45')
    const asked = async (accept: string) =>
      (await fetch(`${url}/api/version`, { headers: { accept } })).text()
    expect(await asked('application/json, */*')).toBe('v45')
    expect(await asked('application/json')).toBe('"v45"')
    expect(await (await fetch(`${url}/api/admin/status`)).json()).toEqual({ Status: 'ACTIVE' })
    expect((await fetch(`${url}/health/active`)).status).toBe(200)
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('bellwether_http_requests_total')
  })

  it('answers unknown API paths with a plain 404 in JSON, and page paths with the page', async () => {
    const url = await manager('http://127.0.0.1:9')
    const missing = await fetch(`${url}/api/v45/nothing`)
    expect([missing.status, ((await missing.json()) as { code: string }).code]).toEqual([404, 'NOT_FOUND'])
    const page = await fetch(`${url}/charts?q=1`)
    expect(await page.text()).toContain('<title>page')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
    const asset = await fetch(`${url}/assets/app-1a2b.js`)
    expect(asset.headers.get('cache-control')).toContain('immutable')
    expect((await fetch(`${url}/assets/gone.js`)).status).toBe(404)
  })

  it('gives out no file from outside its pages', async () => {
    const url = await manager('http://127.0.0.1:9')
    for (const path of [
      '/..%2f..%2fetc/passwd',
      '/assets/..%2f..%2f..%2fetc%2fpasswd',
      '/%2e%2e/%2e%2e/etc/passwd',
    ])
      expect(await (await fetch(`${url}${path}`)).text()).not.toContain('root:')
  })
})
