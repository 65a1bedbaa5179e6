import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { createCatalogue } from '../../../src/metrics/catalogue/catalogue.js'
import { createHotCache } from '../../../src/metrics/hot/cache.js'
import { Columns } from '../../../src/metrics/hot/columns.js'
import { CHUNK_MS, DEFAULT_HOT_LIMITS, type HotLimits } from '../../../src/metrics/hot/limits.js'
import type { LoadRequest } from '../../../src/metrics/hot/load.js'
import { preload } from '../../../src/metrics/hot/preload.js'
import { DEFAULT_LIMITS } from '../../../src/metrics/limits.js'

const T = Math.floor(Date.UTC(2026, 0, 6) / CHUNK_MS) * CHUNK_MS

/** A cache before a store that is a list of samples. */
function bed(limits: Partial<HotLimits> = {}) {
  const catalogue = createCatalogue({ limits: DEFAULT_LIMITS })
  const rows: { entity: number; metric: number; time: number; value: number }[] = []
  let hold: Promise<void> | undefined
  let clock = 1000
  let failing = false
  const load = async ({ metric, first, last, slotOf }: LoadRequest) => {
    const now = rows.slice()
    await hold
    if (failing) throw new Error('no answer')
    const chunks = Array.from({ length: last - first + 1 }, (_, i) => new Columns((first + i) * CHUNK_MS, 0))
    for (const row of now)
      if (
        row.metric === metric &&
        Math.floor(row.time / CHUNK_MS) >= first &&
        row.time < (last + 1) * CHUNK_MS
      )
        chunks[Math.floor(row.time / CHUNK_MS) - first]?.put(slotOf(row.entity), row.time, row.value)
    for (const chunk of chunks) chunk.trim()
    return chunks
  }
  const cache = createHotCache({
    catalogue,
    limits: { ...DEFAULT_HOT_LIMITS, bytes: 1_000_000, touches: 1, wait: true, ...limits },
    load,
    clock: () => clock,
  })
  const series = (metric: string, entity: string) => {
    const m = catalogue.addMetric({ name: metric })
    const e = catalogue.addEntity({ category: 'HOST', name: entity, attributes: {} })
    return catalogue.addSeries(m, e)
  }
  /** Stores a sample, as a commit of its own; `told` false: without telling the cache. */
  const store = (of: number, time: number, value: number, told = true) => {
    const metric = catalogue.metricAt(catalogue.series.metrics[of] as number).id
    const entity = catalogue.entityAt(catalogue.series.entities[of] as number).id
    rows.push({ metric, entity, time, value })
    if (told) tell([[of, time, value]])
  }
  const tell = (samples: readonly (readonly [number, number, number])[]) => {
    cache.stored([
      {
        length: samples.length,
        series: Uint32Array.from(samples, ([of]) => of),
        time: Float64Array.from(samples, ([, time]) => time),
        value: Float64Array.from(samples, ([, , value]) => value),
      },
    ])
  }
  const read = async (metric: string, entity: string, from: number, to: number) => {
    const m = catalogue.findMetric(metric)
    const e = catalogue.findEntity('HOST', entity)
    if (m === undefined || e === undefined) throw new Error('not registered')
    const reading = await cache.read([m], from, to)
    if (reading === undefined) return undefined
    const [found] = reading.metrics
    const slot = found?.slotsOf([e])[0] ?? -1
    const points: [number, number][] = []
    for (const { times, values, starts, ends } of found?.chunks ?? [])
      for (let i = starts[slot] ?? 0; i < (ends[slot] ?? 0); i++)
        points.push([(times[i] as number) - T, values[i] as number])
    return points
  }
  return {
    catalogue,
    cache,
    series,
    store,
    tell,
    read,
    advance: (ms: number) => {
      clock += ms
    },
    fail: (yes: boolean) => {
      failing = yes
    },
    holdUntil: (promise: Promise<void> | undefined) => {
      hold = promise
    },
  }
}

