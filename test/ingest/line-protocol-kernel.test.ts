import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLineProtocolDecoder } from '../../src/ingest/formats/line-protocol.js'
import { createLineKernel } from '../../src/ingest/formats/line-protocol-kernel.js'
import { SOURCE_SHA256 } from '../../src/ingest/formats/line-protocol-kernel.wasm.js'
import { DEFAULT_LIMITS, type IngestLimits } from '../../src/ingest/limits.js'
import { contextFor, NOW } from './support/decode.js'

const bytesOf = ({ buffer, byteLength }: Uint32Array | Float64Array) =>
  Buffer.from(buffer as ArrayBuffer, 0, byteLength).toString('latin1')

/** What a decoder makes of the bodies, one after the other. */
function outcomes(
  bodies: readonly Buffer[],
  kernel: boolean,
  precision = 'ns',
  limits: Partial<IngestLimits> = {},
) {
  const decode = createLineProtocolDecoder({ ...DEFAULT_LIMITS, ...limits }, { kernel })
  const context = contextFor(undefined, limits)
  return bodies.map((body) => {
    const { columns } = context
    const { outcome } = contextFor()
    columns.length = 0
    let failure = ''
    try {
      decode(body, precision, { ...context, outcome })
    } catch (error) {
      failure = String(error)
    }
    const length = failure === '' ? columns.length : 0
    return {
      failure,
      length,
      series: bytesOf(columns.series.subarray(0, length)),
      time: bytesOf(columns.time.subarray(0, length)),
      value: bytesOf(columns.value.subarray(0, length)),
      refused: outcome.list,
      counts: [outcome.refused, outcome.timesMissing, [...outcome.skipped]],
    }
  })
}

function expectSame(bodies: readonly Buffer[], precision?: string, limits?: Partial<IngestLimits>): void {
  expect(outcomes(bodies, true, precision, limits)).toEqual(outcomes(bodies, false, precision, limits))
}

const digits = (max: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: max }).map((list) => list.join(''))
const usual = fc.oneof(
  fc.integer({ min: 0, max: 100 }).map((n) => `${n}i`),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.double({ min: -1000, max: 1000, noNaN: true }).map((n) => n.toFixed(3)),
  digits(18),
  fc
    .tuple(fc.constantFrom('', '-', '+'), digits(18), fc.constantFrom('i', 'u', '', '.'))
    .map((t) => t.join('')),
  fc.tuple(fc.constantFrom('', '-'), digits(9), fc.constant('.'), digits(18)).map((t) => t.join('')),
)
const unusual = fc.constantFrom(
  't',
  'False',
  '"a, b=1 2"',
  '"x\ny"',
  '',
  '1x',
  '1e3',
  '-',
  '.5',
  '5.i',
  '1e999',
  '--1',
)
const line = fc.record({
  host: fc.integer({ min: 0, max: 2 }),
  shape: fc.constantFrom('ab', 'abc', 'abcd', 'ba', 'aa', 'a'),
  values: fc.array(fc.oneof({ weight: 20, arbitrary: usual }, { weight: 1, arbitrary: unusual }), {
    minLength: 4,
    maxLength: 4,
  }),
  time: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 10_000 }).map((ms) => ` ${NOW - ms}123456`) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '',
        ' 5',
        ` -${NOW}`,
        ` ${NOW}`,
        ` ${NOW}000000000`,
        ' 1x',
        `  ${NOW}000000`,
      ),
    },
    { weight: 1, arbitrary: digits(22).map((text) => ` ${text}`) },
  ),
  end: fc.constantFrom('\n', '\n', '\n', '\n', '\r\n', '\n\n', ' \n', '\n# comment\n'),
})
const KEYS: Record<string, string> = {
  a: 'usage',
  b: 'usage_of_something_else',
  c: 'x',
  d: 'a_name_that_is_longer_than_two_blocks_of_bytes',
}
const textOf = ({ host, shape, values, time, end }: typeof line extends fc.Arbitrary<infer T> ? T : never) =>
  `cpu,hostname=host_${host},region=eu-central-${host} ${[...shape].map((f, n) => `${KEYS[f]}=${values[n]}`).join(',')}${time}${end}`

test('lines that come again are read as without the kernel, with whatever numbers, times and faults', () => {
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 8 }),
      fc.array(line, { minLength: 0, maxLength: 3 }),
      fc.constantFrom('ns', 'ns', 'us', 'ms', 's'),
      (lines, others, precision) => {
        const text = lines.map(textOf).join('')
        // The same again, so that lines are known, then the same hosts and fields with other numbers and times between.
        const again = lines
          .map((one, k) =>
            textOf({ ...one, ...(others[k] && { values: others[k].values, time: others[k].time }) }),
          )
          .join('')
        expectSame(
          [`${text}${text}`, `${text}${again}${text}`, again.trimEnd()].map((t) => Buffer.from(t)),
          precision,
        )
      },
    ),
    { numRuns: 250 },
  )
})

