import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  effectiveConfig,
  hostConfig,
  initialValues,
  MAX_VALUE_LENGTH,
  type Parameter,
  parameter,
  roleConfig,
  uniqueIds,
  validateConfig,
  validateValue,
} from '../../../src/manager/descriptors/index.js'
import { codePoint } from '../../code-points.js'
import { cpuMs } from '../../cpu-time.js'
import { ourType } from './support/model.js'

const of = (type: Parameter['type'], more: Partial<Parameter> = {}) =>
  parameter({ name: 'p', label: 'P', type, scope: 'ROLE', ...more })
const codes = (each: Parameter, value: string | undefined) =>
  validateValue(each, value).map((message) => `${message.level} ${message.code}`)

const list = of('string_array', { separator: ';', minLength: 1, maxLength: 2 })
const bounded = of('long', { min: 1, softMin: 10, softMax: 100, max: 1000, unit: 'seconds' })
const percent = of('double', { min: 0, max: 1 })
const xmlValve = of('text', { purpose: 'FILE_SAFETY_VALVE', file: 'a.xml' })
const envValve = of('text', { purpose: 'ENV_SAFETY_VALVE' })

describe('a value is checked against its parameter', () => {
  test.each<[string, Parameter, string | undefined, string[]]>([
    ['a number', bounded, '50', []],
    ['the bounds themselves', bounded, '1000', ['WARNING RATHER_LARGE']],
    ['below the hard bound', bounded, '0', ['ERROR TOO_SMALL']],
    ['below the soft bound', bounded, '9', ['WARNING RATHER_SMALL']],
    ['above the hard bound', bounded, '1001', ['ERROR TOO_LARGE']],
    ['a fraction of a whole', bounded, '1.5', ['ERROR NOT_WHOLE']],
    ['a unit in the value', bounded, '50s', ['ERROR NOT_A_NUMBER']],
    ['hexadecimal', bounded, '0x10', ['ERROR NOT_A_NUMBER']],
    ['blanks', bounded, ' 50 ', ['ERROR NOT_A_NUMBER']],
    ['the largest long', of('long', { max: 2 ** 63 }), '9223372036854775807', []],
    ['one more than the largest', of('long'), '9223372036854775808', ['ERROR TOO_LARGE']],
    ['far too many digits', of('long'), '9'.repeat(100_000), ['ERROR TOO_LARGE']],
    ['one above an exact bound', of('long', { max: 2 ** 53 }), '9007199254740993', ['ERROR TOO_LARGE']],
    ['nothing, not required', bounded, undefined, []],
    ['nothing, required', of('long', { required: true }), undefined, ['ERROR MISSING']],
    ['empty, required', of('string', { required: true }), '', ['ERROR MISSING']],
    ['empty, not required', of('long'), '', []],
    ['a double', percent, '0.999', []],
    ['an exponent', percent, '1e-3', []],
    ['infinity', percent, 'Infinity', ['ERROR NOT_A_NUMBER']],
    ['a double out of bounds', percent, '1.01', ['ERROR TOO_LARGE']],
    ['a port', of('port'), '8080', []],
    ['port 0', of('port'), '0', ['ERROR TOO_SMALL']],
    ['port 0, allowed', of('port', { zeroAllowed: true }), '0', []],
    ['port -1, allowed', of('port', { negativeOneAllowed: true }), '-1', []],
    ['a port too high', of('port'), '65536', ['ERROR TOO_LARGE']],
    ['true', of('boolean'), 'true', []],
    ['yes', of('boolean'), 'yes', ['ERROR NOT_A_BOOLEAN']],
    ['one of the choices', of('string_enum', { validValues: ['a', 'b'] }), 'a', []],
    ['none of the choices', of('string_enum', { validValues: ['a', 'b'] }), 'A', ['ERROR NOT_ALLOWED']],
    ['a match', of('string', { conformRegex: '[a-z]+' }), 'abc', []],
    ['a match of a part only', of('string', { conformRegex: 'a|b' }), 'ab', ['ERROR NO_MATCH']],
    ['too short', of('string', { minLength: 3 }), 'ab', ['ERROR LENGTH']],
    ['a path', of('path', { pathType: 'localDataDir' }), '/data/1', []],
    ['a relative path', of('path', { pathType: 'localDataDir' }), 'data', ['ERROR NOT_A_PATH']],
    ['a path of two lines', of('path', { pathType: 'localDataDir' }), '/a\n/b', ['ERROR NOT_A_PATH']],
    ['a path of the service’s own', of('path', { pathType: 'serviceSpecific' }), 'hdfs:x', []],
    ['paths', of('path_array', { pathType: 'localDataDir' }), '/a, /b', []],
    [
      'one of the paths relative',
      of('path_array', { pathType: 'localDataDir' }),
      '/a,b',
      ['ERROR NOT_A_PATH'],
    ],
    ['a list', list, 'a;b', []],
    ['a list too long', list, 'a;b;c', ['ERROR LENGTH']],
    ['an empty element', list, 'a;', ['WARNING LENGTH']],
    ['an empty path', of('path_array', { pathType: 'localDataDir' }), '/a,', ['ERROR LENGTH']],
    ['a URI', of('uri', { allowedSchemes: ['http'] }), 'http://h:1/x', []],
    ['a scheme not allowed', of('uri', { allowedSchemes: ['http'] }), 'ftp://h/', ['ERROR NOT_A_URI']],
    ['no URI', of('uri'), 'h:1 x', ['ERROR NOT_A_URI']],
    ['a bare host name', of('uri'), 'h1.example.com', []],
    ['an opaque URI', of('uri', { opaque: true, allowedSchemes: ['mailto'] }), 'mailto:a@b', []],
    [
      'an opaque URI, not allowed',
      of('uri', { allowedSchemes: ['mailto'] }),
      'mailto:a@b',
      ['ERROR NOT_A_URI'],
    ],
    ['an escape of Java’s', of('string', { conformRegex: 'a\\_b' }), 'a_b', []],
    ['URIs', of('uri_array'), 'http://a/,no thing', ['ERROR NOT_A_URI']],
    ['thresholds', of('thresholds'), '{"warning":"any","critical":"70.5"}', []],
    ['half of the thresholds', of('thresholds'), '{"warning":"any"}', ['ERROR NOT_ALLOWED']],
    ['thresholds that are no JSON', of('thresholds'), 'any', ['ERROR NOT_ALLOWED']],
    ['thresholds that are null', of('thresholds'), 'null', ['ERROR NOT_ALLOWED']],
    ['environment', envValve, '# comment\nA=1\n\nB=x y=z\n', []],
    ['a line that sets nothing', envValve, 'A=1\nexport B\n', ['ERROR BAD_TEXT']],
    ['properties for XML', xmlValve, '<!-- why --><property><name>a</name><value>b</value></property>', []],
    ['XML that would break the file', xmlValve, '<property><name>a</name>', ['ERROR BAD_TEXT']],
    ['the end of the file', xmlValve, '</configuration>', ['ERROR BAD_TEXT']],
    ['a zero byte', of('string'), 'a\0b', ['ERROR BAD_TEXT']],
    ['half of a character', of('string'), 'a\ud800', ['ERROR BAD_TEXT']],
    ['a text too long', of('text'), 'x'.repeat(MAX_VALUE_LENGTH + 1), ['ERROR LENGTH']],
  ])('%s', (_what, each, value, expected) => {
    expect(codes(each, value)).toEqual(expected)
  })

  test('the message names the parameter and what is allowed', () => {
    expect(validateValue(bounded, '0')[0]!.text).toBe('P: must be at least 1 (a plain number of seconds)')
  })

  test('a sensitive value is not repeated', () => {
    const messages = validateValue(of('password', { sensitive: true, conformRegex: '[0-9]+' }), 'hunter2')
    expect(messages).toHaveLength(1)
    expect(JSON.stringify(messages)).not.toContain('hunter2')
  })

  test('a hostile safety valve is checked in no time', () => {
    const text = '<!--'.repeat(200_000)
    const begin = cpuMs()
    expect(codes(xmlValve, text)).toEqual(['ERROR BAD_TEXT'])
    expect(codes(xmlValve, '<property>'.repeat(100_000))).toEqual(['ERROR BAD_TEXT'])
    expect(codes(xmlValve, `<property>${'<name>a</name>'.repeat(70_000)}`)).toEqual(['ERROR BAD_TEXT'])
    expect(cpuMs() - begin).toBeLessThan(5000)
  })

  test('no value of any type crashes the check', () => {
    const types = [
      'string',
      'password',
      'long',
      'double',
      'port',
      'memory',
      'boolean',
      'path',
      'path_array',
      'string_array',
      'uri',
      'uri_array',
      'thresholds',
      'text',
      'provided',
    ] as const
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.string({ unit: codePoint }), (type, value) => {
        for (const message of validateValue(of(type, { required: true }), value))
          expect(message.text).not.toBe('')
      }),
      { numRuns: 500 },
    )
  })
})

