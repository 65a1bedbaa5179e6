import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  chooseDescriptor,
  inRange,
  loadDescriptors,
  ourDescriptors,
  reloadDescriptors,
} from '../../../src/manager/descriptors/index.js'
import { sdl } from './support/bundle.js'
import { greeterJar } from './support/jar.js'
import { makeZip } from './support/zip.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bw-csd-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const script = { name: 'scripts/control.sh', data: '#!/bin/sh\n' }
const jar = (content: unknown) =>
  makeZip([{ name: 'descriptor/service.sdl', data: JSON.stringify(content) }, script])
const put = (name: string, data: string | Uint8Array) => {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), data)
}
const load = () => loadDescriptors([{ path: folder }])
const forVersions = (version: string, min?: string, max?: string) =>
  jar(sdl({ version, compatibility: { cdhVersion: { min, max } } }))

describe('jars that cannot be taken are refused with the reason, and the others load', () => {
  test.each<[string, () => Uint8Array, RegExp]>([
    ['no zip', () => Buffer.from('this is not a zip'), /not a readable jar/],
    ['an empty file', () => Buffer.alloc(0), /not a readable jar/],
    ['a cut zip', () => greeterJar().subarray(0, 900), /not a readable jar/],
    ['a path that leads out', () => makeZip([{ name: '../evil.sh', data: 'x' }]), /relative path|leads out/],
    [
      'a path that leads out from inside',
      () => makeZip([{ name: 'scripts/../../evil', data: 'x' }]),
      /relative path|leads out/,
    ],
    ['an absolute path', () => makeZip([{ name: '/etc/passwd', data: 'x' }]), /absolute/],
    [
      'a backslash',
      () => makeZip([{ name: 'scripts\\..\\evil', data: 'x' }]),
      /invalid characters|backslash/,
    ],
    [
      'a file larger than it says',
      () => makeZip([{ name: 'scripts/a', data: 'x'.repeat(9999), claimedSize: 5 }]),
      /damaged/,
    ],
    [
      'a file larger than is allowed',
      () => makeZip([{ name: 'scripts/a', data: 'x', claimedSize: 900_000_000 }]),
      /too large/,
    ],
    ['a file twice', () => makeZip([script, script]), /twice/],
    [
      'too many entries',
      () => makeZip(Array.from({ length: 10_001 }, (_, i) => ({ name: `d/${i}`, data: '' }))),
      /10001 entries/,
    ],
    ['no descriptor', () => makeZip([script]), /is missing/],
  ])('%s', async (_what, make, reason) => {
    put('BAD-1.0.jar', make())
    put('GREETER-1.0.jar', greeterJar())
    const set = await load()
    expect(set.descriptors.map((each) => each.type)).toEqual(['GREETER'])
    expect(set.refused).toHaveLength(1)
    expect(set.refused[0]!.name).toBe('BAD-1.0')
    expect(set.refused[0]!.problems[0]!.message).toMatch(reason)
  })

  test('a damaged file in a jar', async () => {
    const bytes = Buffer.from(greeterJar())
    bytes.fill(0xff, 200, 400)
    put('BAD-1.0.jar', bytes)
    const set = await load()
    expect(set.descriptors).toEqual([])
    expect(set.refused[0]!.problems[0]!.code).toMatch(/BAD_JAR|BAD_JSON/)
  })

  test('a folder that does not exist holds nothing; a file in its place is refused', async () => {
    expect(await loadDescriptors([{ path: join(folder, 'gone') }])).toEqual({
      descriptors: [],
      refused: [],
      warnings: [],
    })
    put('file', 'x')
    const set = await loadDescriptors([{ path: join(folder, 'file') }])
    expect(set.refused[0]!.problems[0]!.code).toBe('UNREADABLE')
  })

  test('a folder that leads back to itself ends', async () => {
    put('LOOP/descriptor/service.sdl', JSON.stringify(sdl()))
    mkdirSync(join(folder, 'LOOP/scripts'))
    symlinkSync(join(folder, 'LOOP/scripts'), join(folder, 'LOOP/scripts/again'))
    const set = await load()
    expect(set.refused[0]!.problems[0]!.message).toMatch(/nested too deeply|ELOOP/)
  })
})

test('an unmodified third-party jar keeps what is not known and coerces what is', async () => {
  put('GREETER-1.0.jar', greeterJar())
  const set = await load()
  const [greeter] = set.descriptors
  expect(set.warnings.map((each) => [each.code, each.path])).toEqual([
    ['UNKNOWN_TYPE', 'roles[0].configWriter.generators[3].configFormat'],
  ])
  expect(greeter).toMatchObject({
    version: '1',
    icon: 'images/greeter.svg',
    inExpressWizard: true,
    compatibility: { generation: 1, cdhVersion: { min: '5', max: undefined } },
    source: { someNewerField: { kept: ['as', 'it', 'is'] } },
    serviceDependencies: [
      { type: 'ZOOKEEPER', required: false },
      { type: 'HDFS', required: false },
    ],
  })
  expect(greeter!.files.map((each) => each.path)).toEqual([
    'aux/client/env.sh',
    'aux/server.cjs',
    'scripts/cc.sh',
    'scripts/control.sh',
  ])
  const names = greeter!.roles[0]!.parameters.map((each) => each.name)
  for (const made of [
    'log_dir',
    'log_threshold',
    'max_log_size',
    'max_log_backup_index',
    'log4j_safety_valve',
    'process_auto_restart',
    'GREETER_SERVER_role_env_safety_valve',
    'params.properties_role_safety_valve',
    'conf/live.xml_role_safety_valve',
    'greeter-env.sh_role_safety_valve',
    'rm_cpu_shares',
    'rm_memory_hard_limit',
    'greeter_server_fd_thresholds',
    'unexpected_exits_window',
  ])
    expect(names).toContain(made)
  expect(greeter!.parameters.map((each) => each.name)).toEqual(
    expect.arrayContaining([
      'process_username',
      'process_groupname',
      'zookeeper_service',
      'hdfs_service',
      'GREETER_service_env_safety_valve',
    ]),
  )
  expect(greeter!.gateway!.parameters.map((each) => each.name)).toEqual(
    expect.arrayContaining([
      'client_config_root_dir',
      'client_config_priority',
      'greeter-conf/client.xml_client_config_safety_valve',
    ]),
  )
  expect(Object.isFrozen(greeter!.roles[0]!.parameters[0])).toBe(true)
})

