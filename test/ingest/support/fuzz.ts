import { expect } from 'vitest'
import { parseStatsd } from '../../../src/ingest/formats/statsd.js'
import { createStatsdWindow } from '../../../src/ingest/formats/statsd-window.js'
import { DEFAULT_LIMITS } from '../../../src/ingest/limits.js'
import { cpuMs } from '../../cpu-time.js'
import { contextFor } from './decode.js'
import type { Format } from './formats.js'
import { GOLDEN } from './golden.js'
import { RICH } from './rich.js'

/** Small seeded generator (mulberry32), so that a failure can be repeated. */
export function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

const NASTY = [
  0, 9, 10, 13, 32, 34, 35, 44, 45, 46, 58, 59, 61, 91, 92, 93, 101, 105, 123, 125, 127, 128, 255,
]

/** One to four of: a changed byte, a flipped bit, a cut, a repeated stretch, a stretch left out, a nasty byte put in. */
export function mutate(body: Uint8Array, next: (below: number) => number): Uint8Array {
  let bytes = Buffer.from(body)
  for (let rounds = 1 + next(4); rounds > 0 && bytes.length > 0; rounds--) {
    const at = next(bytes.length)
    const to = Math.min(bytes.length, at + 1 + next(20))
    switch (next(6)) {
      case 0:
        bytes[at] = next(256)
        break
      case 1:
        bytes[at] = bytes[at]! ^ (1 << next(8))
        break
      case 2:
        bytes = bytes.subarray(0, at)
        break
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, to), bytes.subarray(at)])
        break
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(to)])
        break
      default:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          Buffer.of(NASTY[next(NASTY.length)]!),
          bytes.subarray(at),
        ])
    }
  }
  // A copy of its own, so that reading past the end cannot find a neighbour's bytes.
  return Uint8Array.from(bytes)
}

const EXPECTED = ['MalformedBodyError', 'RequestTooLargeError']
const SLOW_MS = 2_000

/**
 * Feeds a format `count` mutated bodies through one decoder, so that its cache is attacked too. Nothing but the two
 * errors of decoders may be thrown, what is stored must be in bounds, and afterwards the good body decodes as ever.
 */
export function fuzz(format: Format, count: number, seed: number): void {
  const next = random(seed)
  const golden = GOLDEN.filter(({ sent }) => format.expresses(sent)).map(({ sent }) => sent)
  const body = format.encode(golden)
  const bodies = [body, ...(RICH[format.name] ?? [])]
  const decode = format.decoder()
  const { catalogue } = contextFor()
  for (let k = 0; k < count; k++) {
    const bytes = mutate(bodies[k % bodies.length]!, next)
    const context = contextFor(catalogue)
    const start = cpuMs()
    try {
      decode(bytes, context)
    } catch (error) {
      if (!EXPECTED.includes((error as Error).name))
        throw new Error(`input ${k} of seed ${seed}: ${Buffer.from(bytes).toString('base64')}`, {
          cause: error,
        })
    }
    const { columns, earliest, latest } = context
    let bad = cpuMs() - start > SLOW_MS || columns.length > bytes.length
    for (let n = 0; n < columns.length; n++) {
      const time = columns.time[n]!
      bad ||= !Number.isFinite(columns.value[n]!) || !(time >= earliest && time <= latest)
      bad ||= columns.series[n]! >= catalogue.seriesCount
    }
    if (bad)
      throw new Error(`input ${k} of seed ${seed} is out of bounds: ${Buffer.from(bytes).toString('base64')}`)
  }
  const after = contextFor(catalogue)
  decode(body, after)
  expect(after.columns.length).toBe(golden.length)
  expect(after.outcome.refused).toBe(0)
}

const STATSD = 'a.b:1|c|@0.5|#x:y,z\ng:-1.5|g\ns,host=a:one|s\nt:3:4:5|ms|#k:v\nh:1e3|h\n_e{1,1}:x|y\n'

/** The same for StatsD, whose packets become samples when a window ends. */
export function fuzzStatsd(count: number, seed: number): void {
  const next = random(seed)
  const window = createStatsdWindow(DEFAULT_LIMITS)
  const { catalogue } = contextFor()
  for (let k = 0; k < count; k++) {
    const bytes = mutate(Buffer.from(STATSD), next)
    const start = cpuMs()
    try {
      for (const line of Buffer.from(bytes).toString().split('\n')) {
        const parsed = parseStatsd(line)
        if (typeof parsed === 'object') window.add(parsed)
      }
      if (k % 100 === 99) {
        const context = contextFor(catalogue)
        window.flush()(context)
        for (let n = 0; n < context.columns.length; n++)
          if (!Number.isFinite(context.columns.value[n]!)) throw new Error('not a finite value')
      }
      if (cpuMs() - start > SLOW_MS) throw new Error('too slow')
    } catch (cause) {
      throw new Error(`packet ${k} of seed ${seed}: ${Buffer.from(bytes).toString('base64')}`, { cause })
    }
  }
}
