import { lookup } from 'node:dns/promises'
import { networkInterfaces } from 'node:os'
import type { CheckFailures } from '../check-failures.js'
import type { Collector } from './collector.js'
import { monotonic } from './collector.js'

export interface DnsOptions {
  /** Is told why the host is not found. */
  failures?: Pick<CheckFailures, 'set'> | undefined
  /** Addresses of a name, as the system's resolver gives them. */
  resolve?: (name: string) => Promise<string[]>
  /** The host's own. */
  addresses?: () => string[]
  everyMs?: number
  /** An answer that takes longer is a failure. */
  timeoutMs?: number
}

/**
 * Does the host find itself by its name, and how long does that take? Asked beside the rounds, never twice at the same time:
 * the resolver may hang for half a minute, and it has one of the few threads meanwhile.
 */
export function createDnsCollector(options: DnsOptions = {}): Collector {
  const {
    failures,
    resolve = bySystem,
    addresses = ownAddresses,
    everyMs = 60_000,
    timeoutMs = 30_000,
  } = options
  let running = false
  let began = Number.NEGATIVE_INFINITY
  let news: { ok: boolean; ms: number } | undefined

  async function ask(name: string) {
    const mine = (began = monotonic())
    running = true
    const late = setTimeout(() => tell(`no answer for "${name}" within ${timeoutMs / 1000} s`), timeoutMs)
    let told = false
    const tell = (reason?: string) => {
      // What comes after its time has been told as a failure already.
      if (told) return
      told = true
      news = { ok: reason === undefined, ms: monotonic() - mine }
      failures?.set('host', 'dns_resolution_status', reason)
      clearTimeout(late)
    }
    late.unref()
    try {
      const found = await resolve(name)
      const own = new Set(addresses())
      const isOwn = found.some((address) => own.has(address) || isLoopback(address))
      tell(isOwn ? undefined : `"${name}" leads to ${found.slice(0, 5).join(', ')}, which is not this host`)
    } catch (error) {
      tell(`"${name}" is not found: ${(error as Error).message}`)
    } finally {
      running = false
    }
  }

  return {
    name: 'dns',
    collect({ host, report }) {
      if (!running && monotonic() - began >= everyMs) void ask(host.hostname)
      if (!news) return
      report(host.entity, 'dns_resolution_status', news.ok ? 1 : 0)
      report(host.entity, 'dns_resolution_duration', news.ms)
      news = undefined
    },
  }
}

const bySystem = async (name: string) => (await lookup(name, { all: true })).map(({ address }) => address)

/** As on Debian, where a host's name leads to 127.0.1.1 on that host. */
const isLoopback = (address: string) => address.startsWith('127.') || address === '::1'

const ownAddresses = () =>
  Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address))
