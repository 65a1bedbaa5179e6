import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLineProtocolDecoder } from '../../src/ingest/formats/line-protocol.js'
import { DEFAULT_LIMITS } from '../../src/ingest/limits.js'
import { type Bench, contextFor, NOW } from './support/decode.js'
import { MemoryCatalogue } from './support/memory-catalogue.js'

function decode(text: string | Uint8Array, precision = 'ns', context = contextFor()): Bench {
  createLineProtocolDecoder(DEFAULT_LIMITS)(
    typeof text === 'string' ? Buffer.from(text) : text,
    precision,
    context,
  )
  return context
}

const NS = `${NOW}000000`
const values = (text: string) =>
  decode(text)
    .samples()
    .map((s) => s.value)

describe('what is taken', () => {
  test('the field is part of the metric, unless it is called value', () => {
    const { samples } = decode(`disk,host=a used=1i,Free.Space=2,value=3 ${NS}`)
    expect(samples().map((s) => s.metric)).toEqual(['disk_used', 'disk_free_space', 'disk'])
    expect(samples().map((s) => s.entityName)).toEqual(Array(3).fill('hostname=a'))
  })

  test.each([
    ['1', 1],
    ['-1', -1],
    ['+1', 1],
    ['1i', 1],
    ['-12i', -12],
    ['7u', 7],
    ['1.', 1],
    ['.5', 0.5],
    ['-0.0', -0],
    ['1e3', 1000],
    ['1.5E-3', 0.0015],
    ['1e+2', 100],
    ['0.1', 0.1],
    ['123456789012345678i', 123456789012345680],
    ['9223372036854775807i', 2 ** 63],
    ['3.141592653589793', Math.PI],
    ['0.000000000000000000001', 1e-21],
    ['t', 1],
    ['T', 1],
    ['true', 1],
    ['True', 1],
    ['TRUE', 1],
    ['f', 0],
    ['False', 0],
  ])('%s is %d', (text, value) => expect(values(`m v=${text} ${NS}`)).toEqual([value]))

  test('every double is read as written', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(values(`m v=${Object.is(value, -0) ? '-0' : value} ${NS}`)).toEqual([value])
      }),
      { numRuns: 2000 },
    )
  })

  test('strings are skipped and counted, with whatever they hold', () => {
    const context = decode(`m s="a, b=c \\"x\\" \n second line",v=1 ${NS}\nm s="only" ${NS}\n`)
    expect(context.samples().map((s) => [s.metric, s.value])).toEqual([['m_v', 1]])
    expect(context.outcome.refused).toBe(0)
    expect(context.outcome.skipped.get('string')).toBe(2)
  })

  test.each([
    ['ns', `${NOW}123456`, NOW],
    ['n', `${NOW}000000`, NOW],
    ['us', `${NOW}999`, NOW],
    ['u', `${NOW}000`, NOW],
    ['ms', `${NOW}`, NOW],
    ['s', `${NOW / 1000}`, NOW],
    ['m', `${Math.floor(NOW / 60_000)}`, Math.floor(NOW / 60_000) * 60_000],
    ['h', `${Math.floor(NOW / 3_600_000)}`, Math.floor(NOW / 3_600_000) * 3_600_000],
  ])('time in %s', (precision, time, expected) =>
    expect(decode(`m v=1 ${time}`, precision).samples()[0]!.time).toBe(expected),
  )

  test('a line without a time is stamped on arrival, and counted so', () => {
    const context = decode('m v=1\nm v=2   \n')
    expect(context.samples().map((s) => s.time)).toEqual([NOW, NOW])
    expect(context.outcome.timesMissing).toBe(2)
  })

  test('comments, empty lines, blanks and CRLF', () => {
    const context = decode(`# comment, a=b\r\n\r\n\n  m v=1 ${NS}\r\n\tm  v=2  ${NS}  \r\nm v=3\r\n#end`)
    expect(context.samples().map((s) => s.value)).toEqual([1, 2, 3])
    expect(context.outcome.refused).toBe(0)
  })

  test('escapes in measurement, tags and fields', () => {
    const context = decode(`a\\ b\\,c,t\\ ag\\,x\\=y=v\\ 1\\,2\\=3,w=C:\\dir fi\\=eld\\ 1=5 ${NS}`)
    expect(context.samples()[0]).toMatchObject({
      metric: 'a_b_c_fi_eld_1',
      attributes: { 't ag,x=y': 'v 1,2=3', w: 'C:\\dir' },
    })
  })

  test('other fields, orders, times and line breaks, and other lines between, do not mix up series', () => {
    const decoder = createLineProtocolDecoder(DEFAULT_LIMITS)
    const context = contextFor()
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            host: fc.integer({ min: 0, max: 5 }),
            measurement: fc.constantFrom('cpu', 'disk', 'cp'),
            fields: fc.uniqueArray(
              fc.constantFrom('a', 'ab', 'abc', 'b', 'value', 'longer_name', 'longer_nama', 'l0nger_name'),
              {
                minLength: 1,
              },
            ),
            // None: the time of arrival.
            late: fc.constantFrom(undefined, 0, 0, 0, 1, 1_000),
            end: fc.constantFrom('', '', '', ' ', '\r'),
          }),
          { minLength: 1, maxLength: 20 },
        ),
        (lines) => {
          context.columns.length = 0
          const text = lines.map(
            ({ host, measurement, fields, late, end }, k) =>
              `${measurement},host=h${host} ${fields.map((f, n) => `${f}=${k * 100 + n}`).join(',')}${late === undefined ? '' : ` ${NOW - late}000000`}${end}`,
          )
          decoder(Buffer.from(text.join('\n')), 'ns', context)
          expect(context.samples().map((s) => [s.metric, s.entityName, s.value, s.time])).toEqual(
            lines.flatMap(({ host, measurement, fields, late = 0 }, k) =>
              fields.map((f, n) => [
                f === 'value' ? measurement : `${measurement}_${f}`,
                `hostname=h${host}`,
                k * 100 + n,
                NOW - late,
              ]),
            ),
          )
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('what is refused', () => {
  const LONG = 'x'.repeat(3000)
  test.each([
    ['no fields', 'cpu', 'syntax'],
    ['no fields behind tags', 'cpu,host=a', 'syntax'],
    ['no measurement', ',host=a v=1', 'name'],
    ['a tag without a value', 'cpu,host= v=1', 'syntax'],
    ['a tag without a name', 'cpu,=a v=1', 'syntax'],
    ['a tag without =', 'cpu,host v=1', 'syntax'],
    ['a tag twice', 'cpu,a=1,a=2 v=1', 'label-duplicate'],
    ['a field without a value', 'cpu v=', 'syntax'],
    ['a field without a name', 'cpu =1', 'syntax'],
    ['a field without =', 'cpu v', 'syntax'],
    ['a comma at the end', 'cpu v=1,', 'syntax'],
    ['two commas', 'cpu v=1,,w=2', 'syntax'],
    ['a word as value', 'cpu v=abc', 'syntax'],
    ['NaN', 'cpu v=NaN', 'syntax'],
    ['infinity', 'cpu v=inf', 'syntax'],
    ['minus alone', 'cpu v=-', 'syntax'],
    ['a dot alone', 'cpu v=.', 'syntax'],
    ['an exponent without digits', 'cpu v=1e', 'syntax'],
    ['a negative unsigned', 'cpu v=-1u', 'syntax'],
    ['something behind an integer', 'cpu v=1ix', 'syntax'],
    ['beyond a double', 'cpu v=1e999', 'value'],
    ['a string that is not closed', 'cpu v="abc', 'syntax'],
    ['a time that is no number', 'cpu v=1 tomorrow', 'syntax'],
    ['a time with a fraction', 'cpu v=1 1.5', 'syntax'],
    ['something behind the time', `cpu v=1 ${NS} x`, 'syntax'],
    ['too far in the future', `cpu v=1 ${NOW + 7_200_000}000000`, 'time-future'],
    ['far in the past', 'cpu v=1 1000000000', 'time-past'],
    ['a negative time', 'cpu v=1 -5', 'time-past'],
    ['a time of thirty digits', `cpu v=1 ${'9'.repeat(30)}`, 'time-future'],
    ['seconds sent as nanoseconds', `cpu v=1 ${NOW / 1000}`, 'time-past'],
    ['a tag value that is too long', `cpu,a=${LONG} v=1`, 'label-length'],
    ['a tag name that is too long', `cpu,${LONG}=a v=1`, 'label-length'],
    ['a measurement that is too long', `${LONG} v=1`, 'label-length'],
    ['a field name that is too long', `cpu ${LONG}=1`, 'label-length'],
    ['too many tags', `cpu${Array.from({ length: 65 }, (_, k) => `,t${k}=1`).join('')} v=1`, 'label-count'],
    ['tags that are too long together', `cpu,a=${'x'.repeat(20_000)} v=1`, 'label-length'],
    ['a name of which nothing is left', '... v=1', 'name'],
  ])('%s: the line is refused, those around it are stored', (_, line, reason) => {
    const context = decode(`good v=1 ${NS}\n${line === '... v=1' ? '... value=1' : line}\ngood v=2 ${NS}\n`)
    expect(context.samples().map((s) => s.value)).toEqual([1, 2])
    expect([...context.outcome.byReason]).toEqual([[reason, 1]])
    expect(context.outcome.list).toHaveLength(1)
    expect(context.outcome.list[0]).toMatchObject({ position: 2, offset: `good v=1 ${NS}\n`.length, reason })
  })

  test('a bad field takes back the fields before it', () => {
    expect(
      decode(`m a=1,b=2,c=x ${NS}\nm d=4 ${NS}`)
        .samples()
        .map((s) => s.metric),
    ).toEqual(['m_d'])
  })

  test('names that are not UTF-8', () => {
    const context = decode(
      Buffer.concat([Buffer.from('m,a='), Buffer.from([0xff, 0xfe]), Buffer.from(' v=1')]),
    )
    expect([...context.outcome.byReason]).toEqual([['encoding', 1]])
  })

  test('lines are counted on through strings with line breaks', () => {
    const context = decode(`m s="1\n2\n3" ${NS}\nbad\n`)
    expect(context.outcome.list[0]).toMatchObject({ position: 4, excerpt: 'bad' })
  })

  test('the list is bounded, the count is not, and excerpts are printable', () => {
    const context = decode('\u001b[31mbad\u0007\n'.repeat(1000))
    expect(context.outcome.refused).toBe(1000)
    expect(context.outcome.list).toHaveLength(DEFAULT_LIMITS.listedRefusals)
    expect(context.outcome.list[0]!.excerpt).toBe('·[31mbad·')
  })

  test('series beyond the limit of the catalogue; known ones go on', () => {
    const limited = contextFor(new MemoryCatalogue(2))
    decode(`m,h=1 v=1 ${NS}\nm,h=2 v=2 ${NS}\nm,h=3 v=3 ${NS}\nm,h=1 v=4 ${NS}`, 'ns', limited)
    expect(limited.samples().map((s) => s.value)).toEqual([1, 2, 4])
    expect(limited.outcome.list[0]).toMatchObject({ reason: 'catalogue-limit', position: 3 })
  })
})
