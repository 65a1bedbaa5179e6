import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Outcome } from '../../src/agent/send/outcome.js'
import { backOffMs, outcomeOf, parseRetryAfter } from '../../src/agent/send/outcome.js'
import { createPoster } from '../../src/agent/send/post.js'
import { startSender } from '../../src/agent/send/sender.js'
import { openSpool } from '../../src/agent/spool/spool.js'
import { freePort } from '../ports.js'
import { recordingLogger, startReceiver, temporaryFolder, until } from './support.js'

const NOW = Date.parse('2026-01-01T00:00:00Z')

describe('what an answer means for a batch', () => {
  it('2xx: stored; 5xx, 408, 429 and what speaks of the address: later; other 4xx: never', () => {
    const kind = (status: number) => outcomeOf(status, '', undefined, NOW).kind
    for (const status of [200, 202, 204]) expect(kind(status)).toBe('sent')
    for (const status of [408, 425, 429, 500, 502, 503, 504, 507, 301, 308, 401, 403, 404, 405, 407])
      expect(kind(status), String(status)).toBe('retry')
    for (const status of [400, 409, 413, 415, 422]) expect(kind(status), String(status)).toBe('rejected')
  })

  it('says why, in bounded length', () => {
    const outcome = outcomeOf(400, 'x'.repeat(5000), undefined, NOW)
    expect(outcome).toMatchObject({ kind: 'rejected', reason: expect.stringMatching(/^HTTP 400: x+$/) })
    expect((outcome as { reason: string }).reason.length).toBeLessThan(600)
  })

  it('2xx may have left samples out, though its body be cut off', () => {
    const body =
      '{"samples":5,"duplicate":false,"refused":3,"reasons":{"time too far ahead":3},"refusals":[{"po'
    expect(outcomeOf(200, body, undefined, NOW)).toEqual({
      kind: 'sent',
      refused: { count: 3, reasons: '{"time too far ahead":3}' },
    })
    for (const text of ['', '{"refused":0,"reasons":{}}', 'ok', '{"refused":"many"}'])
      expect(outcomeOf(200, text, undefined, NOW)).toEqual({ kind: 'sent' })
  })

  it('Retry-After is seconds or a date, and no more than five minutes', () => {
    expect(parseRetryAfter('7', NOW)).toBe(7000)
    expect(parseRetryAfter('Thu, 01 Jan 2026 00:00:10 GMT', NOW)).toBe(10_000)
    expect(parseRetryAfter('Thu, 01 Jan 2015 00:00:10 GMT', NOW)).toBe(0)
    expect(parseRetryAfter('99999999', NOW)).toBe(300_000)
    expect(parseRetryAfter('soon', NOW)).toBeUndefined()
    expect(parseRetryAfter(undefined, NOW)).toBeUndefined()
  })

  it('the wait grows to a limit, differs from agent to agent, and is never shorter than Retry-After', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (n, r) => {
          const wait = backOffMs(n, undefined, () => r)
          expect(wait).toBeGreaterThanOrEqual(Math.min(15_000, 500 * 2 ** Math.min(20, n - 1)))
          expect(wait).toBeLessThanOrEqual(30_000)
          expect(backOffMs(n, 5000, () => r)).toBeGreaterThanOrEqual(5000)
          expect(backOffMs(n, 5000, () => r)).toBeLessThanOrEqual(6350)
        },
      ),
    )
  })
})

/** A sender with a spool of its own, in which 0 … count-1 wait. Waits are cut to 5 ms and recorded. */
async function senderTo(url: string, count: number, timeoutMs = 2000) {
  const { logger, lines } = recordingLogger()
  const dir = temporaryFolder()
  const spool = await openSpool({ dir, maxBytes: 1 << 20, maxAgeMs: 1e15, memoryBytes: 1 << 20, logger })
  const append = (n: number) => spool.append({ time: n, gzip: false, payload: Buffer.from(`batch ${n}`) })
  for (let n = 0; n < count; n++) await append(n)
  const outcomes: Outcome[] = []
  const waits: (number | undefined)[] = []
  const sender = startSender({
    spool,
    poster: createPoster(new URL(url), timeoutMs),
    logger,
    observe: (outcome) => outcomes.push(outcome),
    backOff: (_, retryAfterMs) => {
      waits.push(retryAfterMs)
      return 5
    },
  })
  onTestFinished(async () => {
    await sender.stop()
    await spool.close()
  })
  return { spool, sender, outcomes, waits, lines, append }
}

const bodies = (received: { body: Buffer }[]) => received.map(({ body }) => body.toString())
const batches = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `batch ${from + i}`)

