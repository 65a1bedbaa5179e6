import { Agent, request } from 'node:http'
import { Hono } from 'hono'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Listening, listen } from '../../src/cli/listen.js'
import { nodeReply } from '../../src/query/index.js'
import type { ErrorBody } from '../../src/wire/timeseries.js'
import { host, openQueryBed, type QueryBed } from './support.js'

let bed: QueryBed
let listening: Listening
let direct = 0
const T = Date.UTC(2026, 0, 5, 12)
const SAMPLES = 60_000
const WINDOW = { from: String(T), to: String(T + SAMPLES * 1000) }

beforeAll(async () => {
  bed = await openQueryBed()
  for (const name of ['a', 'b'])
    await bed.put(
      'busy',
      host(name),
      Array.from({ length: SAMPLES }, (_, i) => [T + i * 1000, Math.sin(i)]),
    )
  const app = new Hono()
  app.route('/', bed.api.app)
  listening = await listen(app, '127.0.0.1', 0, undefined, {
    request(incoming, outgoing) {
      const taken = incoming.method === 'GET' && bed.api.direct(incoming.url ?? '', nodeReply(outgoing))
      if (taken) direct++
      return taken
    },
  })
}, 120_000)
afterAll(async () => {
  await listening.close()
  await bed.cleanUp()
})

const path = (parameters: Record<string, string>, version = 'v45') =>
  `/api/${version}/timeseries?${new URLSearchParams(parameters)}`

/** Asks over HTTP, and tells whether the app was gone around. */
async function ask(address: string, init?: RequestInit) {
  const before = direct
  const response = await fetch(listening.url + address, init)
  const body = new Uint8Array(await response.arrayBuffer())
  return { response, body, direct: direct > before }
}

test('small and large answers, in every form, are byte for byte those of the app', async () => {
  for (const contentType of ['application/json', 'text/csv', 'application/x-bellwether-columns', '']) {
    for (const query of ['select last(busy)', 'select busy where hostname = "b"', "select 1 + 1 as 'ä+b'"]) {
      const address = path({ query, ...WINDOW, mustUseDesiredRollup: 'true', contentType })
      const found = await ask(address)
      const expected = await bed.api.app.request(address)
      expect(found.direct).toBe(true)
      expect(found.response.status).toBe(200)
      for (const name of ['content-type', 'cache-control', 'content-length'])
        expect(found.response.headers.get(name)).toBe(expected.headers.get(name))
      expect(Buffer.from(await expected.arrayBuffer()).equals(found.body)).toBe(true)
    }
  }
})

test('errors have their status and their words', async () => {
  for (const [parameters, status, code] of [
    [{ query: 'select busy where' }, 400, 'BAD_QUERY'],
    [{ query: '' }, 400, 'BAD_REQUEST'],
    [{ query: 'select busy', from: 'yesterday' }, 400, 'BAD_REQUEST'],
  ] as const) {
    const address = path(parameters)
    const found = await ask(address)
    expect(found.direct).toBe(true)
    expect(found.response.status).toBe(status)
    expect(found.response.headers.get('content-type')).toBe('application/json')
    const body = JSON.parse(Buffer.from(found.body).toString()) as ErrorBody
    expect(body.code).toBe(code)
    expect(body).toEqual(await (await bed.api.app.request(address)).json())
  }
})

test('what is not plainly such a request is left to the app', async () => {
  const query = { query: 'select last(busy)', ...WINDOW }
  const post = { method: 'POST', body: JSON.stringify(query) }
  for (const [address, status, init] of [
    [path(query, 'v5'), 404, undefined],
    [path(query, 'v99'), 404, undefined],
    [path(query).replace('timeseries?', 'timeseries/schema?'), 200, undefined],
    ['/api/v45/timeseries', 400, undefined],
    ['/api/v45/timeseries', 200, post],
  ] as const) {
    const found = await ask(address, init)
    expect(found.direct).toBe(false)
    expect([address, found.response.status]).toEqual([address, status])
  }
})

test('of a parameter that is there twice the first one counts; broken escapes cost nothing but themselves', async () => {
  const address = `${path({ query: 'select last(busy)', ...WINDOW })}&query=nonsense&x=%zz%`
  const found = await ask(address)
  expect([found.direct, found.response.status]).toEqual([true, 200])
  expect(await (await bed.api.app.request(address)).text()).toBe(Buffer.from(found.body).toString())
})

test('a reader that goes away in the middle ends the query, and others are answered', async () => {
  const address = path({ query: 'select busy, dt(busy), dt0(busy)', ...WINDOW, mustUseDesiredRollup: 'true' })
  await new Promise<void>((resolve, reject) => {
    const sent = request(listening.url + address, (incoming) => {
      incoming.once('data', () => {
        sent.destroy()
        resolve()
      })
      incoming.on('error', () => undefined)
    })
    sent.on('error', reject)
    sent.end()
  })
  const found = await ask(path({ query: 'select last(busy)', ...WINDOW }))
  expect(found.response.status).toBe(200)
})

test('HEAD has the headers of GET and nothing else, also of a large answer', async () => {
  const complaint = vi.spyOn(console, 'error')
  for (const query of ['select last(busy)', 'select busy', 'select']) {
    const address = path({ query, ...WINDOW, mustUseDesiredRollup: 'true' })
    const [head, get] = [await ask(address, { method: 'HEAD' }), await ask(address)]
    expect([head.response.status, head.body.length]).toEqual([get.response.status, 0])
    expect(head.response.headers.get('content-type')).toBe(get.response.headers.get('content-type'))
  }
  // A second answer on the same response would be told there.
  expect(complaint).not.toHaveBeenCalled()
  complaint.mockRestore()
})

test('whoever sent too much reads so, and asks again on the same connection', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ports = new Set<number | undefined>()
  const post = (body: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const outgoing = request(`${listening.url}/api/v45/timeseries`, { agent, method: 'POST' }, (answer) => {
        ports.add(answer.socket.localPort)
        answer.resume().on('end', () => resolve(answer.statusCode))
      })
      outgoing.on('error', reject).end(body)
    })
  const query = JSON.stringify({ query: 'select last(busy)', ...WINDOW })
  expect([await post(query), await post(' '.repeat(3_000_000)), await post(query)]).toEqual([200, 413, 200])
  expect(ports.size).toBe(1)
  agent.destroy()
})
