import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NativeFormatError, readBlocks, type Store } from '../../src/metrics/index.js'
import { insertBlock } from '../../src/metrics/native/client.js'
import { type Block, createBlockDecoder } from '../../src/metrics/native/decode.js'
import {
  bytesOf,
  encodeBlock,
  encodeInt64s,
  encodeStrings,
  type OutColumn,
} from '../../src/metrics/native/encode.js'
import { type Bench, startBench } from './support.js'

const id = fc.maxSafeNat()
const instant = fc.integer({ min: -2_000_000_000_000, max: 9_999_999_999_999 })
const number = fc.double()
const string = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.constant('x'.repeat(200)))
const rows = fc.array(fc.record({ id, instant, number, string }), { maxLength: 40 })

type Row = { id: number; instant: number; number: number; string: string }

function columnsOf(values: Row[]): OutColumn[] {
  return [
    { name: 'id', type: 'UInt64', parts: [encodeInt64s(values.map((row) => row.id))] },
    { name: 'ts', type: "DateTime64(3, 'UTC')", parts: [encodeInt64s(values.map((row) => row.instant))] },
    {
      name: 'v',
      type: 'Float64',
      // In two pieces, as the writer hands over its chunks.
      parts: [values.slice(0, 3), values.slice(3)].map((part) =>
        bytesOf(Float64Array.from(part, (row) => row.number)),
      ),
    },
    { name: 's', type: 'String', parts: [encodeStrings(values.map((row) => row.string))] },
  ]
}

function rowsOf(blocks: Block[]): Row[] {
  return blocks.flatMap(({ rows: count, columns }) =>
    Array.from({ length: count }, (_, i) => ({
      id: columns[0]!.values[i] as number,
      instant: columns[1]!.values[i] as number,
      number: columns[2]!.values[i] as number,
      string: columns[3]!.values[i] as string,
    })),
  )
}

function decode(bytes: Uint8Array, cuts: number[] = []): Block[] {
  const blocks: Block[] = []
  const decoder = createBlockDecoder((block) => blocks.push(block))
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  for (let i = 1; i < at.length; i++) decoder.push(bytes.subarray(at[i - 1], at[i]))
  decoder.end()
  return blocks
}