test('integers that a double cannot hold are kept', async () => {
  put(
    'A.jar',
    makeZip([
      {
        name: 'descriptor/service.sdl',
        data: `{"name":"A","label":"A","description":"","version":1,"parameters":[
        {"name":"p","label":"P","description":"","type":"long","default":9223372036854775807}]}`,
      },
    ]),
  )
  const { descriptors } = await load()
  expect(descriptors[0]!.parameters[0]!.default).toBe('9223372036854775807')
})

describe('several jars of one type', () => {
  test('the range of cluster versions decides, then the highest version', async () => {
    put('DEMO-a.jar', forVersions('1', '5', '5.4'))
    put('DEMO-b.jar', forVersions('2', '5.4.0', '5'))
    put('DEMO-c.jar', forVersions('2.10', '5.4.0', '5'))
    put('DEMO-d.jar', forVersions('3', '6'))
    const { descriptors, refused } = await load()
    expect(refused.map((each) => each.name)).toEqual([])
    const version = (cluster: string) => chooseDescriptor(descriptors, 'DEMO', cluster)?.version
    expect([
      version('5.3.9'),
      version('5.4.0'),
      version('5.16.2'),
      version('6.0.0'),
      version('7.1.7'),
    ]).toEqual(['1', '2.10', '2.10', '3', '3'])
    expect(version('4.8.6')).toBeUndefined()
    expect(chooseDescriptor(descriptors, 'GONE', '5.4.0')).toBeUndefined()
  })

  test.each([
    ['5', '5.0.0', '5', true],
    ['5', '5.99.3', '5', true],
    ['5', '6.0.0', '5', false],
  ])('a bare major as max: %s, %s', (min, version, max, fits) => {
    expect(inRange(version, { min, max: max === '5' ? '6.0.0' : max })).toBe(fits)
  })

  test('the same version for the same clusters twice is a conflict', async () => {
    put('DEMO-1.jar', jar(sdl()))
    put('DEMO-2.jar', jar(sdl()))
    const set = await load()
    expect(set.descriptors).toHaveLength(1)
    expect(set.refused[0]).toMatchObject({ name: 'DEMO-2', type: 'DEMO' })
    expect(set.refused[0]!.problems[0]).toMatchObject({ code: 'CONFLICT' })
  })

  test('a jar cannot take the name of a type that comes with us', async () => {
    put('ZOOKEEPER-9.jar', jar(sdl({ name: 'ZOOKEEPER', version: '9' })))
    const set = await loadDescriptors([{ path: ourDescriptors(), builtIn: true }, { path: folder }])
    expect(chooseDescriptor(set.descriptors, 'ZOOKEEPER', '7.1.7')!.origin.builtIn).toBe(true)
    expect(set.refused[0]!.problems[0]!.message).toContain('built in')
  })
})

test('a reload tells what was added, changed, removed and refused, and which services are stranded', async () => {
  put('A.jar', jar(sdl({ name: 'A' })))
  put('B.jar', jar(sdl({ name: 'B' })))
  put('C.jar', jar(sdl({ name: 'C' })))
  put('D.jar', jar(sdl({ name: 'D' })))
  const before = await load()
  put('B.jar', jar(sdl({ name: 'B', compatibility: { generation: 2 } })))
  rmSync(join(folder, 'C.jar'))
  put('D.jar', 'broken')
  put('E.jar', jar(sdl({ name: 'E' })))
  const { set, changes } = await reloadDescriptors(
    before,
    [{ path: folder }],
    [
      { name: 'a1', type: 'A', generation: 1 },
      { name: 'b1', type: 'B', generation: 1 },
      { name: 'c1', type: 'C', generation: 1 },
    ],
  )
  const types = (list: readonly { type: string | undefined }[]) => list.map((each) => each.type)
  expect(types(set.descriptors)).toEqual(['A', 'B', 'E'])
  expect(types(changes.added)).toEqual(['E'])
  expect(types(changes.changed)).toEqual(['B'])
  expect(types(changes.removed)).toEqual(['C', 'D'])
  expect(changes.refused.map((each) => each.name)).toEqual(['D'])
  expect(changes.stranded).toEqual([
    { name: 'b1', type: 'B', generation: 1, reason: 'OTHER_GENERATION' },
    { name: 'c1', type: 'C', generation: 1, reason: 'NO_DESCRIPTOR' },
  ])
})
