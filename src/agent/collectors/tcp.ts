import type { Collector, Roots } from './collector.js'
import { monotonic, reportCounter } from './collector.js'
import type { Counters } from './counters.js'
import { numberOf, readText } from './read.js'

/** Counters of /proc/net/snmp and /proc/net/netstat by protocol and field (RFC 1213, RFC 4022, ip-sysctl). */
const COUNTERS: [protocol: string, field: string, stem: string][] = [
  ['Tcp', 'ActiveOpens', 'tcp_active_opens'],
  ['Tcp', 'PassiveOpens', 'tcp_passive_opens'],
  ['Tcp', 'AttemptFails', 'tcp_failed_attempts'],
  ['Tcp', 'EstabResets', 'tcp_established_resets'],
  ['Tcp', 'InSegs', 'tcp_segments_receive'],
  ['Tcp', 'OutSegs', 'tcp_segments_transmit'],
  ['Tcp', 'RetransSegs', 'tcp_segments_retransmit'],
  ['Tcp', 'InErrs', 'tcp_errors_receive'],
  ['Tcp', 'OutRsts', 'tcp_resets_transmit'],
  ['TcpExt', 'ListenOverflows', 'tcp_listen_overflows'],
  ['TcpExt', 'ListenDrops', 'tcp_listen_drops'],
  ['TcpExt', 'TCPTimeouts', 'tcp_timeouts'],
  ['Udp', 'InDatagrams', 'udp_datagrams_receive'],
  ['Udp', 'OutDatagrams', 'udp_datagrams_transmit'],
  ['Udp', 'InErrors', 'udp_errors_receive'],
  ['Udp', 'RcvbufErrors', 'udp_buffer_errors_receive'],
]

/** Pages of /proc/net/sockstat; larger on some arm64 and ppc64 kernels, where this figure is then too small. */
const PAGE_BYTES = 4096

/** `Protocol: names…` and `Protocol: values…` line pairs, as a map of `Protocol.name`. */
export function parseProtocolPairs(text: string): Map<string, number> {
  const values = new Map<string, number>()
  const lines = text.split('\n')
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const names = lines[i]!.split(' ')
    const numbers = lines[i + 1]!.split(' ')
    if (!names[0]?.endsWith(':') || names[0] !== numbers[0]) continue
    for (let n = 1; n < names.length; n++)
      values.set(`${names[0].slice(0, -1)}.${names[n]}`, numberOf(numbers[n]))
  }
  return values
}

/** /proc/net/sockstat: `TCP: inuse 3 orphan 0 …`, as a map of `TCP.inuse`. */
export function parseSockstat(text: string): Map<string, number> {
  const values = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [protocol, ...pairs] = line.trim().split(/\s+/)
    if (!protocol?.endsWith(':')) continue
    for (let n = 0; n + 1 < pairs.length; n += 2)
      values.set(`${protocol.slice(0, -1)}.${pairs[n]}`, numberOf(pairs[n + 1]))
  }
  return values
}

export function createTcpCollector({ procRoot }: Roots, counters: Counters): Collector {
  return {
    name: 'tcp',
    collect(round) {
      const { entity } = round.host
      const at = monotonic()
      const text = `${readText(procRoot, 'net/snmp') ?? ''}${readText(procRoot, 'net/netstat') ?? ''}`
      const values = parseProtocolPairs(text)
      for (const [protocol, field, stem] of COUNTERS)
        reportCounter(round, counters, entity, stem, values.get(`${protocol}.${field}`) ?? Number.NaN, at)
      round.report(entity, 'tcp_connections_established', values.get('Tcp.CurrEstab') ?? Number.NaN)
      const sockets = parseSockstat(readText(procRoot, 'net/sockstat') ?? '')
      const of = (field: string) => sockets.get(field) ?? Number.NaN
      round.report(entity, 'sockets_used', of('sockets.used'))
      round.report(entity, 'tcp_connections_time_wait', of('TCP.tw'))
      round.report(entity, 'tcp_connections_orphaned', of('TCP.orphan'))
      round.report(entity, 'tcp_sockets_allocated', of('TCP.alloc'))
      round.report(entity, 'tcp_memory_used', of('TCP.mem') * PAGE_BYTES)
    },
  }
}
