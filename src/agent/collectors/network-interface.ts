import type { Collector, Roots } from './collector.js'
import { createPartEntities, monotonic, reportCounter } from './collector.js'
import type { Counters } from './counters.js'
import { numberOf, readText, readTextAsync } from './read.js'

/** Loopback, the host's ends of containers' interfaces, and interfaces that carry no traffic of their own. */
const IGNORED = /^(lo|(veth|cali|lxc|ifb|dummy|sit|ip6tnl|tunl|gre|gretap|erspan|ip_vti|ip6_vti|teql).*)$/

/** Columns of /proc/net/dev after the interface's name; `undefined` for those not collected. */
const COLUMNS = [
  'bytes_receive',
  'packets_receive',
  'errs_receive',
  'drop_receive',
  'fifo_receive',
  'frame_receive',
  undefined,
  'multicast_receive',
  'bytes_transmit',
  'packets_transmit',
  'errs_transmit',
  'drop_transmit',
  'fifo_transmit',
  'colls_transmit',
  'carrier_transmit',
] as const

/** Below this, Mb/s, a link is in slow mode (Cloudera Manager's expected speed). */
const EXPECTED_SPEED = 1000
/** Asking a driver for its speed takes the kernel's routing lock, so it is not asked every second. */
const LINK_REFRESH_MS = 30_000
const MAX_INTERFACES = 2000

/** Counters by interface, in the order of `COLUMNS`. */
export function parseNetDev(text: string): Map<string, number[]> {
  const interfaces = new Map<string, number[]>()
  for (const line of text.split('\n')) {
    const colon = line.lastIndexOf(':')
    if (colon < 0) continue
    const name = line.slice(0, colon).trim()
    const values = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/)
      .map(numberOf)
    if (name && values.length >= COLUMNS.length) interfaces.set(name, values)
  }
  return interfaces
}

interface Link {
  state: string | undefined
  readAt: number
  speed: number
  duplex: string | undefined
}

export function createNetworkInterfaceCollector({ procRoot, sysRoot }: Roots, counters: Counters): Collector {
  const entityOf = createPartEntities('NETWORK_INTERFACE')
  let links = new Map<string, Link>()

  async function linkOf(iface: string, at: number): Promise<Link> {
    const folder = `class/net/${iface}`
    const state = readText(sysRoot, `${folder}/operstate`)?.trim()
    const known = links.get(iface)
    if (known && known.state === state && at - known.readAt < LINK_REFRESH_MS) return known
    const speed = numberOf((await readTextAsync(sysRoot, `${folder}/speed`))?.trim())
    const duplex = (await readTextAsync(sysRoot, `${folder}/duplex`))?.trim()
    return { state, readAt: at, speed, duplex }
  }

  return {
    name: 'network-interface',
    async collect(round) {
      const at = monotonic()
      const interfaces = parseNetDev(readText(procRoot, 'net/dev') ?? '')
      const present = new Map<string, Link>()
      for (const [iface, values] of interfaces) {
        if (IGNORED.test(iface) || present.size >= MAX_INTERFACES) continue
        const entity = entityOf(round.host, iface, { iface })
        COLUMNS.forEach((stem, i) => {
          if (stem) reportCounter(round, counters, entity, stem, values[i]!, at)
        })
        const link = await linkOf(iface, at)
        present.set(iface, link)
        const up = link.state === 'up' || (link.state === 'unknown' && hasCarrier(sysRoot, iface))
        if (link.state) round.report(entity, 'link_up', up ? 1 : 0)
        // Drivers that do not know say -1, or 4294967295 by a cast.
        const speedKnown = link.speed > 0 && link.speed < 2 ** 31
        const duplexKnown = link.duplex === 'full' || link.duplex === 'half'
        if (speedKnown) round.report(entity, 'speed', link.speed)
        if (duplexKnown) round.report(entity, 'duplex_full', link.duplex === 'full' ? 1 : 0)
        const slow = (speedKnown && link.speed < EXPECTED_SPEED) || link.duplex === 'half'
        if (speedKnown || duplexKnown) round.report(entity, 'slow_mode', up && slow ? 1 : 0)
      }
      links = present
    },
  }
}

const hasCarrier = (sysRoot: string, iface: string) =>
  readText(sysRoot, `class/net/${iface}/carrier`)?.trim() === '1'
