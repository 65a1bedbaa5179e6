import { isIP, isIPv4 } from 'node:net'
import type { NetworkInterfaceInfo } from 'node:os'
import { readText } from '../collectors/read.js'

export interface AddressHints {
  /** As configured: it comes first, whatever there is. */
  readonly given?: string | undefined
  /** Our end of the connection to the manager. */
  readonly reachedFrom?: string | undefined
  /** The interface of the default route. */
  readonly route?: string | undefined
}

export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>

/** Made by container engines and hypervisors for what runs on the host: other hosts cannot reach it by them. */
const VIRTUAL = /^(br-|cali|cni|docker|dummy|flannel|kube-|lxcbr|lxdbr|nodelocaldns|podman|veth|virbr)/

/**
 * The host's IP addresses, none of loopback and none of a link only; first the one by which others know it: as configured, else
 * by which it reaches its manager, else of the default route, else of the first real interface.
 *
 * @example
 * hostAddresses(networkInterfaces(), { reachedFrom: socket.localAddress, route: defaultRoute('/proc') })
 */
export function hostAddresses(
  interfaces: Interfaces,
  { given, reachedFrom, route }: AddressHints = {},
): string[] {
  const all = Object.entries(interfaces).flatMap(([name, list]) =>
    (list ?? [])
      .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
      .map(({ address }) => ({ name, address })),
  )
  // Of each interface IPv4 before IPv6.
  const real = all
    .filter(({ name }) => !VIRTUAL.test(name))
    .sort((a, b) => Number(isIPv4(b.address)) - Number(isIPv4(a.address)))
  const reached = reachedFrom?.replace(/^::ffff:(?=[\d.]+$)/i, '')
  const own =
    real.find(({ address }) => address === reached) ?? real.find(({ name }) => name === route) ?? real[0]
  const rest = all.map(({ address }) => address).sort()
  return [...new Set([given ?? own?.address, ...rest])].filter(
    (each) => each !== undefined && isIP(each) !== 0,
  ) as string[]
}

const UP = 1

/** The interface of the default route, of IPv4, else of IPv6: the one of the least metric. `undefined`: there is none. */
export function defaultRoute(procRoot: string): string | undefined {
  const rows = (file: string) =>
    (readText(procRoot, file) ?? '').split('\n').map((line) => line.trim().split(/\s+/))
  // Iface Destination Gateway Flags RefCnt Use Metric Mask: hexadecimal but for the metric.
  const v4 = rows('net/route')
    .filter(([, to, , flags, , , , mask]) => to === '00000000' && mask === '00000000' && isUp(flags))
    .map(([name = '', , , , , , metric]) => ({ name, metric: Number(metric) }))
  // Destination, its length, source, its length, next hop, metric, reference counter, use counter, flags, device.
  const v6 = rows('net/ipv6_route')
    .filter(
      ([to, length, , , , , , , flags, name]) =>
        isZero(to) && length === '00' && isUp(flags) && name !== 'lo',
    )
    .map(([, , , , , metric = '', , , , name = '']) => ({ name, metric: Number.parseInt(metric, 16) }))
  const least = (routes: { name: string; metric: number }[]) =>
    routes.sort((a, b) => a.metric - b.metric)[0]?.name
  return least(v4) ?? least(v6)
}

const isZero = (text: string | undefined) => text !== undefined && /^0+$/.test(text)
const isUp = (flags: string | undefined) => (Number.parseInt(flags ?? '', 16) & UP) !== 0
