import { beforeAll, describe, expect, test } from 'vitest'
import type { ServiceDescriptor } from '../../../src/manager/descriptors/index.js'
import { differences, generateRole } from '../../../src/manager/generate/index.js'
import { readGreeter } from './support/jar.js'
import { inputFor, type ServiceSpec, serviceOf } from './support/model.js'

let greeter: ServiceDescriptor
beforeAll(async () => {
  greeter = await readGreeter()
})

const role = { type: 'GREETER_SERVER', hostname: 'h1' }
const make = async (spec: ServiceSpec = {}) =>
  generateRole(await inputFor(serviceOf(greeter, { roles: [role], ...spec })))
const withRole = (config: Record<string, string>) => make({ roles: [{ ...role, config }] })
const change = async (before: ServiceSpec, after: ServiceSpec) =>
  differences(await make(before), await make(after))

describe('a running role and what would be generated now', () => {
  test('nothing changed', async () => {
    expect(await change({}, {})).toEqual({ staleness: 'FRESH', files: [], settings: [] })
  })

  test('a setting that goes into a file makes it stale, and the file is named with both contents', async () => {
    const result = differences(await make(), await withRole({ port_num: '9' }))
    expect(result.staleness).toBe('STALE')
    expect(result.files.map((each) => [each.path, each.change, each.refreshable])).toEqual([
      ['conf/live.xml', 'CHANGED', true],
      ['greeter.gflags', 'CHANGED', false],
      ['params.properties', 'CHANGED', false],
      ['peers.properties', 'CHANGED', false],
    ])
    expect(Buffer.from(result.files[2]!.before!).toString()).toContain('greeter.port=8080')
    expect(Buffer.from(result.files[2]!.after!).toString()).toContain('greeter.port=9')
  })

  test('a change of refreshable files alone can be refreshed', async () => {
    const valve = { 'conf/live.xml_role_safety_valve': '<property><name>a</name><value>b</value></property>' }
    const result = differences(await make(), await withRole(valve))
    expect(result.staleness).toBe('STALE_REFRESHABLE')
    expect(result.files.map((each) => each.path)).toEqual(['conf/live.xml'])
  })

  test('environment, user and limits are settings that need a restart', async () => {
    const result = await change(
      {},
      {
        config: { process_username: 'other', GREETER_service_env_safety_valve: 'NEW=1' },
        roles: [{ ...role, config: { rlimit_fds: '10' } }],
      },
    )
    expect(result.staleness).toBe('STALE')
    expect(result.settings.map((each) => [each.name, each.before, each.after])).toEqual(
      expect.arrayContaining([
        ['user', 'greeter', 'other'],
        ['environment.NEW', undefined, '1'],
        ['limits.openFiles', undefined, '10'],
      ]),
    )
  })

  test('a restart policy or a time-out makes nothing stale', async () => {
    const result = differences(
      await make(),
      await withRole({
        process_auto_restart: 'true',
        graceful_stop_timeout: '1',
        log_directory_free_space_absolute_thresholds: '{}',
      }),
    )
    expect(result.staleness).toBe('FRESH')
  })

  test('a secret that changed makes it stale and is not shown', async () => {
    const result = await change(
      { config: { plain_secret: 'first1' } },
      { config: { plain_secret: 'second2' } },
    )
    expect(result.staleness).toBe('STALE')
    expect(result.files.map((each) => each.path)).toEqual(['params.properties'])
    const shown = Buffer.concat([result.files[0]!.before!, result.files[0]!.after!]).toString()
    expect(shown).not.toMatch(/first1|second2/)
  })

  test('files that come and go', async () => {
    const before = await make()
    const after = await make({ config: { api_key: 'x' } })
    const names = (list: typeof result.files) => list.map((each) => `${each.change} ${each.path}`)
    const result = differences(before, after)
    expect(names(result.files)).toContain('ADDED altscripts/api_key.sh')
    expect(names(differences(after, before).files)).toContain('REMOVED altscripts/api_key.sh')
  })
})
