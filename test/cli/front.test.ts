import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readHeaders, readRequest } from '../../src/cli/front/head.js'
import { attachFront } from '../../src/cli/front/index.js'
import { listen } from '../../src/cli/listen.js'
import type { Outlet, Reply } from '../../src/query/index.js'
import {
  type Bed,
  exchange,
  mutated,
  openBed,
  openPlainBed,
  sameAnswers,
  sameJudgement,
} from './front-bed.js'

let bed: Bed
let plain: Bed

beforeAll(async () => {
  bed = await openBed()
  plain = await openPlainBed()
})
afterAll(async () => {
  await bed.close()
  await plain.close()
})

test('requests get the same bytes with the front and without, however they are divided', () =>
  sameAnswers(bed, 150))

test('what is wrong with a request is judged by node:http alone', () => sameJudgement(plain, 400))

test('over TLS too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bw-front-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const made = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-subj',
    '/CN=localhost',
  ]
  execFileSync(
    'openssl',
    ['req', '-x509', ...made, '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert],
    { stdio: 'pipe' },
  )
  const secure = await openBed(
    { files: { cert, key }, logger: pino({ level: 'silent' }) },
    readFileSync(cert),
  )
  try {
    await sameAnswers(secure, 25)
    const [found, expected] = await Promise.all(
      secure.servers.map((server) =>
        exchange(
          secure,
          server,
          GET('large'),
          [],
          (answer) => answer.length >= answer.indexOf('\r\n\r\n') + 4 + 200_000,
        ),
      ),
    )
    expect(found).toBe(expected)
  } finally {
    await secure.close()
    rmSync(folder, { recursive: true, force: true })
  }
})

