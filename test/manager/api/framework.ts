import { Hono } from 'hono'
import { pino } from 'pino'
import { listen } from '../../../src/cli/listen.js'
import type { AuditEvent } from '../../../src/manager/api/audit.js'
import { type Account, createAuthentication } from '../../../src/manager/api/auth/authentication.js'
import { type AuthMode, gate } from '../../../src/manager/api/auth/gate.js'
import { loginRoutes } from '../../../src/manager/api/auth/login.js'
import { hashPassword } from '../../../src/manager/api/auth/password.js'
import { userRoles } from '../../../src/manager/api/auth/roles.js'
import { createApi } from '../../../src/manager/api/http/api.js'
import type { Handlers } from '../../../src/manager/api/http/call.js'
import { client } from './client.js'

/** Passwords of the users `user`, `operator`, `configurator`, `admin`: `secret of <name>`. */
export const passwordOf = (name: string) => `secret of ${name}`

let hashes: Promise<Map<string, string>> | undefined
const prepared = () =>
  (hashes ??= Promise.all(
    userRoles.map(async ({ name }): Promise<[string, string]> => {
      const short = name.replace('ROLE_', '').toLowerCase()
      return [short, await hashPassword(passwordOf(short))]
    }),
  ).then((entries) => new Map(entries)))

/** The framework with handlers of the test's own, on a real port. */
export async function serveHandlers(
  handlers: Handlers,
  options: { mode?: AuthMode; timeoutMs?: number; now?: () => number } = {},
) {
  const accounts = new Map<string, Account>()
  for (const [name, passwordHash] of await prepared())
    accounts.set(name, { name, passwordHash, role: `ROLE_${name.toUpperCase()}` as Account['role'] })
  const audits: AuditEvent[] = []
  const authentication = createAuthentication({
    findAccount: async (name) => accounts.get(name),
    ...(options.now ? { now: options.now } : {}),
  })
  const app = new Hono({ strict: false })
  app.use('/api/:version{v[0-9]+}/timeseries', gate({ authentication, mode: options.mode ?? 'local' }))
  app.all('/api/:version{v[0-9]+}/timeseries', (c) => c.text('series'))
  app.route('/', loginRoutes(authentication))
  app.route(
    '/',
    createApi({
      handlers,
      authentication,
      audit: async (event) => void audits.push(event),
      logger: pino({ level: 'silent' }),
      ...(options.timeoutMs ? { timeoutMs: options.timeoutMs } : {}),
    }),
  )
  app.use('*', gate({ authentication, mode: options.mode ?? 'local' }))
  app.get('*', (c) => c.html('<title>page</title>'))
  const listening = await listen(app, '127.0.0.1', 0)
  return {
    url: listening.url,
    accounts,
    audits,
    authentication,
    as: (user: string | undefined) =>
      client(listening.url, user === undefined ? {} : { user, password: passwordOf(user) }),
    close: () => listening.close(),
  }
}