describe('the sender', () => {
  it('sends what waits in its order over one connection, then what comes', async () => {
    const ports = new Set<number | undefined>()
    const receiver = await startReceiver((response, _, request) => {
      ports.add(request.socket.remotePort)
      response.end('{}')
    })
    const { spool, sender, append } = await senderTo(receiver.url, 20)
    await until(() => spool.stats().records === 0, 'all to be sent')
    await append(20)
    sender.wake()
    await until(() => receiver.received.length === 21, 'the new one')
    expect(bodies(receiver.received)).toEqual(batches(0, 21))
    expect(ports.size).toBe(1)
    expect(receiver.received[0]!.headers['content-type']).toBe('application/x-bellwether-batch')
  })

  it('waits as long as 503 and 429 ask, sends the same bytes again, and takes nothing out of order', async () => {
    let refusals = 0
    const receiver = await startReceiver((response) => {
      if (refusals++ < 4) response.writeHead(refusals % 2 ? 503 : 429, { 'retry-after': '3' }).end('full')
      else response.end('{}')
    })
    const { spool, waits, lines } = await senderTo(receiver.url, 3)
    await until(() => spool.stats().records === 0, 'all to be sent')
    expect(bodies(receiver.received)).toEqual([...Array(4).fill('batch 0'), ...batches(0, 3)])
    expect(waits).toEqual([3000, 3000, 3000, 3000])
    expect(lines.map(({ msg }) => msg)).toEqual([
      expect.stringMatching(/could not be sent/),
      expect.stringMatching(/takes batches again/),
    ])
  })

  it('outlives a monitor that is away, resets connections, cuts answers off, or never answers', async () => {
    const port = await freePort()
    const { spool, outcomes } = await senderTo(`http://127.0.0.1:${port}`, 5, 1500)
    await until(() => outcomes.length >= 3, 'refused connections')

    let n = 0
    const receiver = await startReceiver((response, _, request) => {
      switch (n++) {
        case 0:
          return void request.socket.destroy()
        case 1:
          return void request.socket.resetAndDestroy()
        case 2:
          response.writeHead(200, { 'content-length': 100 })
          response.write('cut')
          return void setTimeout(() => request.socket.destroy(), 20)
        case 3:
          return undefined
        case 4:
          // Trickles: bytes keep coming, the answer does not end.
          response.writeHead(200)
          return void setInterval(() => response.write('.'), 20).unref()
        default:
          return void response.end('{}')
      }
    }, port)
    await until(() => spool.stats().records === 0, 'all to be sent')
    expect(n).toBeGreaterThanOrEqual(10)
    expect(new Set(bodies(receiver.received))).toEqual(new Set(batches(0, 5)))
    expect(bodies(receiver.received).slice(-5)).toEqual(batches(0, 5))
    const reasons = outcomes.map((outcome) => ('reason' in outcome ? outcome.reason : 'sent'))
    expect(reasons.some((reason) => reason.includes('ECONNREFUSED'))).toBe(true)
    expect(reasons.filter((reason) => reason.includes('no answer within 1500 ms'))).toHaveLength(2)
  })

  it('sends at once on a new connection when the kept one was closed meanwhile', async () => {
    const receiver = await startReceiver((response, _, request) => {
      response.end('{}')
      response.on('finish', () => setTimeout(() => request.socket.resetAndDestroy(), 5))
    })
    const { spool, sender, append, outcomes } = await senderTo(receiver.url, 1)
    for (let n = 1; n < 6; n++) {
      await until(() => spool.stats().records === 0, 'the one before')
      await new Promise((resolve) => setTimeout(resolve, 6))
      await append(n)
      sender.wake()
    }
    await until(() => spool.stats().records === 0, 'all to be sent')
    expect(outcomes.filter(({ kind }) => kind === 'sent')).toHaveLength(6)
  })

  it('sets aside a batch that is refused for good, says so once, and goes on', async () => {
    const receiver = await startReceiver((response, { body }) => {
      response.statusCode = /[123]$/.test(body.toString()) ? 422 : 200
      response.end('nonsense')
    })
    const { spool, lines } = await senderTo(receiver.url, 6)
    await until(() => spool.stats().records === 0, 'all to be dealt with')
    expect(bodies(receiver.received)).toEqual(batches(0, 6))
    expect(spool.stats().rejected).toBe(3)
    expect(lines.filter(({ level }) => level >= 50)).toHaveLength(1)
  })

  it('says once that samples are left out, for as long as they are', async () => {
    const refused = [0, 3, 3, 0, 3]
    const receiver = await startReceiver((response, { body }) =>
      response.end(JSON.stringify({ refused: refused[Number(body.toString().slice(6))], reasons: {} })),
    )
    const { spool, lines } = await senderTo(receiver.url, 5)
    await until(() => spool.stats().records === 0, 'all to be sent')
    expect(lines.map(({ msg }) => msg)).toEqual(Array(2).fill(expect.stringMatching(/leaves out samples/)))
  })

  it('stops soon though the monitor does not answer, and leaves the batch in the spool', async () => {
    const receiver = await startReceiver(() => {})
    const { spool, sender } = await senderTo(receiver.url, 2, 60_000)
    await until(() => receiver.received.length === 1, 'the first batch')
    const began = Date.now()
    await Promise.all([sender.stop(), sender.stop()])
    expect(Date.now() - began).toBeLessThan(10_000)
    expect(spool.stats().records).toBe(2)
  })
})
