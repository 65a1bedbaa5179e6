import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { load } from '../../bench/load/load.js'
import { startProbe } from '../../bench/load/probe.js'
import { startProgram } from '../../bench/systems/program.js'
import { usageOf, withDescendants } from '../../bench/systems/usage.js'
import { prepareDataSet } from '../../bench/tsbs/data-set.js'

const folder = mkdtempSync(join(tmpdir(), 'bellwether-bench-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const dataSet = () =>
  prepareDataSet(
    'line-protocol',
    {
      seed: 1,
      hosts: 100,
      start: Date.UTC(2016, 0, 1),
      intervalSeconds: 10,
      epochs: 350,
      values: 'integers',
    },
    2,
    { cache: folder },
  )

async function withServer<T>(listener: RequestListener, work: (origin: string) => Promise<T>): Promise<T> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await work(`http://127.0.0.1:${(server.address() as { port: number }).port}`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

describe('the load generator', () => {
  it('sends every byte once and counts what was acknowledged', async () => {
    const set = await dataSet()
    const bodies: string[] = []
    const listener: RequestListener = (incoming, outgoing) => {
      const hash = createHash('sha256')
      incoming.on('data', (chunk) => hash.update(chunk))
      incoming.on('end', () => {
        bodies.push(hash.digest('hex'))
        outgoing.writeHead(204).end()
      })
    }
    const result = await withServer(listener, (origin) =>
      load(set, { origin, path: '/write', headers: {} }, 2, 0, set.batches.length),
    )
    expect(result.samples).toBe(350_000)
    expect(result.latencies).toHaveLength(4)
    expect(new Set(bodies).size).toBe(4)
  })

  it('sends a batch again that was answered with 503, and counts it once', async () => {
    const set = await dataSet()
    let requests = 0
    const listener: RequestListener = (incoming, outgoing) => {
      incoming.resume()
      incoming.on('end', () => outgoing.writeHead(requests++ === 0 ? 503 : 204, { 'retry-after': '0' }).end())
    }
    const result = await withServer(listener, (origin) =>
      load(set, { origin, path: '/write', headers: {} }, 2, 0, set.batches.length),
    )
    expect(result).toMatchObject({ samples: 350_000, requests: 5, postponed: 1 })
  })

  it('fails on a refused batch, with the server’s words', async () => {
    const set = await dataSet()
    const listener: RequestListener = (incoming, outgoing) => {
      incoming.resume()
      incoming.on('end', () => outgoing.writeHead(400).end('line 7 has no value'))
    }
    const loading = withServer(listener, (origin) =>
      load(set, { origin, path: '/write', headers: {} }, 2, 0, set.batches.length),
    )
    await expect(loading).rejects.toThrow(/400: line 7 has no value/)
  })
})

describe('a query beside a load', () => {
  it('counts from when it was due, so that a server that stalls is not spared', async () => {
    let asked = 0
    let stalled = () => {}
    const done = new Promise<void>((resolve) => {
      stalled = resolve
    })
    const listener: RequestListener = (_, outgoing) => {
      const delay = asked++ === 0 ? 300 : 0
      setTimeout(() => outgoing.writeHead(200).end(), delay)
      if (asked === 10) stalled()
    }
    const latencies = await withServer(listener, async (origin) => {
      const probe = startProbe(origin, { method: 'GET', path: '/' }, 20)
      await done
      await probe.stop()
      return probe.latencies
    })
    expect(latencies.slice(0, 5).every((latency) => latency > 200)).toBe(true)
  })

  it('ends with the words of an answer that is not 200', async () => {
    const asking = withServer(
      (_, outgoing) => outgoing.writeHead(500).end('no such metric'),
      async (origin) => startProbe(origin, { method: 'GET', path: '/q' }, 1).ended,
    )
    await expect(asking).rejects.toThrow(/\/q answered 500: no such metric/)
  })
})

/** A zombie that nobody has waited for has no command line. */
const isAlive = (pid: number) => existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`).length > 0

describe('a program under test', () => {
  const burn = 'while (process.cpuUsage().user < 400_000);'

  it('has its CPU time and its children’s counted, and leaves nothing running', async () => {
    const child = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(`${burn} setInterval(() => {}, 1e6)`)}])`
    const program = startProgram(
      process.execPath,
      ['-e', `${child}; setInterval(() => {}, 1e6)`],
      join(folder, 'log'),
    )
    const deadline = Date.now() + 60_000
    while (usageOf(program.pid).cpuSeconds < 0.3 && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 50))
    const usage = usageOf(program.pid)
    expect(usage.cpuSeconds).toBeGreaterThanOrEqual(0.3)
    expect(usage.peakBytes).toBeGreaterThan(20e6)
    const family = withDescendants(program.pid)
    expect(family).toHaveLength(2)
    await program.stop()
    await program.stop()
    expect(family.filter(isAlive)).toEqual([])
  })

  it('that ends by itself is reported with the end of its log', async () => {
    const program = startProgram(
      process.execPath,
      ['-e', 'console.error("no such folder"); process.exit(3)'],
      join(folder, 'log'),
    )
    await expect(program.ended).rejects.toThrow(/it ended with 3[\s\S]*no such folder/)
  })
})