const steady = (lines: number, fields: number, time = (k: number) => `${NOW - k}000000`) =>
  Array.from(
    { length: lines },
    (_, k) =>
      `cpu,hostname=host_${k % 40},region=eu-central-1 ${Array.from({ length: fields }, (_, f) => `usage_${f}=${(k * 7 + f) % 101}i`).join(',')} ${time(k)}\n`,
  ).join('')

test('bytes that change in bodies that are known', () => {
  const body = Buffer.from(steady(120, 6))
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(body.length - 1), fc.constantFrom(...'0i,= .\n-"\\xé\0')), { maxLength: 6 }),
      (changes) => {
        const changed = Buffer.from(body)
        for (const [at, to] of changes) changed.write(to, at)
        expectSame([body, changed.subarray(0, body.length)])
      },
    ),
    { numRuns: 100 },
  )
})

test('lines go on over the ends of the windows in which they are read', () => {
  expectSame([Buffer.from(steady(3_000, 10)), Buffer.from(steady(2_000, 3)), Buffer.from(steady(300, 100))])
})

test('times of every length and unit', () => {
  for (const [precision, unit] of [
    ['us', 1_000],
    ['ms', 1],
    ['s', 0.001],
    ['m', 1 / 60_000],
  ] as const)
    expectSame([Buffer.from(steady(100, 2, (k) => `${Math.floor((NOW - k * 100_000) * unit)}`))], precision)
})

test('a request has no more samples than it may', () => {
  const limits = { samplesPerRequest: 1_000 }
  for (const lines of [99, 100, 101, 1_000]) expectSame([Buffer.from(steady(lines, 10))], 'ns', limits)
})

const layoutOf = (key: string) => ({
  measurement: 'm',
  view: new DataView(Uint8Array.from(Buffer.from(key)).buffer),
  used: key.length,
  offsets: [0, key.length],
  positions: new Map(),
  metrics: [0],
})

test('lines are forgotten and learnt anew where there is no room for all', () => {
  const many = Buffer.from(
    Array.from({ length: 400 }, (_, k) => `m,host=a_host_of_many_${k % 200} v=${k},w=1 ${NOW}000000\n`).join(
      '',
    ),
  )
  expectSame([many, many, many], 'ns', { labelCacheBytes: 20_000 })
  const kernel = createLineKernel(5_000)!
  const key = Buffer.from('m,host=a_host_of_many ')
  const layout = layoutOf('v=')
  for (let k = 0; k < 1_000; k++) {
    const set = { layout, entity: k, series: [k], run: 1, first: k, line: 0, age: 0 }
    kernel.learn(set, key, 0, key.length - 1, 1)
    expect(kernel.bytes).toBeLessThanOrEqual(5_000)
  }
})

test('the kernel reads usual lines, and stops at the first other one', () => {
  const kernel = createLineKernel(1 << 20)
  expect(kernel, 'no WebAssembly with SIMD here').toBeDefined()
  const { columns } = contextFor()
  const body = Buffer.from(
    'm,host=a_host_of_many v=1i 5000\nm,host=a_host_of_many v=2.5 6000\nm,host=another v=3 7000\n',
  )
  const set = { layout: layoutOf('v='), entity: 0, series: [7], run: 1, first: 7, line: 0, age: 0 }
  const times = { scale: 1, earliest: 0, latest: 10_000 }
  kernel!.begin()
  expect(kernel!.expects).toBe(false)
  // It came after itself.
  for (let times = 0; times < 2; times++) kernel!.learn(set, body, 0, body.indexOf(' '), 1)
  expect(kernel!.expects).toBe(true)
  expect(kernel!.read(body, 0, columns, 10, times)).toBe(body.indexOf('m,host=another'))
  expect([kernel!.lines, columns.length]).toEqual([2, 2])
  expect([...columns.series.subarray(0, 2)]).toEqual([7, 7])
  expect([...columns.value.subarray(0, 2)]).toEqual([1, 2.5])
  expect([...columns.time.subarray(0, 2)]).toEqual([5_000, 6_000])
})

test('the module was made from its source as it is now', async () => {
  const source = new URL('../../src/ingest/formats/line-protocol-kernel.wat', import.meta.url)
  const hash = createHash('sha256')
    .update(await readFile(source))
    .digest('hex')
  expect(SOURCE_SHA256, 'made anew by tools/wasm.js').toBe(hash)
})