describe('samples in memory', () => {
  test('what is stored after reading is there, late and repeated samples too', async () => {
    const { series, store, read } = bed()
    const s = series('m', 'a')
    store(s, T + 10, 1)
    store(s, T + 20, 2)
    expect(await read('m', 'a', T, T + 100)).toEqual([
      [10, 1],
      [20, 2],
    ])
    store(s, T + 30, 3)
    store(s, T + 15, 1.5)
    store(s, T + 20, 2)
    store(s, T + 10, 9)
    expect(await read('m', 'a', T, T + 100)).toEqual([
      [10, 9],
      [15, 1.5],
      [20, 2],
      [30, 3],
    ])
    store(series('m', 'b'), T + 5, 7)
    expect(await read('m', 'b', T, T + 100)).toEqual([[5, 7]])
    store(s, T + 30, Number.NaN)
    expect(await read('m', 'a', T, T + 100)).toHaveLength(3)
  })

  test('what is stored while a chunk is being read is there once, whether the read has seen it or not', async () => {
    const { series, store, read, tell, holdUntil } = bed()
    const s = series('m', 'a')
    store(s, T + 10, 1)
    let go!: () => void
    holdUntil(
      new Promise((resolve) => {
        go = resolve
      }),
    )
    const reading = read('m', 'a', T, T + 100)
    const again = read('m', 'a', T, T + 100)
    store(s, T + 20, 2)
    tell([[s, T + 10, 1]])
    go()
    const expected = [
      [10, 1],
      [20, 2],
    ]
    expect(await reading).toEqual(expected)
    expect(await again).toEqual(expected)
  })

  test('a region that a reader holds does not change when later samples come', () => {
    const columns = new Columns(0, 0)
    for (let i = 0; i < 50; i++) columns.put(0, i * 10, i)
    const { times, values } = columns
    const [start, end] = [columns.starts[0] as number, columns.ends[0] as number]
    const before = [...times.subarray(start, end), ...values.subarray(start, end)]
    columns.put(0, 15, 99)
    columns.put(0, 20, 98)
    columns.put(0, 30, Number.NaN)
    for (let i = 50; i < 500; i++) columns.put(i % 3, i * 10, i)
    expect([...times.subarray(start, end), ...values.subarray(start, end)]).toEqual(before)
  })

  test('metrics that do not fit together any more do not cost each other an answer that lacks one', async () => {
    const { series, store, read, tell, cache, catalogue } = bed({ bytes: 300_000, keepMs: 0 })
    const all = [0, 1, 2].map((m) => series(`m${m}`, 'a'))
    for (const s of all) store(s, T, 1)
    for (let m = 0; m < 3; m++) expect(await read(`m${m}`, 'a', T, T + 5000)).toHaveLength(1)
    for (let n = 0; n < 10; n++) {
      tell(all.flatMap((s) => Array.from({ length: 900 }, (_, i) => [s, T + n * 900 + i + 1, i] as const)))
      const metrics = all.map((_, m) => catalogue.findMetric(`m${m}`)).flatMap((m) => (m ? [m] : []))
      const reading = await cache.read(metrics, T, T + 5000)
      expect(reading === undefined || reading.metrics.length === 3).toBe(true)
      expect(cache.stats.bytes).toBeLessThanOrEqual(350_000)
    }
  })

  test('room that moved regions have left is made free', () => {
    const columns = new Columns(0, 0)
    for (let i = 0; i < 20_000; i++) columns.put(i % 7, i * 10, i)
    for (let i = 0; i < 400; i++) columns.put(i % 7, i * 10 + 5, i)
    expect(columns.wasteful).toBe(true)
    const regions = () =>
      [0, 1, 2, 3, 4, 5, 6].map((slot) => [
        ...columns.times.subarray(columns.starts[slot] as number, columns.ends[slot] as number),
        ...columns.values.subarray(columns.starts[slot] as number, columns.ends[slot] as number),
      ])
    const before = regions()
    columns.compact()
    expect(regions()).toEqual(before)
    expect(columns.wasteful).toBe(false)
    expect(columns.bytes).toBeLessThan(20_400 * 16.75 + 200)
    columns.put(3, 1_000_000, 4)
    expect(regions()[3]).toContain(1_000_000)
  })

  test('columns hold what a map from time to value would, in order', () => {
    const value = fc.oneof({ weight: 8, arbitrary: fc.integer({ min: -5, max: 5 }) }, fc.constant(Number.NaN))
    const put = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 60 }), value)
    fc.assert(
      fc.property(fc.array(put, { maxLength: 300 }), (puts) => {
        const columns = new Columns(0, 0)
        const model = [0, 1, 2, 3].map(() => new Map<number, number>())
        for (const [slot, time, v] of puts) {
          columns.put(slot, time, v)
          if (Number.isNaN(v)) model[slot]?.delete(time)
          else model[slot]?.set(time, v)
        }
        let rows = 0
        model.forEach((map, slot) => {
          const expected = [...map].sort(([a], [b]) => a - b)
          rows += expected.length
          const found: [number, number][] = []
          for (let i = columns.starts[slot] ?? 0; i < (columns.ends[slot] ?? 0); i++)
            found.push([columns.times[i] as number, columns.values[i] as number])
          expect(found).toEqual(expected)
        })
        expect(columns.rows).toBe(rows)
      }),
      { numRuns: 300, seed: 1 },
    )
  })

  test('an insert of unknown outcome empties the cache, and nothing is held until it is over', async () => {
    const { series, store, read, cache, advance } = bed()
    const s = series('m', 'a')
    store(s, T + 10, 1)
    expect(await read('m', 'a', T, T + 100)).toHaveLength(1)
    cache.doubt(60_000)
    store(s, T + 20, 2, false)
    expect(cache.stats).toMatchObject({ bytes: 0, chunks: 0 })
    expect(await read('m', 'a', T, T + 100)).toBeUndefined()
    advance(60_001)
    expect(await read('m', 'a', T, T + 100)).toHaveLength(2)
  })

  test('a doubt while a chunk is being read: it is not held', async () => {
    const { series, store, read, cache, holdUntil } = bed()
    const s = series('m', 'a')
    store(s, T + 10, 1)
    let go!: () => void
    holdUntil(
      new Promise((resolve) => {
        go = resolve
      }),
    )
    const reading = read('m', 'a', T, T + 100)
    cache.doubt(0)
    go()
    expect(await reading).toBeUndefined()
    expect(cache.stats).toMatchObject({ bytes: 0, chunks: 0 })
  })

  test('what was dropped from the store is not held', async () => {
    const { series, store, read, cache } = bed()
    const s = series('m', 'a')
    store(s, T + 10, 1)
    store(s, T + CHUNK_MS + 10, 2)
    expect(await read('m', 'a', T, T + CHUNK_MS + 100)).toHaveLength(2)
    cache.dropBefore(T + CHUNK_MS)
    expect(cache.stats.chunks).toBe(1)
    cache.dropBefore(T + 2 * CHUNK_MS)
    expect(cache.stats).toMatchObject({ chunks: 0, bytes: 0 })
  })

  test('memory stays within its bound: what was used longest ago goes first', async () => {
    const { series, store, read, cache, advance } = bed({ bytes: 200_000, keepMs: 1_000 })
    for (let m = 0; m < 30; m++) {
      const s = series(`m${m}`, 'a')
      for (let i = 0; i < 1000; i++) store(s, T + i, i, false)
      advance(5_000)
      expect(await read(`m${m}`, 'a', T, T + 5000)).toHaveLength(1000)
      expect(await read('m0', 'a', T, T + 5000)).toHaveLength(1000)
      expect(cache.stats.bytes).toBeLessThanOrEqual(200_000)
    }
    expect(cache.stats.evictions).toBeGreaterThan(10)
    // The one that was asked for all the time was read once.
    expect(cache.stats.loads).toBe(30)
  })

  test('what queries make of what is held is counted, and what was used longest ago goes for it', async () => {
    const filled = async (bytes: number) => {
      const { catalogue, cache, series, store, read } = bed({ bytes, keepMs: 0 })
      for (const metric of ['m', 'n']) {
        const s = series(metric, 'a')
        for (let i = 0; i < 720; i++) store(s, T + i * 10_000, i, false)
        expect(await read(metric, 'a', T, T + 5000)).toHaveLength(720)
      }
      const reading = await cache.read([catalogue.metricAt(1)], T, T + 5000)
      const [columns] = reading?.metrics[0]?.chunks ?? []
      return { cache, makeBins: () => columns?.bins('sum')?.at(0) }
    }
    const roomy = await filled(1_000_000)
    const { bytes } = roomy.cache.stats
    roomy.makeBins()
    const more = roomy.cache.stats.bytes - bytes
    expect(more).toBeGreaterThan(12 * 24)
    const narrow = await filled(bytes + more - 1)
    expect(narrow.cache.stats).toMatchObject({ bytes, chunks: 2 })
    narrow.makeBins()
    expect(narrow.cache.stats.chunks).toBe(1)
    expect(narrow.cache.stats.bytes).toBeLessThan(bytes)
  })

  test('what is in use is not given up for something new: the store is read instead', async () => {
    const { series, store, read, cache } = bed({ bytes: 60_000, keepMs: 10_000 })
    for (let m = 0; m < 8; m++) {
      const s = series(`m${m}`, 'a')
      for (let i = 0; i < 500; i++) store(s, T + i, i, false)
      await read(`m${m}`, 'a', T, T + 5000)
    }
    expect(await read('m0', 'a', T, T + 5000)).toHaveLength(500)
    expect(await read('m7', 'a', T, T + 5000)).toBeUndefined()
    expect(cache.stats.bytes).toBeLessThanOrEqual(60_000)
  })

  test('a tail that nobody reads is given up, and its memory with it', async () => {
    const { series, store, read, tell, cache } = bed({ bytes: 20_000_000 })
    const s = series('m', 'a')
    store(s, T, 1)
    await read('m', 'a', T, T + 5000)
    for (let n = 0; n < 8; n++)
      tell(Array.from({ length: 30_000 }, (_, i) => [s, T + n * 30_000 + i + 1, i] as const))
    expect(cache.stats).toMatchObject({ chunks: 0, bytes: 0 })
  })

  test('without memory, nothing is held; a store that does not answer costs nothing', async () => {
    const off = bed({ bytes: 0 })
    off.store(off.series('m', 'a'), T, 1)
    expect(await off.read('m', 'a', T, T + 1)).toBeUndefined()
    expect(off.cache.stats.misses).toBe(0)
    const { series, store, read, cache, fail, advance } = bed({ admitMs: 1000 })
    store(series('m', 'a'), T, 1)
    fail(true)
    expect(await read('m', 'a', T, T + 1)).toBeUndefined()
    expect(cache.stats.bytes).toBe(0)
    fail(false)
    advance(2000)
    expect(await read('m', 'a', T, T + 1)).toEqual([[0, 1]])
  })

  test('admitted when asked for a second time; a query does not wait for it', async () => {
    const { series, store, read, cache } = bed({ touches: 2, wait: false })
    store(series('m', 'a'), T, 1)
    expect(await read('m', 'a', T, T + 1)).toBeUndefined()
    expect(cache.stats.loads).toBe(0)
    expect(await read('m', 'a', T, T + 1)).toBeUndefined()
    await vi.waitFor(() => expect(cache.stats.loads).toBe(1), 60_000)
    expect(await read('m', 'a', T, T + 1)).toEqual([[0, 1]])
  })

  test('a steady stream of queries does not put off what they ask for, one metric after another', async () => {
    const { series, store, read, cache } = bed({ touches: 2, wait: false })
    const metrics = Array.from({ length: 16 }, (_, m) => `m${m}`)
    for (const metric of metrics) store(series(metric, 'a'), T, 1)
    let rounds = 0
    let roundsSinceFirst = 0
    for (const end = performance.now() + 60_000; cache.stats.loads < metrics.length; rounds++) {
      if (performance.now() > end) break
      if (cache.stats.loads > 0) roundsSinceFirst++
      for (const metric of metrics) await read(metric, 'a', T, T + 1)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    expect(cache.stats.loads).toBe(metrics.length)
    // They wait together, a quarter of a second: one by one each would wait for some two hundred rounds more.
    expect(rounds).toBeGreaterThan(roundsSinceFirst)
    expect(roundsSinceFirst).toBeLessThan(50)
  })

  test('windows move on: what comes after a stretch in use is held from its first sample on, not asked for', async () => {
    const { series, store, read, cache } = bed({ touches: 2, wait: true })
    const s = series('m', 'a')
    store(s, T + 10, 1)
    await read('m', 'a', T, T + 100)
    await read('m', 'a', T, T + 100)
    expect(cache.stats.loads).toBe(1)
    store(s, T + CHUNK_MS, 2)
    store(s, T + CHUNK_MS + 10, 3)
    await read('m', 'a', T, T + 100)
    expect(cache.stats).toMatchObject({ loads: 2, chunks: 2 })
    const { misses } = cache.stats
    expect(await read('m', 'a', T, T + CHUNK_MS + 10)).toEqual([
      [10, 1],
      [CHUNK_MS, 2],
      [CHUNK_MS + 10, 3],
    ])
    expect(cache.stats.misses).toBe(misses)
    // Nobody asked for that one lately, so what comes after it is not held.
    store(series('n', 'a'), T + 10, 1)
    store(series('n', 'a'), T + CHUNK_MS, 1)
    expect(cache.stats.loads).toBe(2)
  })

  test('after a start the newest is read for all metrics alike, in half of the memory, and it goes first', async () => {
    const { catalogue, series, store, read, cache } = bed({ bytes: 800_000, touches: 2, wait: true })
    for (let m = 0; m < 3; m++) {
      const s = series(`m${m}`, 'a')
      for (let n = 0; n < 12; n++) for (let i = 0; i < 300; i++) store(s, T - n * CHUNK_MS + i, i + n, false)
    }
    catalogue.loadSeen(catalogue.entityAt(0).id, T + 299)
    const options = { catalogue, cache, limits: { bytes: 800_000, preloadPart: 0.5 }, now: () => T + 1000 }
    await preload({ ...options, signal: new AbortController().signal })
    // Twelve hours of three metrics fit, and the chunk in which such a window begins; a day would be more than half of the memory.
    const { bytes, chunks } = cache.stats
    expect(bytes).toBeLessThanOrEqual(400_000)
    expect(chunks).toBe(24)
    expect(await read('m2', 'a', T - 6 * CHUNK_MS, T + 1000)).toHaveLength(2100)
    expect(cache.stats.misses).toBe(0)
    for (let m = 3; m < 50; m++) {
      const s = series(`m${m}`, 'a')
      for (let i = 0; i < 300; i++) store(s, T + i, i, false)
      for (let n = 0; n < 2; n++) await read(`m${m}`, 'a', T, T + 1000)
    }
    expect(await read('m2', 'a', T - 5 * CHUNK_MS, T + 1000)).toHaveLength(1800)
    expect(await read('m0', 'a', T - 5 * CHUNK_MS, T + 1000)).toBeUndefined()
    expect(cache.stats.bytes).toBeLessThanOrEqual(800_000)
  })

  test('whatever comes in whatever order: what is held is what the store holds', async () => {
    const time = fc.integer({ min: 0, max: 40 }).map((n) => T + Math.floor((n * 3 * CHUNK_MS) / 41))
    const host = fc.integer({ min: 0, max: 3 })
    const operation = fc.oneof(
      { weight: 6, arbitrary: fc.record({ op: fc.constant('store'), host, time, value: fc.integer() }) },
      { weight: 1, arbitrary: fc.record({ op: fc.constant('store'), host, time, value: fc.constant(NaN) }) },
      { weight: 4, arbitrary: fc.record({ op: fc.constantFrom('read', 'ask', 'preload'), host, time }) },
      { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('clear', 'hold', 'release'), host, time }) },
    )
    let found = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { minLength: 20, maxLength: 120 }),
        fc.constantFrom(2_500, 100_000),
        async (operations, bytes) => {
          const { catalogue, series, store, read, cache, holdUntil } = bed({
            bytes,
            keepMs: 0,
            preloadPart: 1,
          })
          const model = [0, 1, 2, 3].map(() => new Map<number, number>())
          // Two metrics of two hosts each.
          const of = [0, 1, 2, 3].map((n) => series(`m${n >> 1}`, `h${n & 1}`))
          let go = () => {}
          const running: Promise<unknown>[] = []
          const check = async (n: number, to: number) => {
            const points = await read(`m${n >> 1}`, `h${n & 1}`, T, to)
            if (points === undefined) return
            found++
            const known = [...(model[n] as Map<number, number>)].sort(([a], [b]) => a - b)
            const within = (p: readonly [number, number]) => p[0] <= to - T
            expect(points.filter(within)).toEqual(known.map(([t, v]) => [t - T, v] as const).filter(within))
          }
          for (const each of operations) {
            const { op, host: n, time: at } = each
            if (op === 'store') {
              const value = (each as { value: number }).value
              store(of[n] as number, at, value)
              if (Number.isNaN(value)) model[n]?.delete(at)
              else model[n]?.set(at, value)
            } else if (op === 'read') {
              go()
              await check(n, at)
            } else if (op === 'ask')
              running.push(Promise.resolve(cache.read([catalogue.metricAt(n >> 1)], T, at)))
            else if (op === 'preload') {
              const chunk = Math.floor(at / CHUNK_MS)
              running.push(cache.preload(catalogue.metricAt(n >> 1), chunk - 1, chunk))
            } else if (op === 'clear') cache.clear()
            else if (op === 'release') go()
            else {
              go()
              holdUntil(
                new Promise((resolve) => {
                  go = () => {
                    holdUntil(undefined)
                    resolve()
                  }
                }),
              )
            }
          }
          go()
          await Promise.all(running)
          for (let n = 0; n < 4; n++) await check(n, T + 3 * CHUNK_MS - 1)
          expect(cache.stats.bytes).toBeLessThanOrEqual(bytes + 20_000)
        },
      ),
      { numRuns: 200, seed: 3 },
    )
    expect(found).toBeGreaterThan(500)
  })
})
