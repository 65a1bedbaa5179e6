import { describe, expect, test } from 'vitest'
import { contextFor, type Decoded } from './support/decode.js'
import { FORMATS } from './support/formats.js'
import { GOLDEN } from './support/golden.js'

const order = (samples: Decoded[]) =>
  [...samples].sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))

describe.each(FORMATS)('$name', ({ name, expresses, encode, decoder }) => {
  const golden = GOLDEN.filter(({ sent }) => expresses(sent))
  const expected = order(
    golden.map(({ sent, stored }) => ({ ...stored, time: sent.time, value: sent.value })),
  )

  test.each(golden)('$what', ({ sent, stored }) => {
    const context = contextFor()
    decoder()(encode([sent]), context)
    expect(context.outcome.list).toEqual([])
    expect(context.samples()).toEqual([{ ...stored, time: sent.time, value: sent.value }])
  })

  test('all golden samples in one body, and again from the cache', () => {
    const decode = decoder()
    const context = contextFor()
    const body = encode(golden.map(({ sent }) => sent))
    decode(body, context)
    expect(order(context.samples())).toEqual(expected)
    const series = context.catalogue.seriesCount
    const { registered } = context.registrar

    context.columns.length = 0
    decode(body, context)
    expect(order(context.samples())).toEqual(expected)
    expect(context.catalogue.seriesCount).toBe(series)
    expect(context.registrar.registered).toBe(registered)
  })

  test('an empty or meaningless body stores nothing', () => {
    const context = contextFor()
    try {
      decoder()(new Uint8Array(0), context)
    } catch (error) {
      expect((error as Error).name).toBe('MalformedBodyError')
    }
    expect(context.columns.length).toBe(0)
  })

  test('a body cut off anywhere is malformed, or gives some of its samples as they were sent', () => {
    // A line is read without its end too, so that of a text with a cut number nothing can be said.
    const exact = !/line protocol|plaintext/.test(name)
    const text = (one: Decoded) =>
      JSON.stringify({ ...one, attributes: Object.entries(one.attributes).sort() })
    const whole = new Set(expected.map(text))
    const body = encode(golden.map(({ sent }) => sent))
    const decode = decoder()
    const { catalogue } = contextFor()
    for (let end = 0; end < body.length; end += 3) {
      const context = contextFor(catalogue)
      try {
        decode(Uint8Array.from(body.subarray(0, end)), context)
      } catch (error) {
        expect((error as Error).name).toBe('MalformedBodyError')
      }
      const found = context.samples().map(text)
      expect(found.length).toBeLessThanOrEqual(expected.length)
      if (exact) expect(found.filter((one) => !whole.has(one))).toEqual([])
    }
  })

  test('samples too far in the future or the past are refused, the others kept', () => {
    const good = golden[0]!.sent
    const context = contextFor()
    // The native encoder finds entities by the golden sample, so the limits move instead of the sample.
    decoder()(encode([good]), { ...context, latest: good.time - 1 })
    decoder()(encode([good]), { ...context, earliest: good.time + 1 })
    expect(context.columns.length).toBe(0)
    expect([...context.outcome.byReason]).toEqual([
      ['time-future', 1],
      ['time-past', 1],
    ])
    decoder()(encode([good]), { ...context, earliest: good.time, latest: good.time })
    expect(context.columns.length).toBe(1)
  })

  test('more samples than a request may have are refused as a whole', () => {
    const context = contextFor(undefined, { samplesPerRequest: 1 })
    expect(() => decoder()(encode(golden.map(({ sent }) => sent)), context)).toThrow(/samplesPerRequest/)
  })

  test('more new series than a request may have are refused as a whole', () => {
    const context = contextFor(undefined, { newSeriesPerRequest: 1 })
    expect(() => decoder()(encode(golden.map(({ sent }) => sent)), context)).toThrow(/newSeriesPerRequest/)
  })
})

/** The agent's own format: test/ingest/native.test.ts. */
describe.each(FORMATS.filter(({ name }) => name !== 'native batch'))(
  'a giant label: $name',
  ({ expresses, encode, decoder }) => {
    const golden = GOLDEN.filter(({ sent }) => expresses(sent))

    test('loses its own series', () => {
      const labelled = golden.find(({ sent }) => Object.keys(sent.labels).length > 0)!.sent
      const [key] = Object.keys(labelled.labels) as [string]
      const context = contextFor()
      decoder()(
        encode([labelled, { ...labelled, labels: { ...labelled.labels, [key]: 'x'.repeat(1_000_000) } }]),
        context,
      )
      expect(context.samples()).toHaveLength(1)
      expect([...context.outcome.byReason]).toEqual([['label-length', 1]])
      expect(context.outcome.list[0]!.excerpt.length).toBeLessThan(200)
    })
  },
)
