import type { Handlers } from '../http/call.js'
import { badRequest } from '../http/errors.js'
import type { Resources } from './ports.js'

const DEFAULT_MINUTES = 24 * 60
const MAX_MINUTES = 365 * 24 * 60

/** Tokens with which agents join; only an administrator makes them, and each is shown once. */
export function joinTokenResources(resources: Resources): Handlers {
  return {
    async 'POST /cm/joinTokens'(call) {
      const { expiresInMinutes = DEFAULT_MINUTES, uses } = call.body ?? {}
      if (expiresInMinutes < 1 || expiresInMinutes > MAX_MINUTES)
        throw badRequest(`expiresInMinutes: must be 1 to ${MAX_MINUTES}.`)
      if (uses !== undefined && (uses < 1 || uses > 100_000)) throw badRequest('uses: must be 1 to 100000.')
      call.audit.command = 'createJoinToken'
      const expiresInMs = expiresInMinutes * 60_000
      const expires = new Date(Date.now() + expiresInMs).toISOString()
      const token = await resources.createJoinToken(
        uses === undefined ? { expiresInMs } : { expiresInMs, uses },
      )
      return { token, expires }
    },
  }
}
