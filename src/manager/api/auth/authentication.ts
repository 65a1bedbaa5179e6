import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { User } from '../../users/index.js'
import { ApiError, unavailable } from '../http/errors.js'
import { createFailures } from './failures.js'
import { addressOf, followsLink, fromOwnPage, isOwnFetch, isSecure } from './origin.js'
import { type Sessions, sessionsInMemory } from './sessions.js'
import { createVerifier, TooManyLogins } from './verifier.js'

/** A user as it is stored. */
export type Account = Pick<User, 'id' | 'name' | 'role'> & { readonly passwordHash: string }

/** Who makes a request. */
export interface Principal extends Pick<User, 'id' | 'name' | 'role'> {
  /** The session that it came with, if any. */
  sessionId: string | undefined
}

export interface AuthenticationOptions {
  /** The account of that name, as it stands now. */
  findAccount(name: string): Promise<Account | undefined>
  /** Told of each login that failed. */
  onFailure?(name: string, address: string): void
  /** Default: in memory. */
  sessions?: Sessions
  now?: () => number
}

/** The name that Cloudera Manager gives to its session's cookie; its clients keep and return it. */
export const SESSION_COOKIE = 'CLOUDERA_MANAGER_SESSIONID'

/** The Python client registers its password for exactly this realm, and waits for the challenge. */
const CHALLENGE = 'Basic realm="Cloudera Manager"'

export interface Authentication {
  sessions: Sessions
  /** Who asks, by Basic or by session; undefined for nobody. Throws 401 for a wrong password, 429 after too many. */
  identify(c: Context): Promise<Principal | undefined>
  /** Checks name and password, starts a session of its own for them, ends the one that the request came with. */
  login(c: Context, name: string, password: string): Promise<Principal>
  logout(c: Context): Promise<void>
}

/** 401, with the challenge that makes clients send their password; our own pages have a form instead. */
export function unauthorized(
  c: Context,
  message = 'This needs a login: name and password of a user.',
): ApiError {
  return new ApiError(401, message, [], isOwnFetch(c) ? {} : { 'www-authenticate': CHALLENGE })
}

export function createAuthentication(options: AuthenticationOptions): Authentication {
  const sessions = options.sessions ?? sessionsInMemory(options.now)
  const failures = createFailures(options.now)
  const verifier = createVerifier(options.now)

  async function check(c: Context, name: string, password: string): Promise<Account> {
    const address = addressOf(c)
    const account = await options.findAccount(name)
    if (account && verifier.remembers(name, password, account.passwordHash)) return account
    const wait = failures.waitFor(name, address)
    if (wait > 0)
      throw new ApiError(429, `Too many failed logins; the next try may be made in ${wait} s.`, [], {
        'retry-after': String(wait),
      })
    // Counted before the check: requests side by side must not all slip through.
    failures.failed(name, address)
    let right: boolean
    try {
      right = await verifier.verify(name, password, account?.passwordHash)
    } catch (error) {
      if (error instanceof TooManyLogins)
        throw unavailable('Too many logins are being checked; this one can be made again in a moment.')
      throw error
    }
    if (!account || !right) {
      options.onFailure?.(name, address)
      throw unauthorized(c, 'Name or password is wrong.')
    }
    failures.succeeded(name, address)
    return account
  }

  async function start(c: Context, account: Account, by: 'login' | 'basic'): Promise<Principal> {
    const sessionId = await sessions.create(account, addressOf(c), by)
    setCookie(c, SESSION_COOKIE, sessionId, {
      path: '/',
      httpOnly: true,
      sameSite: 'Lax',
      secure: isSecure(c),
    })
    return principal(account, sessionId)
  }

  async function bySession(c: Context): Promise<Principal | undefined> {
    const id = getCookie(c, SESSION_COOKIE)
    if (id === undefined || !(fromOwnPage(c) || followsLink(c))) return undefined
    const name = await sessions.use(id, addressOf(c))
    if (name === undefined) return undefined
    const account = await options.findAccount(name)
    if (account) return principal(account, id)
    await sessions.end(id)
    return undefined
  }

  return {
    sessions,
    async identify(c) {
      const header = c.req.header('authorization')
      if (header === undefined) return bySession(c)
      const given = readBasic(header)
      if (!given) throw unauthorized(c, 'The header "authorization" must be Basic, with name and password.')
      const account = await check(c, given.name, given.password)
      const existing = await bySession(c)
      return existing?.name === account.name ? existing : start(c, account, 'basic')
    },
    async login(c, name, password) {
      const account = await check(c, name, password)
      const old = getCookie(c, SESSION_COOKIE)
      if (old !== undefined) await sessions.end(old)
      return start(c, account, 'login')
    },
    async logout(c) {
      const id = getCookie(c, SESSION_COOKIE)
      if (id !== undefined) await sessions.end(id)
      deleteCookie(c, SESSION_COOKIE, { path: '/', secure: isSecure(c) })
    },
  }
}

const principal = ({ id, name, role }: Account, sessionId: string): Principal => ({
  id,
  name,
  role,
  sessionId,
})

function readBasic(header: string): { name: string; password: string } | undefined {
  const [, encoded] = /^Basic +([\w+/=-]{1,4096})$/i.exec(header) ?? []
  if (!encoded) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 || text.includes('\0')
    ? undefined
    : { name: text.slice(0, colon), password: text.slice(colon + 1) }
}
