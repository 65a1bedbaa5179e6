import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ColumnsDecodeError,
  decodeTimeSeriesColumns,
  describeEntity,
  expressionText,
  type StreamTemplate,
  TimeSeriesColumnsEncoder,
} from '../../../src/wire/timeseries-columns.js'

const template: StreamTemplate = {
  metricName: 'load_1',
  alias: 'load',
  unitNumerators: ['bytes'],
  unitDenominators: ['seconds'],
  rollupUsed: 'RAW',
  expression: [
    'SELECT load_1 WHERE entityName = ',
    { quoted: 'entityName' },
    ' AND category = ',
    { plain: 'category' },
  ],
}
const head = {
  timeSeriesQuery: 'select load_1',
  startTime: '2026-01-01T00:00:00.000Z',
  endTime: '2026-01-01T01:00:00.000Z',
}
const host = (n: number) => ({
  category: 'HOST',
  entityName: `id-${n}`,
  hostname: `node-${n}`,
  rackId: '/r1',
})

interface Plain {
  times: number[]
  values: number[]
  frequency: number | null
  extremes: boolean
}

function encode(streams: Plain[], pieces = false): Uint8Array {
  const encoder = new TimeSeriesColumnsEncoder()
  const parts: Uint8Array[] = []
  encoder.beginItem(head)
  const t = encoder.addTemplate(template)
  streams.forEach((s, n) => {
    const e = encoder.addEntity(`node-${n}`, describeEntity(host(n)))
    const values = Float64Array.from(s.values)
    const extremes = s.extremes ? { min: values.map((v) => v - 1), max: values.map((v) => v + 1) } : {}
    encoder.addStream(t, e, s.frequency, {
      times: Float64Array.from(s.times),
      values,
      ...extremes,
      start: 0,
      end: values.length,
    })
    if (pieces) parts.push(encoder.take())
  })
  encoder.endItem(['careful'])
  encoder.end()
  parts.push(encoder.take())
  return new Uint8Array(Buffer.concat(parts))
}

const plain = fc
  .tuple(
    fc.array(fc.integer({ min: 0, max: 100_000 }), { maxLength: 40 }),
    fc.constantFrom(null, 0, 10_000),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([gaps, frequency, extremes, regular]): Plain => {
    let time = 1_767_225_600_000
    const times = gaps.map((gap) => (time += regular ? 10_000 : gap + 1))
    return { times, values: gaps.map((g) => g / 7), frequency, extremes }
  })

describe('columnar time-series answers', () => {
  test('any streams come back as they were, sent whole or in pieces', () => {
    fc.assert(
      fc.property(fc.array(plain, { maxLength: 12 }), fc.boolean(), (streams, pieces) => {
        const { items } = decodeTimeSeriesColumns(encode(streams, pieces))
        expect(items).toHaveLength(1)
        expect(items[0]?.warnings).toEqual(['careful'])
        expect(
          items[0]?.streams.map((s) => ({
            times: [...s.times],
            values: [...s.values],
            frequency: s.metadata.metricCollectionFrequencyMs,
            extremes: s.min !== undefined,
          })),
        ).toEqual(streams)
        for (const s of items[0]?.streams ?? [])
          if (s.min !== undefined) expect([...s.min]).toEqual([...s.values].map((v) => v - 1))
      }),
      { seed: 7, numRuns: 200 },
    )
  })

  test('metadata has every field of the JSON form', () => {
    const { items } = decodeTimeSeriesColumns(
      encode([{ times: [1], values: [2], frequency: null, extremes: false }]),
    )
    expect(JSON.parse(JSON.stringify(items[0]?.streams[0]?.metadata))).toEqual({
      metricName: 'load_1',
      entityName: 'node-0',
      startTime: head.startTime,
      endTime: head.endTime,
      attributes: host(0),
      unitNumerators: ['bytes'],
      unitDenominators: ['seconds'],
      expression: 'SELECT load_1 WHERE entityName = "id-0" AND category = HOST',
      alias: 'load',
      metricCollectionFrequencyMs: null,
      rollupUsed: 'RAW',
    })
  })

  test('40,000 streams of six points cost little more than their values', () => {
    const times = Float64Array.from({ length: 6 }, (_, i) => 1_767_225_600_000 + i * 300_000)
    const encoder = new TimeSeriesColumnsEncoder()
    encoder.beginItem(head)
    const templates = Array.from({ length: 10 }, () => encoder.addTemplate(template))
    for (let n = 0; n < 4000; n++) {
      const entity = encoder.addEntity(`node-${n}`, describeEntity(host(n)))
      const values = Float64Array.from({ length: 6 }, (_, i) => n + i)
      for (const t of templates) encoder.addStream(t, entity, 300_000, { times, values, start: 0, end: 6 })
    }
    encoder.endItem([])
    encoder.end()
    const bytes = encoder.take()
    const values = 40_000 * 6 * 8
    expect(bytes.length - values).toBeLessThan(0.6 * values)
    expect(decodeTimeSeriesColumns(bytes).items[0]?.streams).toHaveLength(40_000)
  })

  test('a cut or damaged answer is refused, never read past its end', () => {
    const whole = encode([{ times: [1, 5, 6], values: [2, 3, 4], frequency: null, extremes: true }])
    for (let length = 0; length < whole.length; length++)
      expect(() => decodeTimeSeriesColumns(whole.slice(0, length))).toThrow(ColumnsDecodeError)
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const damaged = whole.slice()
        damaged[at] = byte
        try {
          decodeTimeSeriesColumns(damaged)
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
        }
      }),
      { seed: 8, numRuns: 2000 },
    )
  })

  test('an error after the first bytes reaches the reader', () => {
    const encoder = new TimeSeriesColumnsEncoder()
    encoder.beginItem(head)
    encoder.fail('the query took longer than 30 s', 'TIME_LIMIT')
    expect(() => decodeTimeSeriesColumns(encoder.take())).toThrow(
      expect.objectContaining({ code: 'TIME_LIMIT', message: 'the query took longer than 30 s' }),
    )
  })

  test('bytes that start at an odd offset are read too', () => {
    const whole = encode([{ times: [1, 5], values: [2, 3], frequency: 0, extremes: false }])
    const shifted = new Uint8Array(whole.length + 1)
    shifted.set(whole, 1)
    expect([...(decodeTimeSeriesColumns(shifted.subarray(1)).items[0]?.streams[0]?.values ?? [])]).toEqual([
      2, 3,
    ])
  })

  test('a value with quotes stands in the expression so that it can be read again', () => {
    const text = (name: string) => expressionText([{ quoted: 'n' }], { n: name })
    expect(text('a b')).toBe('"a b"')
    expect(text('a"b')).toBe('"a\\"b"')
    expect(text('a\\"b')).toBe('"a\\\\\\"b"')
    expect(text('a\\.b')).toBe('"a\\.b"')
    expect(text('a\\')).toBe('"a\\\\"')
  })
})
