import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ONLY_SAMPLES, type Store, StoreFullError, StoreUnavailableError } from '../../src/metrics/index.js'
import { type Bench, columns, countSamples, rowsOf, seriesOf, startBench } from './support.js'

const NOW = Date.UTC(2026, 4, 17, 12)
const DAY = 86_400_000

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function until(condition: () => boolean | Promise<boolean>, ms = 60_000): Promise<void> {
  for (const end = Date.now() + ms; !(await condition()); await sleep(20))
    if (Date.now() > end) throw new Error(`not so after ${ms} ms`)
}

/** Writes batches with keys until told to stop, as a sender does: a batch that is refused is sent again, unchanged. */
function sender(store: () => Store, series: number, first: number) {
  let stopped = false
  const acknowledged: number[] = []
  let refused = 0
  let duplicates = 0
  const run = (async () => {
    for (let batch = first; !stopped; batch++) {
      // Each batch on two days, so that it is in two parts.
      const rows = Array.from({ length: 200 }, (_, i): [number, number, number] => [
        series,
        NOW + (i % 2) * DAY + batch * 200 + i,
        batch,
      ])
      for (;;) {
        try {
          const { duplicate } = await store().writer.write(columns(...rows), batch + 1)
          if (duplicate) duplicates++
          acknowledged.push(batch)
          break
        } catch (error) {
          if (!(error instanceof StoreUnavailableError || error instanceof StoreFullError)) throw error
          refused++
          if (stopped) return
          await sleep(20)
        }
      }
    }
  })()
  return {
    acknowledged,
    get refused() {
      return refused
    },
    get duplicates() {
      return duplicates
    },
    async stop() {
      stopped = true
      await run
    },
  }
}

/**
 * Passes connections on to a port of this machine. When `cut` is set, the next connection on which that text is sent is
 * cut when its answer comes: the server has done what was asked, and nobody hears of it.
 */
async function cuttingProxy(port: number) {
  const sockets = new Set<Socket>()
  const proxy = { url: '', cut: '', close: () => {} }
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    let doomed = false
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (data) => {
      if (
        proxy.cut !== '' &&
        decodeURIComponent(data.toString('latin1').replace(/%(?![0-9A-F]{2})|[+]/g, ' ')).includes(proxy.cut)
      ) {
        doomed = true
        proxy.cut = ''
      }
      upstream.write(data)
    })
    upstream.on('data', (data) => {
      if (doomed) client.destroy()
      else client.write(data)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  proxy.close = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return proxy
}

/** For good, over restarts of the engine: merges would collapse duplicates and hide them. */
async function stopMerges(store: Store): Promise<void> {
  await store.client.command({
    query:
      'ALTER TABLE samples MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1, parts_to_delay_insert = 100000, parts_to_throw_insert = 100000',
  })
}

interface Stored {
  batch: number
  n: number
  different: number
}

async function expectEachOnce(store: Store, acknowledged: number[]): Promise<void> {
  const stored = await rowsOf<Stored>(
    store,
    `SELECT v AS batch, count() AS n, uniqExact(ts) AS different FROM samples WHERE ${ONLY_SAMPLES} GROUP BY v`,
  )
  const wrong = stored.filter(({ n, different }) => n !== different)
  expect(wrong, 'stored twice').toEqual([])
  const complete = new Set(stored.filter(({ n }) => n === 200).map(({ batch }) => batch))
  expect(
    acknowledged.filter((batch) => !complete.has(batch)),
    'acknowledged and not there',
  ).toEqual([])
}

let bench: Bench
beforeAll(async () => {
  bench = await startBench({})
})
afterAll(() => bench?.cleanUp())

describe('the engine killed under load', () => {
  it('tries the same insert again until the engine is back, without the sender noticing', async () => {
    const store = await bench.open('patient', { tuning: { commitMs: 5, retryMs: 60_000 } })
    bench.engine.engine.onState(({ connectionChanged }) => {
      if (connectionChanged) void store.reconnect(bench.connection('patient'))
    })
    await stopMerges(store)
    const one = sender(() => store, seriesOf(store, 'm', 'h'), 0)
    await until(() => one.acknowledged.length > 5)
    process.kill(bench.engine.engine.pid!, 'SIGKILL')
    const before = one.acknowledged.length
    await until(() => one.acknowledged.length > before + 5)
    await one.stop()
    expect(one.refused).toBe(0)
    await expectEachOnce(store, one.acknowledged)
  })

  it('loses nothing that was acknowledged and doubles nothing that was sent again', async () => {
    // Short patience, so that attempts of unknown outcome are given up and sent again by the sender.
    const store = await bench.open('killed', { tuning: { commitMs: 5, retryMs: 30, downMs: 20 } })
    // Merges would collapse duplicates and hide them.
    await store.client.command({ query: 'SYSTEM STOP MERGES samples' })
    bench.engine.engine.onState(({ state, connectionChanged }) => {
      if (connectionChanged) void store.reconnect(bench.connection('killed'))
      if (state === 'running')
        void store.client.command({ query: 'SYSTEM STOP MERGES samples' }).catch(() => {})
    })
    const senders = [0, 1, 2].map((i) => sender(() => store, seriesOf(store, 'm', `h${i}`), i * 1_000_000))
    const total = () => senders.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0)
    for (let round = 0; round < 4; round++) {
      const before = total()
      await until(() => total() > before + 10)
      await sleep(Math.random() * 60)
      process.kill(bench.engine.engine.pid!, 'SIGKILL')
      await until(() => bench.engine.engine.state() !== 'running')
      await until(() => bench.engine.engine.state() === 'running')
    }
    const before = total()
    await until(() => total() > before + 10)
    await Promise.all(senders.map((s) => s.stop()))
    expect(senders.reduce((sum, { refused }) => sum + refused, 0)).toBeGreaterThan(0)
    await expectEachOnce(
      store,
      senders.flatMap(({ acknowledged }) => acknowledged),
    )
    const known = await bench.open('killed')
    expect(known.catalogue.seriesCount).toBe(3)
  })
})