test('100,000 changed requests are taken only when every byte is plain', () => {
  const right =
    /^GET \/api\/v\d{1,3}\/timeseries\?[\w%&=+*.~!'()/:;,@$?-]* HTTP\/1\.1\r\n(?:[!#$%&'*+.^`|~\w-]+:[\t ]*[ -~]*[\t ]*\r\n)*\r\n/
  let taken = 0
  fc.assert(
    fc.property(mutated, (text) => {
      const request = readRequest(text, 0)
      const headers = request && readHeaders(request.headers)
      if (request === undefined || headers === undefined) return
      taken++
      const match = right.exec(text)
      expect(match?.[0].length).toBe(request.end)
      expect(text.slice(0, request.end)).not.toMatch(
        /^(content-length|transfer-encoding|upgrade|expect)[ \t]*:|^connection:(?![ \t]*keep-alive)/im,
      )
    }),
    { numRuns: 100_000 },
  )
  expect(taken).toBeGreaterThan(1000)
})

test('a hundred requests in one piece are answered in their order', async () => {
  const one = (n: number) =>
    `GET /api/v45/timeseries?q=${n % 7 ? 'small' : 'pieces'}&n=${n} HTTP/1.1\r\nHost: localhost\r\n\r\n`
  const text = Array.from({ length: 100 }, (_, n) => one(n)).join('')
  const isWhole = (answer: string) => answer.includes('&n=99|')
  const found = await exchange(bed, bed.servers[0]!, text, [], isWhole)
  expect(
    [...found.matchAll(/&n=(\d+)\|/g)].map(([, n]) => Number(n)).filter((n, i, all) => n !== all[i - 1]),
  ).toEqual(Array.from({ length: 100 }, (_, n) => n))
})

test('who hangs up with requests under way gets those answers, and the connection ends', async () => {
  const small = 'GET /api/v45/timeseries?q=small HTTP/1.1\r\nHost: localhost\r\n\r\n'
  const socket = bed.connect(bed.servers[0]!)
  let answers = ''
  socket.on('data', (chunk: Buffer) => {
    answers += chunk.toString('latin1')
  })
  socket.end(`${small.repeat(40)}POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n`)
  await closed(socket)
  expect(answers.split('HTTP/1.1 200 OK').length).toBe(41)
  const again = bed.connect(bed.servers[0]!).resume()
  again.end(small.repeat(40))
  await closed(again)
})

test('a header that is there twice, and a long head, are for node:http', () => {
  expect(readHeaders('Host: a\r\nAccept: x\r\n')).toMatchObject({ host: 'a' })
  for (const twice of ['Host: b', 'host: a', 'Authorization: x\r\nAuthorization: y'])
    expect(readHeaders(`Host: a\r\n${twice}\r\n`)).toBeUndefined()
  expect(
    readHeaders(`Host: a\r\n${Array.from({ length: 64 }, (_, n) => `X${n}: y\r\n`).join('')}`),
  ).toBeUndefined()
  const padded = (length: number) => {
    const request = GET(`x&y=`).replace('\r\n\r\n', '\r\nX: \r\n\r\n')
    return request.replace('X: ', `X: ${'p'.repeat(length - request.length)}`)
  }
  expect(readRequest(padded(8_192), 0)?.end).toBe(8_192)
  expect(readRequest(padded(8_193), 0)).toBeUndefined()
})

/** A server whose queries wait for the test. */
async function openManual(
  options: { headersTimeoutMs?: number; keepAliveSeconds?: number; sweepMs?: number } = {},
) {
  const asked: { target: string; reply: Reply }[] = []
  const wakes: (() => void)[] = []
  const server = createServer((_, outgoing) => outgoing.end('other'))
  const front = attachFront(server, 'connection', {
    headersTimeoutMs: 15_000,
    keepAliveSeconds: 60,
    ...options,
    admits: () => true,
    answer(target, reply) {
      asked.push({ target, reply })
      if (target.includes('q=large')) reply.whole(200, {}, new Uint8Array(100_000))
      if (target.includes('q=quick')) reply.whole(200, {}, new Uint8Array(10))
      for (const wake of wakes.splice(0)) wake()
      return true
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address() as { port: number }
  return {
    asked,
    front,
    server,
    until: async (count: number) => {
      while (asked.length < count) await new Promise<void>((resolve) => wakes.push(resolve))
    },
    connect: () => connect(address.port, '127.0.0.1'),
    close: () => {
      front.destroy()
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}

const GET = (way: string) => `GET /api/v45/timeseries?q=${way} HTTP/1.1\r\nHost: localhost\r\n\r\n`
const closed = (socket: Socket) =>
  new Promise<void>((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())))

test('a reader that goes away ends the answer that is being made', async () => {
  const manual = await openManual()
  const socket = manual.connect()
  socket.write(GET('x'))
  await manual.until(1)
  let outlet!: Outlet
  const gone = new Promise<void>((resolve) => {
    outlet = manual.asked[0]!.reply.outlet(resolve)
  })
  outlet.begin({})
  socket.destroy()
  await gone
  expect(manual.asked[0]!.reply.isGone).toBe(true)
  await outlet.write(new Uint8Array(10) as Uint8Array<ArrayBuffer>)
  outlet.end()
  await manual.close()
})

test('a reader who takes nothing holds the answer up, and the requests after it', async () => {
  const manual = await openManual()
  const slow = manual.connect().pause()
  slow.write(GET('large').repeat(1_000))
  const other = manual.connect()
  other.write(GET('other'))
  const isOther = () => manual.asked.some(({ target }) => target.endsWith('other'))
  while (!isOther()) await manual.until(manual.asked.length + 1)
  const before = manual.asked.length
  // Kernel buffers take some megabytes.
  expect(before).toBeLessThan(200)
  let bytes = 0
  slow.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > 1_000 * 100_000) slow.destroy()
  })
  slow.resume()
  await closed(slow)
  expect(manual.asked.length).toBe(1_001)

  const piece = new Uint8Array(100_000) as Uint8Array<ArrayBuffer>
  const reader = manual.connect().pause()
  reader.write(GET('y'))
  await manual.until(1_002)
  const outlet = manual.asked[1_001]!.reply.outlet(() => undefined)
  outlet.begin({})
  let wait: Promise<void> | undefined
  for (let i = 0; i < 1_000 && wait === undefined; i++) wait = outlet.write(piece)
  expect(wait).toBeDefined()
  reader.resume()
  await wait
  outlet.end()
  other.destroy()
  reader.destroy()
  await manual.close()
})

test('requests that come while one is answered are not read on and on', async () => {
  const manual = await openManual()
  const paused = once(manual.server, 'connection').then(([socket]) => once(socket, 'pause'))
  const client = manual.connect()
  client.write(GET('x').repeat(5_000))
  await paused
  expect(manual.asked.length).toBe(1)
  client.destroy()
  await manual.close()
})

test('who sends many requests at once leaves others their turn between', async () => {
  const manual = await openManual()
  const client = manual.connect().resume()
  client.write(GET('quick').repeat(100))
  await manual.until(1)
  // What has come is read by now, and answered in one go if nobody is thought of.
  await new Promise<void>((resolve) => setImmediate(resolve))
  expect(manual.asked.length).toBeLessThan(50)
  await manual.until(100)
  client.destroy()
  await manual.close()
})

test('connections on which nothing is said are cut: new ones, and those that were used', async () => {
  const manual = await openManual({ headersTimeoutMs: 20, keepAliveSeconds: 0.02, sweepMs: 5 })
  // On a machine that is busy one may be cut before it could say anything.
  const ask = async (way: string) => {
    for (;;) {
      const socket = manual.connect().resume()
      const before = manual.asked.length
      socket.write(GET(way))
      await Promise.race([manual.until(before + 1), closed(socket)])
      if (manual.asked.length > before) return socket
    }
  }
  await closed(manual.connect().resume())
  await closed(await ask('large'))
  // An answer that is being made is waited for.
  const busy = await ask('z')
  await closed(manual.connect().resume())
  expect(busy.destroyed).toBe(false)
  manual.asked.at(-1)!.reply.whole(200, {})
  await closed(busy)
  await manual.close()
})

test('when the server stops, idle connections end at once and others after their answer', async () => {
  let reply: Reply | undefined
  let asked!: () => void
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve
  })
  const listening = await listen({ fetch: () => new Response('app') }, '127.0.0.1', 0, undefined, {
    request: () => false,
    front: {
      admits: () => true,
      answer: (_, given) => {
        reply = given
        asked()
        return true
      },
    },
  })
  const port = Number(new URL(listening.url).port)
  const [idle, busy] = [connect(port, '127.0.0.1').resume(), connect(port, '127.0.0.1')]
  busy.write(GET('x'))
  let answer = ''
  busy.on('data', (chunk) => {
    answer += chunk
  })
  await isAsked
  const stopped = listening.close()
  await closed(idle)
  reply?.whole(200, {}, new TextEncoder().encode('the end'))
  await closed(busy)
  await stopped
  expect(answer).toMatch(/the end$/)
})
