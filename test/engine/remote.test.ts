import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openEngine } from '../../src/engine/index.js'
import { olderThan } from '../../src/engine/ping.js'
import { parseServerUrl } from '../../src/engine/remote.js'
import { freePort } from '../ports.js'
import { silent, startTestEngine, type TestEngine } from './support.js'

let server: TestEngine
const impostors: Server[] = []
beforeAll(async () => {
  server = await startTestEngine()
})
afterAll(() => server?.cleanUp())
afterEach(() => {
  for (const impostor of impostors.splice(0)) impostor.close()
})

const failing = (url: string) =>
  openEngine({ url, dataDir: '/nonexistent', logger: silent }).then(
    () => {
      throw new Error('It was taken')
    },
    (error: unknown) => error as Error,
  )

function urlWith(username: string, password: string, path = ''): string {
  const url = new URL(server.engine.connection.url)
  url.username = username
  url.password = password
  url.pathname = path
  return url.href
}

/** What is no ClickHouse at all is played; a real old server cannot be had here. */
async function impostor(status: number, body: string): Promise<string> {
  const http = createServer((_, response) => response.writeHead(status).end(body))
  impostors.push(http)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`
}

test('a server by URL is used as it is: nothing is spawned', async () => {
  const { connection } = server.engine
  const engine = await openEngine({
    url: urlWith(connection.username, connection.password, 'metrics'),
    dataDir: '/nonexistent',
    logger: silent,
  })
  expect(engine.embedded).toBe(false)
  expect(engine.pid).toBeUndefined()
  expect(engine.state()).toBe('running')
  expect(engine.connection).toEqual({ ...connection, database: 'metrics' })
  await engine.stop()
  await engine.stop()
  expect(engine.state()).toBe('stopped')
  expect((await server.client.ping()).success).toBe(true)
})

test('a wrong password is said to be one, without showing it', async () => {
  const failure = await failing(urlWith('bellwether', 'guess-me'))
  expect(failure).toMatchObject({ code: 'wrong-password' })
  expect(failure.message).not.toContain('guess-me')
})

test('nobody listening', async () => {
  const url = `http://127.0.0.1:${await freePort()}`
  const failure = await failing(url)
  expect(failure).toMatchObject({ code: 'unreachable' })
  expect(failure.message).toMatch(/ECONNREFUSED/)
  expect(failure.message).toContain(url)
})

test('a host that does not exist', async () => {
  const failure = await failing('http://no-such-host.invalid:8123')
  expect(failure).toMatchObject({ code: 'unreachable' })
})

test('something else than ClickHouse', async () => {
  expect(await failing(await impostor(200, '<html>Grafana</html>'))).toMatchObject({ code: 'wrong-server' })
  expect(await failing(await impostor(302, ''))).toMatchObject({ code: 'wrong-server' })
})

test('a version that is too old', async () => {
  const failure = await failing(await impostor(200, '24.8.14.39\n'))
  expect(failure).toMatchObject({ code: 'version-too-old' })
  expect(failure.message).toContain('24.8.14.39')
})

test('an endless answer is cut', async () => {
  const http = createServer((_, response) => {
    const timer = setInterval(() => response.write('x'.repeat(65536)), 1)
    response.on('close', () => clearInterval(timer))
  })
  impostors.push(http)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  expect(await failing(url)).toMatchObject({ code: 'wrong-server' })
})

test.each([
  ['http://host:8123', { url: 'http://host:8123', username: 'default', password: '' }],
  ['https://host', { url: 'https://host', username: 'default', password: '' }],
  [
    'http://me:p%40ss%2Fword@host:1/db',
    { url: 'http://host:1', username: 'me', password: 'p@ss/word', database: 'db' },
  ],
  ['http://[::1]:8123/', { url: 'http://[::1]:8123', username: 'default', password: '' }],
])('%s is read', (text, expected) => {
  expect(parseServerUrl(text)).toEqual(expected)
})

test.each([
  'localhost:8123',
  'tcp://me:secret@host:9000',
  'http://me:secret@host/a/b',
  'http://me:se%ZZcret@host',
  'http://me:se#cret@host',
  '',
])('%j is refused, its password not shown', (text) => {
  expect(() => parseServerUrl(text)).toThrow(expect.objectContaining({ code: 'url-invalid' }))
  try {
    parseServerUrl(text)
  } catch (error) {
    expect((error as Error).message).not.toMatch(/cret/)
  }
})

test.each([
  ['26.7.2.1', '25.3', false],
  ['25.3', '25.3', false],
  ['25.2.9', '25.3', true],
  ['9.12', '25.3', true],
])('%s older than %s: %s', (version, minimum, expected) => {
  expect(olderThan(version, minimum)).toBe(expected)
})
