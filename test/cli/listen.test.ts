import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Hono } from 'hono'
import { afterEach, describe, expect, it } from 'vitest'
import { CONNECTION_LIMITS, type Listening, listen } from '../../src/cli/listen.js'
import { directOf } from './front-bed.js'

const app = new Hono().get('/', (c) => c.text('here'))

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function opened(...given: Parameters<typeof listen>): Promise<Listening> {
  const listening = await listen(...given)
  ends.push(() => listening.close())
  return listening
}

/** Opens a connection that stays, and says whether it gets an answer. */
async function caller(url: string, localAddress: string): Promise<{ socket: Socket; answered: boolean }> {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), localAddress })
  ends.push(() => socket.destroy())
  socket.on('error', () => undefined)
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const answered = await Promise.race([
    once(socket, 'data').then(([bytes]) => String(bytes).startsWith('HTTP/1.1 200')),
    once(socket, 'close').then(() => false),
  ])
  return { socket, answered }
}

describe.each([
  ['node:http alone', undefined],
  ['the front before it', directOf(true)],
])('connections, with %s', (_, direct) => {
  it('are taken up to the limit of one address, which keeps no other address out, and up to that of all', async () => {
    const { url } = await opened(app, '127.0.0.1', 0, undefined, direct, { all: 5, ofAddress: 3 })
    const call = async (last: number) => (await caller(url, `127.0.0.${last}`)).answered
    const first = await caller(url, '127.0.0.2')
    expect([first.answered, await call(2), await call(2)]).toEqual([true, true, true])
    expect([await call(2), await call(2)]).toEqual([false, false])
    expect([await call(3), await call(3)]).toEqual([true, true])
    expect([await call(3), await call(4)]).toEqual([false, false])
    // One that ends makes room, for its address and for all.
    first.socket.destroy()
    await expect.poll(() => call(2), { timeout: 20_000 }).toBe(true)
    expect(await call(2)).toBe(false)
  })
})

it('without other limits a server takes 10,000 connections, and 5,000 of one address', async () => {
  const { server } = await opened(app, '127.0.0.1', 0)
  expect(server.maxConnections).toBe(10_000)
  expect(CONNECTION_LIMITS).toEqual({ all: 10_000, ofAddress: 5_000 })
})