describe('Native blocks', () => {
  it('are read back as they were written, wherever the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(rows, { maxLength: 4 }), fc.array(fc.nat(), { maxLength: 30 }), (blocks, cuts) => {
        const bytes = Buffer.concat(blocks.flatMap((block) => encodeBlock(columnsOf(block), block.length)))
        expect(rowsOf(decode(bytes, cuts))).toEqual(blocks.flat())
      }),
    )
  })

  it('that end too early are an error, never a wrong answer', () => {
    const bytes = Buffer.concat(encodeBlock(columnsOf([{ id: 1, instant: 2, number: 3, string: 'four' }]), 1))
    for (let length = 1; length < bytes.length; length++)
      expect(() => decode(bytes.subarray(0, length))).toThrow(NativeFormatError)
  })

  it('of anything else do not crash or hang the reader', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decode(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(NativeFormatError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('Native blocks and ClickHouse', () => {
  let bench: Bench
  let store: Store
  beforeAll(async () => {
    bench = await startBench()
    store = await bench.open('native')
    await store.client.command({
      query: `CREATE TABLE t (n UInt32, id UInt64, ts DateTime64(3, 'UTC'), v Float64, s String) ENGINE = MergeTree ORDER BY n`,
    })
  })
  afterAll(() => bench.cleanUp())

  it('agree on every value', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ id, instant, number, string }), { minLength: 1, maxLength: 200 }),
        async (values) => {
          await store.client.command({ query: 'TRUNCATE TABLE t' })
          const n = { name: 'n', type: 'UInt32', parts: [bytesOf(Uint32Array.from(values, (_, i) => i))] }
          await insertBlock(store.client, 't', [n, ...columnsOf(values)], values.length)
          const blocks: Block[] = []
          await readBlocks(store.client, 'SELECT id, ts, v, s FROM t ORDER BY n', (block) =>
            blocks.push(block),
          )
          expect(rowsOf(blocks)).toEqual(values)
        },
      ),
      { numRuns: 25 },
    )
  })

  it('agree on every type that readers use', async () => {
    const blocks: Block[] = []
    await readBlocks(
      store.client,
      `SELECT toUInt8(200) AS u8, toInt8(-3) AS i8, toUInt16(60000) AS u16, toInt16(-300) AS i16, toUInt32(4e9) AS u32,
         toInt32(-70000) AS i32, toInt64(-9007199254740991) AS i64, toFloat32(0.5) AS f32, true AS b, toDate('1970-01-03') AS d,
         toDateTime(86400, 'UTC') AS dt, ['a', 'bc'] AS strings, range(number) AS list, if(number = 1, NULL, number) AS maybe,
         [now64(3)] AS times
       FROM numbers(3)`,
      (block) => blocks.push(block),
    )
    const column = (name: string) => blocks[0]!.columns.find((one) => one.name === name)!
    const first = (name: string) => column(name).values[0]
    expect(['u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'i64', 'f32', 'b', 'd', 'dt'].map(first)).toEqual([
      200, -3, 60000, -300, 4e9, -70000, -9007199254740991, 0.5, 1, 2, 86400,
    ])
    expect(column('strings').values).toEqual(['a', 'bc', 'a', 'bc', 'a', 'bc'])
    expect([...(column('list').values as Float64Array)]).toEqual([0, 0, 1])
    expect([...column('list').offsets!]).toEqual([0, 1, 3])
    expect([...column('maybe').nulls!]).toEqual([0, 1, 0])
    expect(column('maybe').values[2]).toBe(2)
    expect(Math.abs((first('times') as number) - Date.now())).toBeLessThan(60_000)
  })

  it('a type that the reader does not know is named', async () => {
    await expect(readBlocks(store.client, 'SELECT (1, 2)', () => {})).rejects.toThrow(/type Tuple.*cast it/)
    await readBlocks(store.client, 'SELECT 1', () => {})
  })

  it('a large answer comes whole, in blocks', async () => {
    let count = 0
    let sum = 0
    await readBlocks(store.client, 'SELECT number, toString(number) AS s FROM numbers(1000000)', (block) => {
      count += block.rows
      for (const value of block.columns[0]!.values as Float64Array) sum += value
    })
    expect(count).toBe(1_000_000)
    expect(sum).toBe(499_999_500_000)
  })

  it('an error in the middle of an answer is an error', async () => {
    const query =
      'SELECT number, throwIf(number = 3000000) FROM numbers(10000000) SETTINGS max_block_size = 1000'
    await expect(readBlocks(store.client, query, () => {})).rejects.toMatchObject({
      code: '395',
      message: expect.stringMatching(/throwIf/),
    })
    await expect(readBlocks(store.client, 'SELECT nonsense', () => {})).rejects.toThrow(/nonsense/)
  })

  it('a reader that has enough ends the query', async () => {
    let blocks = 0
    const reading = readBlocks(store.client, 'SELECT number FROM numbers(100000000000)', () => {
      if (++blocks === 3) throw new Error('enough')
    })
    await expect(reading).rejects.toThrow('enough')
    expect(blocks).toBe(3)
  })

  it('an aborted read ends', async () => {
    const abort = new AbortController()
    const reading = readBlocks(
      store.client,
      'SELECT sleepEachRow(0.5) FROM numbers(60) SETTINGS max_block_size = 1',
      () => {},
      {
        signal: abort.signal,
      },
    )
    const started = Date.now()
    setTimeout(() => abort.abort(new Error('enough')), 300)
    await expect(reading).rejects.toThrow()
    expect(Date.now() - started).toBeLessThan(10_000)
  })
})
