import { type Context, Hono } from 'hono'
import { userRoles } from '../../users/index.js'
import { errorAnswer } from '../http/error-answer.js'
import { asApiError, forbidden } from '../http/errors.js'
import { prettyJson, readJson, readText } from '../http/json.js'
import { validateFields } from '../http/validate.js'
import type { Authentication, Principal } from './authentication.js'
import { LOGIN_PAGE_POLICY, loginPage, ownPath } from './login-page.js'
import { fromOwnPage } from './origin.js'
import { allows } from './roles.js'

const MAX_BYTES = 16_384

/**
 * `/login`, a page with a form, and `/api/session` for our own pages: GET says who is logged in, POST `{name, password}`
 * logs in, DELETE logs out.
 */
export function loginRoutes(authentication: Authentication): Hono {
  const app = new Hono({ strict: false })

  app.get('/login', (c) => page(c, ownPath(c.req.query('next'))))
  app.post('/login', async (c) => {
    if (!fromOwnPage(c)) return page(c, '/', 'This form was not sent by this page. Please log in here.', 403)
    const form = new URLSearchParams(await readText(c.req.raw, MAX_BYTES))
    const next = ownPath(form.get('next') ?? '/')
    try {
      await authentication.login(c, form.get('name') ?? '', form.get('password') ?? '')
    } catch (error) {
      const known = asApiError(error)
      if (!known) throw error
      return page(c, next, known.message, known.status)
    }
    return c.redirect(next, 303)
  })

  app.get('/api/session', async (c) => whoIs(c, await authentication.identify(c)))
  app.post('/api/session', async (c) => {
    if (!fromOwnPage(c)) throw forbidden('Requests from pages of other sites are not answered here.')
    const { name, password } = validateFields(
      { name: 'string', password: 'string' },
      await readJson(c.req.raw, MAX_BYTES),
    )
    return whoIs(c, await authentication.login(c, name, password))
  })
  app.delete('/api/session', async (c) => {
    if (!fromOwnPage(c)) throw forbidden('Requests from pages of other sites are not answered here.')
    await authentication.logout(c)
    return whoIs(c, undefined)
  })
  app.onError((error) => {
    const known = asApiError(error)
    if (!known) throw error
    return errorAnswer(known)
  })
  return app
}

function page(c: Context, next: string, message?: string, status = 200): Response {
  return c.html(loginPage(next, message), status as 200, {
    'content-security-policy': LOGIN_PAGE_POLICY,
    'cache-control': 'no-store',
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  })
}

function whoIs(c: Context, principal: Principal | undefined): Response {
  c.header('content-type', 'application/json')
  c.header('cache-control', 'no-store')
  if (!principal) return c.body(prettyJson({ name: null }))
  const { name, role } = principal
  const rights = (['READ', 'OPERATE', 'CONFIGURE', 'ADMIN', 'USERS'] as const).filter((right) =>
    allows(role, right),
  )
  return c.body(prettyJson({ name, role, roleName: userRoles[role].displayName, rights }))
}
