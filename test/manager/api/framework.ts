import { Hono } from 'hono'
import { pino } from 'pino'
import { listen } from '../../../src/cli/listen.js'
import { type Account, createAuthentication } from '../../../src/manager/api/auth/authentication.js'
import { type AuthMode, gate } from '../../../src/manager/api/auth/gate.js'
import { loginRoutes } from '../../../src/manager/api/auth/login.js'
import { createApi } from '../../../src/manager/api/http/api.js'
import type { Handlers } from '../../../src/manager/api/http/call.js'
import type { AuditEvent, UserRole } from '../../../src/manager/users/index.js'
import { client } from './client.js'
import { quickHash } from './passwords.js'

/** Passwords of the users `user`, `operator`, `configurator`, `admin` and `hr` (who manages users): `secret of <name>`. */
export const passwordOf = (name: string) => `secret of ${name}`

const ROLES: Record<string, UserRole> = {
  user: 'ROLE_USER',
  operator: 'ROLE_OPERATOR',
  configurator: 'ROLE_CONFIGURATOR',
  admin: 'ROLE_ADMIN',
  hr: 'ROLE_USER_ADMIN',
}

const prepared: Account[] = Object.entries(ROLES).map(([name, role], id) => ({
  ...{ id, name, role },
  passwordHash: quickHash(passwordOf(name)),
}))

/** The framework with handlers of the test's own, on a real port. */
export async function serveHandlers(
  handlers: Handlers,
  options: { mode?: AuthMode; timeoutMs?: number; now?: () => number } = {},
) {
  const accounts = new Map<string, Account>()
  for (const account of prepared) accounts.set(account.name, account)
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
