import { execFileSync } from 'node:child_process'
import type { NetworkInterfaceInfo } from 'node:os'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { defaultRoute, hostAddresses, type Interfaces } from '../../src/agent/heartbeat/addresses.js'
import { agentOptions, resolve, SettingsError } from '../../src/config/index.js'
import { tree } from './support.js'

const interfaces = (given: Record<string, string[]>): Interfaces =>
  Object.fromEntries(
    Object.entries(given).map(([name, addresses]) => [
      name,
      addresses.map((address) => ({ address, internal: name === 'lo' }) as NetworkInterfaceInfo),
    ]),
  )

const HOST = interfaces({
  lo: ['127.0.0.1', '::1'],
  docker0: ['10.1.0.1'],
  'br-0a1b': ['10.2.0.1'],
  eth1: ['2001:db8::5', '10.9.0.5', 'fe80::1'],
  eth0: ['10.3.0.5'],
})

describe("a host's first address", () => {
  it.each([
    [
      'is the configured one, although no interface has it',
      { given: '192.0.2.9', reachedFrom: '10.3.0.5' },
      '192.0.2.9',
    ],
    ['is the one by which it reaches its manager', { reachedFrom: '10.3.0.5', route: 'eth1' }, '10.3.0.5'],
    ['is found when it comes in IPv6 form', { reachedFrom: '::ffff:10.3.0.5', route: 'eth1' }, '10.3.0.5'],
    ['may be one of IPv6', { reachedFrom: '2001:db8::5' }, '2001:db8::5'],
    [
      'is that of the default route with a manager on the same host',
      { reachedFrom: '127.0.0.1', route: 'eth0' },
      '10.3.0.5',
    ],
    ['and with a manager in a container there', { reachedFrom: '10.1.0.1', route: 'eth0' }, '10.3.0.5'],
    ['is of IPv4 where the interface has both', { route: 'eth1' }, '10.9.0.5'],
    ['is that of the first real interface without a route', {}, '10.9.0.5'],
    ['is none of a bridge that has the route', { route: 'docker0' }, '10.9.0.5'],
  ])('%s', (_, hints, expected) => {
    const found = hostAddresses(HOST, hints)
    expect(found[0]).toBe(expected)
    const others = ['10.1.0.1', '10.2.0.1', '10.3.0.5', '10.9.0.5', '2001:db8::5']
    expect(found.slice(1)).toEqual(others.filter((each) => each !== expected))
  })

  it("is a bridge's where there is nothing else, and missing where there is nothing", () => {
    expect(hostAddresses(interfaces({ docker0: ['10.1.0.1'], veth1: ['10.0.0.1'] }))).toEqual([
      '10.0.0.1',
      '10.1.0.1',
    ])
    expect(hostAddresses(interfaces({ lo: ['127.0.0.1'] }))).toEqual([])
  })

  it('is chosen among real interfaces by the same rules', (context) => {
    const script = fileURLToPath(new URL('own-network.mjs', import.meta.url))
    const inNamespace = (...command: string[]) =>
      execFileSync('unshare', ['--net', ...command], { encoding: 'utf8', timeout: 60_000 })
    try {
      inNamespace('ip', 'link', 'add', 'x', 'type', 'veth', 'peer', 'name', 'y')
    } catch {
      return context.skip('a network of its own needs root, unshare and ip')
    }
    expect(JSON.parse(inNamespace(process.execPath, script))).toEqual({
      alone: null,
      without: '10.9.0.2',
      byRoute: '10.7.0.2',
      // The manager hears at once of the one by which it was reached.
      told: [
        ['10.7.0.2', '10.1.0.1', '10.8.0.2', '10.9.0.2'],
        ['10.8.0.2', '10.1.0.1', '10.7.0.2', '10.9.0.2'],
      ],
      given: '192.0.2.7',
    })
  })
})

describe('the default route', () => {
  const V4 = (rows: string[]) =>
    ['Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\t…', ...rows].join('\n')
  const V6 =
    '00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003 wan0\n00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n'

  it.each([
    [
      'least metric',
      V4([
        'a\t00000000\t0100000A\t0003\t0\t0\t100\t00000000',
        'b\t00000000\t0100000A\t0003\t0\t0\t50\t00000000',
      ]),
      'b',
    ],
    [
      'one that is up',
      V4([
        'a\t00000000\t0100000A\t0002\t0\t0\t1\t00000000',
        'b\t00000000\t0100000A\t0003\t0\t0\t50\t00000000',
      ]),
      'b',
    ],
    ['no route to a part', V4(['a\t00000000\t0100000A\t0003\t0\t0\t1\t00000080']), 'wan0'],
  ])('is that of IPv4, %s, else of IPv6', (_, route, expected) => {
    expect(defaultRoute(tree({ 'net/route': route, 'net/ipv6_route': V6 }))).toBe(expected)
  })

  it('may not be there', () => {
    expect(defaultRoute(tree({ 'net/route': V4([]) }))).toBeUndefined()
  })
})

it('--host-address takes an IP address', () => {
  expect(resolve(agentOptions, ['--host-address', '2001:db8::7'], {}).values.hostAddress).toBe('2001:db8::7')
  expect(() => resolve(agentOptions, ['--host-address', 'node1'], {})).toThrow(SettingsError)
})