describe('the monitor killed under load', () => {
  it('loses nothing that was acknowledged and doubles nothing that is sent again', async () => {
    const store = await bench.open('orphans')
    await stopMerges(store)
    const acknowledged = new Set<number>()
    let duplicates = 0
    for (let round = 0; round < 4; round++) {
      // Every round sends the last batches of the one before again, as senders do that got no answer.
      const first = Math.max(0, acknowledged.size - 3)
      const child = spawn(
        process.execPath,
        [
          join(import.meta.dirname, 'monitor-child.mjs'),
          JSON.stringify(bench.connection('orphans')),
          String(first),
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      let seen = 0
      const lines = createInterface(child.stdout)
      lines.on('line', (line) => {
        const [batch, duplicate] = line.split(' ')
        acknowledged.add(Number(batch))
        if (duplicate === 'true') duplicates++
        seen++
      })
      const closed = once(lines, 'close')
      await until(() => seen > 8)
      await sleep(Math.random() * 20)
      child.kill('SIGKILL')
      await closed
    }
    expect(duplicates).toBeGreaterThanOrEqual(9)
    const stored = await rowsOf<Stored>(
      store,
      `SELECT v AS batch, count() AS n, uniqExact(ts) AS different FROM samples WHERE ${ONLY_SAMPLES} GROUP BY v`,
    )
    expect(stored.filter(({ n, different }) => n !== different)).toEqual([])
    const complete = new Set(stored.filter(({ n }) => n === 100).map(({ batch }) => batch))
    expect([...acknowledged].filter((batch) => !complete.has(batch))).toEqual([])
  })
})

describe('the answer to an insert lost on the way', () => {
  let proxy: Awaited<ReturnType<typeof cuttingProxy>>
  beforeAll(async () => {
    proxy = await cuttingProxy(Number(new URL(bench.engine.engine.connection.url).port))
  })
  afterAll(() => proxy?.close())

  it('the insert is tried again and stored once', async () => {
    const store = await bench.open('cut')
    await stopMerges(store)
    const series = seriesOf(store, 'm', 'h')
    await store.reconnect({ ...bench.connection('cut'), url: proxy.url })
    await store.writer.write(columns([series, NOW, 0], [series, NOW - DAY, 0]))
    proxy.cut = 'INSERT INTO samples'
    const outcome = await store.writer.write(columns([series, NOW, 1], [series, NOW - DAY, 1]))
    expect(proxy.cut).toBe('')
    expect(outcome).toEqual({ stored: 2, duplicate: false })
    expect(await countSamples(store)).toBe(4)
  })

  it('a sender that is told to come back is a duplicate then', async () => {
    const store = await bench.open('cut2', { tuning: { retryMs: 0, downMs: 10 } })
    await stopMerges(store)
    const series = seriesOf(store, 'm', 'h')
    await store.reconnect({ ...bench.connection('cut2'), url: proxy.url })
    await store.writer.write(columns([series, NOW, 0]))
    proxy.cut = 'INSERT INTO samples'
    const batch = columns([series, NOW, 1], [series, NOW - DAY, 1])
    const first = store.writer.write(batch, 1)
    const second = store.writer.write(batch, 1)
    await expect(first).rejects.toThrow(StoreUnavailableError)
    await second.catch(() => undefined)
    await sleep(20)
    expect(await store.writer.write(batch, 1)).toEqual({ stored: 0, duplicate: true })
    expect(await countSamples(store)).toBe(3)
  })

  it('a monitor that is killed then knows the batch when it starts again', async () => {
    const store = await bench.open('cut3', { tuning: { retryMs: 0 } })
    await stopMerges(store)
    const series = seriesOf(store, 'm', 'h')
    await store.reconnect({ ...bench.connection('cut3'), url: proxy.url })
    proxy.cut = 'INSERT INTO samples'
    const batch = columns([series, NOW, 1])
    await expect(store.writer.write(batch, 1)).rejects.toThrow(StoreUnavailableError)
    const next = await bench.open('cut3')
    expect(await next.writer.write(batch, 1)).toEqual({ stored: 0, duplicate: true })
  })
})

describe('the engine not answering', () => {
  it('fills a bounded buffer, turns senders away, and goes on afterwards', async () => {
    const bufferBytes = 1024 * 1024
    const store = await bench.open('stuck', { limits: { bufferBytes } })
    const series = seriesOf(store, 'm', 'h')
    await store.writer.write(columns([series, NOW, 0]))
    process.kill(bench.engine.engine.pid!, 'SIGSTOP')
    const rows = Array.from({ length: 1000 }, (_, i): [number, number, number] => [series, NOW + 1 + i, 1])
    const outcomes: Promise<unknown>[] = []
    let full: StoreFullError | undefined
    try {
      for (let i = 0; i < 200 && full === undefined; i++) {
        const writing = store.writer.write(
          columns(...rows.map(([s, t, v]): [number, number, number] => [s, t + i * 1000, v])),
        )
        const refused = await Promise.race([
          writing.then(
            () => undefined,
            (error: unknown) => error,
          ),
          sleep(2),
        ])
        if (refused instanceof StoreFullError) full = refused
        else outcomes.push(writing)
      }
      expect(full?.retryAfterSeconds).toBeGreaterThan(0)
      expect(full?.message).toMatch(/no room/)
      expect(store.stats().bufferedBytes).toBeLessThanOrEqual(bufferBytes)
      expect(outcomes.length).toBeGreaterThan(25)
    } finally {
      process.kill(bench.engine.engine.pid!, 'SIGCONT')
    }
    await Promise.all(outcomes)
    expect(await countSamples(store)).toBe(1 + outcomes.length * 1000)
    expect(store.stats().bufferedBytes).toBe(0)
  })

  it('takes a batch that is larger than the whole buffer when it is alone', async () => {
    const store = await bench.open('large', { limits: { bufferBytes: 1000 } })
    const series = seriesOf(store, 'm', 'h')
    const rows = Array.from({ length: 5000 }, (_, i): [number, number, number] => [series, NOW + i, 1])
    expect(await store.writer.write(columns(...rows))).toEqual({ stored: 5000, duplicate: false })
  })

  it('an outage is told to senders at once after the first one, and ends by itself', async () => {
    const store = await bench.open('away', { tuning: { retryMs: 50, downMs: 60_000 } })
    const series = seriesOf(store, 'm', 'h')
    const { url, ...rest } = bench.connection('away')
    let asked = 0
    const deaf = createServer((socket) => {
      asked++
      socket.destroy()
    })
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void deaf.close())
    await store.reconnect({ ...rest, url: `http://127.0.0.1:${(deaf.address() as AddressInfo).port}` })
    await expect(store.writer.write(columns([series, NOW, 1]), 1)).rejects.toThrow(/does not answer/)
    const before = asked
    expect(before).toBeGreaterThan(0)
    await expect(store.writer.write(columns([series, NOW, 1]), 1)).rejects.toThrow(StoreUnavailableError)
    // Nobody has been asked again.
    expect(asked).toBe(before)
    expect(store.stats().failure).toMatch(/does not answer/)
    await store.reconnect({ ...rest, url })
    expect(await store.writer.write(columns([series, NOW, 1]), 1)).toEqual({ stored: 1, duplicate: false })
    expect(store.stats().failure).toBe('')
  })
})

describe('the disk full', () => {
  let folder = ''
  let mounted = false
  let noDisk = ''
  let full: Bench | undefined
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bellwether-full-'))
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96m', 'tmpfs', folder], { stdio: 'pipe' })
      mounted = true
    } catch (error) {
      noDisk = `a tmpfs cannot be mounted here: ${error}`
      return
    }
    mkdirSync(join(folder, 'data'))
    full = await startBench({ dataDir: join(folder, 'data') })
  })
  afterAll(async () => {
    await full?.cleanUp()
    if (mounted) execFileSync('umount', ['-l', folder])
    rmSync(folder, { recursive: true, force: true })
  })

  it('is said clearly, stops nothing else, and ends by itself when there is space again', async (context) => {
    if (full === undefined) return context.skip(noDisk)
    const store = await full.open('full', { tuning: { retryMs: 200, downMs: 50 } })
    const series = seriesOf(store, 'm', 'h')
    await store.writer.write(columns([series, NOW, 0]), 1)
    const filler = join(folder, 'filler')
    try {
      execFileSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1M'], { stdio: 'pipe' })
    } catch {
      // It ends with "No space left on device": that is the point.
    }
    const batch = columns(
      ...Array.from({ length: 50_000 }, (_, i): [number, number, number] => [
        series,
        NOW + 1 + i,
        Math.random(),
      ]),
    )
    await expect(store.writer.write(batch, 2)).rejects.toThrow(/disk of the metrics database is full/)
    expect(await countSamples(store)).toBe(1)
    writeFileSync(filler, '')
    await until(async () => {
      try {
        await store.writer.write(batch, 2)
        return true
      } catch (error) {
        expect(error).toBeInstanceOf(StoreUnavailableError)
        return false
      }
    })
    expect(await countSamples(store)).toBe(50_001)
  })
})
