import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { eventually } from '../integration/program.js'
import { health, publisherWith, temporaryFolder } from './support.js'

interface Post {
  url: string
  headers: IncomingHttpHeaders
  body: string
}

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

async function hook(
  answer: (response: ServerResponse, n: number) => void = (response) => response.end('ok'),
) {
  const posts: Post[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      posts.push({ url: request.url!, headers: request.headers, body })
      answer(response, posts.length)
    })
  })
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()))
  return { posts, url: `http://127.0.0.1:${(server.address() as { port: number }).port}` }
}

test('is signed over the bytes that arrive, with the time', async () => {
  const { posts, url } = await hook()
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'secret'), 'the-secret', { mode: 0o600 })
  writeFileSync(join(folder, 'token'), 'Bearer abcdef', { mode: 0o600 })
  const publisher = await publisherWith({
    type: 'webhook',
    url: `${url}/hook`,
    secret: { file: join(folder, 'secret') },
    headers: { Authorization: { file: join(folder, 'token') }, 'X-Team': 'ops' },
  })
  await publisher.take([health('zk-ü', 'RED')])
  await eventually('a post', () => posts.length > 0)
  const [{ headers, body }] = posts as [Post]
  const [, seconds, hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-bellwether-signature']))!
  expect(createHmac('sha256', 'the-secret').update(`${seconds}.`).update(body).digest('hex')).toBe(hex)
  expect(Math.abs(Number(seconds) - Date.now() / 1000)).toBeLessThan(60)
  expect(headers).toMatchObject({
    authorization: 'Bearer abcdef',
    'x-team': 'ops',
    'x-bellwether-repeat': 'false',
    'x-bellwether-attempt': '1',
  })
  const { message, alerts } = JSON.parse(body)
  expect(message).toMatchObject({ kind: 'alert', severity: 'CRITICAL', repeat: false, open: 1 })
  expect(message.id).toBe(headers['x-bellwether-message'])
  expect(alerts[0].event.entity.name).toBe('zk-ü')
  expect(JSON.stringify(publisher.status())).not.toMatch(/the-secret|abcdef/)
})

test.each([
  ['alertmanager', 'application/json', '"version":"4"'],
  ['slack', 'application/json', '"text":"*CRITICAL: The health of role a has become bad.*'],
  ['text', 'text/plain; charset=utf-8', 'CRITICAL: The health of role a has become bad.'],
])('speaks %s', async (format, type, part) => {
  const { posts, url } = await hook()
  const publisher = await publisherWith({ type: 'webhook', url, format })
  await publisher.take([health('a', 'RED')])
  await eventually('a post', () => posts.length > 0)
  expect(posts[0]!.headers['content-type']).toBe(type)
  expect(posts[0]!.body).toContain(part)
})

test('a redirect is not followed', async () => {
  const other = await hook()
  const { posts, url } = await hook((response) => response.writeHead(307, { location: other.url }).end())
  const publisher = await publisherWith({ type: 'webhook', url: `${url}/s3cret-path` })
  const result = await publisher.test('ops')
  expect(result!.failures[0]!.reason).toMatch(/HTTP 307/)
  expect(posts).toHaveLength(1)
  expect(other.posts).toHaveLength(0)
})

test('503 with Retry-After is obeyed, and not a repeat; a connection cut after the request is', async () => {
  const { posts, url } = await hook((response, n) => {
    if (n === 1) response.writeHead(503, { 'retry-after': '2' }).end()
    else if (n === 2) response.destroy()
    else response.end()
  })
  const publisher = await publisherWith({ type: 'webhook', url })
  const start = Date.now()
  await publisher.take([health('a', 'RED')])
  await eventually('the second', () => posts.length >= 2)
  expect(Date.now() - start).toBeGreaterThan(1_900)
  await eventually('an empty outbox', () => posts.length === 3 && publisher.status().outbox.messages === 0)
  expect(posts.map(({ headers }) => headers['x-bellwether-repeat'])).toEqual(['false', 'false', 'true'])
  expect(new Set(posts.map(({ headers }) => headers['x-bellwether-message'])).size).toBe(1)
})

test('400 is final: the message is lost and the next one goes out', async () => {
  const { posts, url } = await hook((response, n) =>
    response.writeHead(n === 1 ? 400 : 200).end('no such field'),
  )
  const publisher = await publisherWith({ type: 'webhook', url })
  await publisher.take([health('a', 'RED')])
  await eventually('the loss', () => publisher.status().receivers[0]!.lost === 1)
  await publisher.take([health('b', 'RED')])
  await eventually('the second', () => publisher.status().receivers[0]!.delivered === 1)
  expect(posts).toHaveLength(2)
})

test('a server that never answers is given up in time, and one that answers without end is cut off', async () => {
  const mute = await hook(() => {})
  const endless = await hook((response) => {
    const more = setInterval(() => response.write('x'.repeat(1_000)), 1)
    response.on('close', () => clearInterval(more))
  })
  const hasty = await publisherWith({ type: 'webhook', url: mute.url, timeout: '300ms' })
  const result = await hasty.test('ops')
  expect(result!.failures).toEqual([
    expect.objectContaining({
      kind: 'away',
      uncertain: true,
      reason: expect.stringMatching(/no answer within 0.3 s/),
    }),
  ])
  const patient = await publisherWith({ type: 'webhook', url: endless.url })
  expect((await patient.test('ops'))!.failures).toEqual([])
})

test('what a server says of a secret is not repeated', async () => {
  process.env.TEST_HOOK_URL = ''
  const { url } = await hook((response) => response.writeHead(403).end('token T000/B000/XXXXXX is not valid'))
  process.env.TEST_HOOK_URL = `${url}/T000/B000/XXXXXX`
  const publisher = await publisherWith({ type: 'webhook', url: { env: 'TEST_HOOK_URL' }, format: 'slack' })
  const result = await publisher.test('ops')
  expect(result!.failures[0]!.reason).toMatch(/token \*\*\* is not valid/)
  await publisher.take([health('a', 'RED')])
  await eventually('the failure', () => publisher.status().receivers[0]!.lastError)
  expect(JSON.stringify(publisher.status())).not.toContain('XXXXXX')
})

test('there is no receiver of another name', async () => {
  const publisher = await publisherWith({ type: 'script', path: '/bin/true' })
  expect(await publisher.test('nobody')).toBeUndefined()
})