describe('the cascade', () => {
  const heap = of('long', { name: 'heap', default: '1' })
  const motto = parameter({ name: 'motto', label: 'M', type: 'string', scope: 'SERVICE' })

  test('role before group before default, and the service for its own; each value says where it is from', () => {
    const at = (role?: string, group?: string) =>
      roleConfig([heap, motto], {
        service: { motto: 'all', heap: 'not here' },
        group: { heap: group },
        role: { heap: role, motto: 'nor here' },
      })
    expect(at().get('heap')).toMatchObject({ value: '1', source: 'DEFAULT', covers: [] })
    expect(at(undefined, '2').get('heap')).toMatchObject({ value: '2', source: 'GROUP' })
    expect(at('3', '2').get('heap')).toMatchObject({
      value: '3',
      source: 'ROLE',
      covers: [
        { source: 'GROUP', value: '2' },
        { source: 'DEFAULT', value: '1' },
      ],
    })
    expect(at().get('motto')).toMatchObject({ value: 'all', source: 'SERVICE' })
  })

  test('an empty text is a value; what is not set is none', () => {
    expect(effectiveConfig([heap], [{ source: 'ROLE', values: { heap: '' } }]).get('heap')!.value).toBe('')
    expect(effectiveConfig([motto], []).get('motto')).toMatchObject({ value: undefined, source: 'DEFAULT' })
  })

  test('a host before all hosts', () => {
    const both = hostConfig([heap], { allHosts: { heap: '5' }, host: { heap: '6' } })
    expect(both.get('heap')).toMatchObject({ value: '6', source: 'HOST' })
    const all = hostConfig([heap], { allHosts: { heap: '5' }, host: {} })
    expect(all.get('heap')).toMatchObject({ value: '5', source: 'ALL_HOSTS' })
  })

  test('names from a prototype are no values', () => {
    const odd = of('string', { name: 'constructor' })
    expect(effectiveConfig([odd], [{ source: 'ROLE', values: {} }]).get('constructor')!.value).toBeUndefined()
  })

  test('what the service type fixes cannot be set', () => {
    const fixed = of('path', { name: 'log_dir', default: '/var/log/x', fixed: true })
    const config = effectiveConfig([fixed], [{ source: 'ROLE', values: { log_dir: '/other' } }])
    expect(config.get('log_dir')).toMatchObject({ value: '/var/log/x', source: 'DEFAULT' })
  })

  test('the defaults of our own service types are good, but for what has to be given', async () => {
    const missing: string[] = []
    for (const type of ['ZOOKEEPER', 'HDFS', 'PROCESS', 'MGMT']) {
      const descriptor = await ourType(type)
      for (const each of [
        descriptor,
        ...descriptor.roles,
        ...(descriptor.gateway ? [descriptor.gateway] : []),
      ])
        for (const message of validateConfig(effectiveConfig(each.parameters, [])))
          missing.push(`${type} ${message.parameter} ${message.code}`)
    }
    expect(missing).toEqual([
      'ZOOKEEPER serverId MISSING',
      'HDFS namenode_id MISSING',
      'PROCESS command MISSING',
    ])
  })
})

describe('values that are made', () => {
  test('unique ids fill the gaps', async () => {
    const [server] = (await ourType('ZOOKEEPER')).roles
    expect(uniqueIds(server!, [])).toEqual({ serverId: '1' })
    expect(uniqueIds(server!, [{ serverId: '1' }, { serverId: '3' }, {}])).toEqual({ serverId: '2' })
  })

  test('random texts are 30 bytes in base64', () => {
    const seed = of('string', { name: 'seed', initType: 'randomBase64' })
    const made = initialValues([seed, of('string')], (bytes) => new Uint8Array(bytes).fill(7))
    expect(Buffer.from(made.seed!, 'base64')).toHaveLength(30)
    expect(Object.keys(made)).toEqual(['seed'])
  })
})
