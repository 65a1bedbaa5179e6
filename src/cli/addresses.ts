import { hostname } from 'node:os'
import { isLoopback } from '../wire/host-check.js'

/** How a process on this host reaches a port that listens on `host`. */
export function loopbackUrl(host: string, port: number, scheme = 'http'): string {
  const reach = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return urlOf(reach, port, scheme)
}

/**
 * How other hosts reach what listens at `url`: by the name that is given, else by its own address, else, where that is every
 * address, by this machine's name.
 *
 * ```ts
 * advertisedUrl('http://0.0.0.0:7180', '') // 'http://node1.example:7180'
 * ```
 */
export function advertisedUrl(url: string, name: string): string {
  const parsed = new URL(url)
  const listensOn = bareHost(url)
  if (isLoopback(listensOn)) return parsed.origin
  const every = listensOn === '0.0.0.0' || listensOn === '::'
  const reach = name || (every ? hostname() : listensOn)
  return `${parsed.protocol}//${bracketed(reach)}:${parsed.port || (parsed.protocol === 'https:' ? 443 : 80)}`
}

export const urlOf = (host: string, port: number, scheme = 'http') => `${scheme}://${bracketed(host)}:${port}`

/** What a person on this host opens. */
export function shownUrl(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
}

const bracketed = (address: string) => (address.includes(':') ? `[${address}]` : address)

/** The host of a URL, an IPv6 address without its brackets. */
export const bareHost = (url: string) => new URL(url).hostname.replace(/^\[|\]$/g, '')
