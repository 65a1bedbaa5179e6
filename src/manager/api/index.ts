import { Hono, type MiddlewareHandler } from 'hono'
import type { Logger } from 'pino'
import type { Core } from '../core.js'
import { recordAudit } from '../users/index.js'
import { accountsIn } from './auth/accounts.js'
import { type Authentication, createAuthentication } from './auth/authentication.js'
import { type AuthMode, gate } from './auth/gate.js'
import { loginRoutes } from './auth/login.js'
import { storedSessions } from './auth/stored-sessions.js'
import { createApi } from './http/api.js'
import { allHandlers, type Resources } from './resources/index.js'

export interface ManagerApiOptions extends Omit<Resources, 'authentication'> {
  mode: AuthMode
  logger: Logger
}

export interface ManagerApi {
  authentication: Authentication
  /** Login page, session and API: to be mounted at the root of an app that is not strict about trailing slashes. */
  routes: Hono
  /** Middleware for what else is not open to all. */
  gates: {
    /** Pages, and time series, which the monitor answers. */
    pages: MiddlewareHandler
    /** The manager's own metrics: open to this machine, whatever the mode. */
    metrics: MiddlewareHandler
  }
}

const sessionTimeoutMs = async (core: Core) =>
  Number((await core.instances()).manager().get('SESSION_TIMEOUT')?.value ?? 1_800) * 1_000

/** The API of an active manager. */
export function createManagerApi(options: ManagerApiOptions): ManagerApi {
  const { core, mode, logger } = options
  const authentication = createAuthentication({
    findAccount: accountsIn(core.db),
    sessions: storedSessions(core.db, () => sessionTimeoutMs(core)),
    onFailure(name, address) {
      recordAudit(core.db, {
        username: name.slice(0, 255).replaceAll('\0', ''),
        ipAddress: address,
        command: 'login',
        allowed: false,
        message: 'Login failed',
      }).catch((error) => logger.warn({ err: error }, 'a failed login could not be written down'))
    },
  })
  const routes = new Hono({ strict: false })
  routes.route('/', loginRoutes(authentication))
  routes.route(
    '/',
    createApi({
      handlers: allHandlers({ ...options, authentication }),
      authentication,
      audit: (event) => recordAudit(core.db, event),
      logger,
    }),
  )
  return {
    authentication,
    routes,
    gates: { pages: gate({ authentication, mode }), metrics: gate({ authentication, mode: 'local' }) },
  }
}

export type { AuthMode } from './auth/gate.js'
export { ensureFirstUser, type FirstUser } from './first-user.js'
export { fromActive } from './resources/live.js'
export type * from './resources/ports.js'
