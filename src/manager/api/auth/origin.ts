import type { Context } from 'hono'

/**
 * False for what a browser sends on behalf of a page from elsewhere, other ports of this machine included: it would come
 * with the operator's cookie or password. Programs send neither header.
 */
export function fromOwnPage(c: Context): boolean {
  const site = c.req.header('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const origin = c.req.header('origin')
  if (origin === undefined) return true
  try {
    return new URL(origin).host === c.req.header('host')?.toLowerCase()
  } catch {
    return false
  }
}

/** True for a link that somebody followed, from wherever: it reads, and its answer goes to nobody else. */
export const followsLink = (c: Context) =>
  c.req.method === 'GET' && c.req.header('sec-fetch-mode') === 'navigate'

/** True for what our own pages fetch: they have a login form, so the browser's password dialog must stay away. */
export const isOwnFetch = (c: Context) =>
  c.req.header('sec-fetch-site') === 'same-origin' && c.req.header('sec-fetch-mode') !== 'navigate'

const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']

/** True for a request that came to this port from this machine, and not through a proxy on it. */
export function isLocal(c: Context, address: string): boolean {
  const local = address === '::1' || /^(::ffff:)?127\./.test(address)
  return local && FORWARDED.every((name) => c.req.header(name) === undefined)
}

/** The address of the other end of the connection; empty where there is none. */
export function addressOf(c: Context): string {
  const env = c.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined
  return (env?.incoming?.socket?.remoteAddress ?? '').replace(/^::ffff:/i, '')
}

/** Cookies go over TLS alone where there is TLS, here or at a proxy before us. */
export const isSecure = (c: Context) =>
  new URL(c.req.url).protocol === 'https:' || c.req.header('x-forwarded-proto') === 'https'
