import { createHash, randomBytes } from 'node:crypto'
import type { Core } from '../core.js'
import { withTerm } from '../database/index.js'

/** Whom a token lets in: one host, or (a join token) any host that wants to join. */
export type TokenHolder = { readonly kind: 'agent'; readonly hostId: number } | { readonly kind: 'join' }

export interface Tokens {
  /** Undefined: not known, used up or run out. */
  check(token: string): Promise<TokenHolder | undefined>
  /** A token with which hosts join. Shown once; only its hash is kept. Default: for a day, for any number of hosts. */
  createJoinToken(options?: { expiresInMs?: number; uses?: number }): Promise<string>
  /** A join token's text that is given from outside, such as from the program that starts manager and agent on one host. */
  allowJoinToken(token: string): Promise<void>
  /** A new token for a host; those it had stay good until it uses the new one. */
  issue(hostId: number): Promise<string>
  /** The host has used this token: earlier ones end. */
  confirm(hostId: number, token: string): Promise<void>
  /** Ends the tokens of a host. */
  revoke(hostId: number): Promise<void>
  used(joinToken: string): Promise<void>
  /** Forgets those of hosts that are no more, and those that have run out. */
  prune(isThere: (hostId: number) => boolean): void
}

interface Known {
  hostId: number | null
  expiresAt: number | null
  usesLeft: number | null
}

const DAY_MS = 86_400_000
const MAX_LENGTH = 200
/** So many wrong tokens are remembered, so that an agent with one does not reach the database with each beat. */
const REFUSED = 10_000

export function createTokens(core: Core, now: () => number = Date.now): Tokens {
  const known = new Map<string, Known>()
  const refused = new Map<string, number>()
  const ofHost = new Map<number, number>()

  async function insert(token: string, row: Known): Promise<void> {
    const hash = hashOf(token)
    await withTerm(core.db, core.term(), (trx) =>
      trx
        .insertInto('agentToken')
        .values({ hash, createdAt: now(), ...row })
        .onConflict((c) => c.column('hash').doUpdateSet({ expiresAt: row.expiresAt, usesLeft: row.usesLeft }))
        .execute(),
    )
    refused.delete(hash)
    known.set(hash, row)
  }

  function refuse(hash: string): void {
    if (refused.size >= REFUSED) refused.clear()
    refused.set(hash, now() + 10_000)
  }

  return {
    async check(token) {
      if (token.length === 0 || token.length > MAX_LENGTH) return undefined
      const hash = hashOf(token)
      let row = known.get(hash)
      if (!row) {
        if ((refused.get(hash) ?? 0) > now()) return undefined
        row = await core.db
          .selectFrom('agentToken')
          .select(['hostId', 'expiresAt', 'usesLeft'])
          .where('hash', '=', hash)
          .executeTakeFirst()
        if (!row) {
          refuse(hash)
          return undefined
        }
        known.set(hash, row)
      }
      if (
        (row.expiresAt !== null && row.expiresAt <= now()) ||
        (row.usesLeft !== null && row.usesLeft <= 0)
      ) {
        known.delete(hash)
        refuse(hash)
        return undefined
      }
      return row.hostId === null ? { kind: 'join' } : { kind: 'agent', hostId: row.hostId }
    },
    async createJoinToken(options = {}) {
      const token = `bwj_${randomBytes(24).toString('base64url')}`
      const { expiresInMs = DAY_MS, uses } = options
      await insert(token, { hostId: null, expiresAt: now() + expiresInMs, usesLeft: uses ?? null })
      return token
    },
    allowJoinToken: (token) => insert(token, { hostId: null, expiresAt: null, usesLeft: null }),
    async issue(hostId) {
      const token = `bwa_${randomBytes(24).toString('base64url')}`
      await insert(token, { hostId, expiresAt: null, usesLeft: null })
      ofHost.set(hostId, (ofHost.get(hostId) ?? 1) + 1)
      return token
    },
    async confirm(hostId, token) {
      if ((ofHost.get(hostId) ?? 2) < 2) return
      const hash = hashOf(token)
      await withTerm(core.db, core.term(), (trx) =>
        trx.deleteFrom('agentToken').where('hostId', '=', hostId).where('hash', '<>', hash).execute(),
      )
      for (const [each, row] of known) if (row.hostId === hostId && each !== hash) known.delete(each)
      ofHost.set(hostId, 1)
    },
    async revoke(hostId) {
      await withTerm(core.db, core.term(), (trx) =>
        trx.deleteFrom('agentToken').where('hostId', '=', hostId).execute(),
      )
      for (const [hash, row] of known) if (row.hostId === hostId) known.delete(hash)
      ofHost.delete(hostId)
    },
    prune(isThere) {
      for (const [hash, { hostId, expiresAt }] of known)
        if ((expiresAt !== null && expiresAt <= now()) || (hostId !== null && !isThere(hostId)))
          known.delete(hash)
      for (const hostId of ofHost.keys()) if (!isThere(hostId)) ofHost.delete(hostId)
    },
    async used(token) {
      const hash = hashOf(token)
      const row = known.get(hash)
      if (!row || row.usesLeft === null) return
      row.usesLeft--
      await withTerm(core.db, core.term(), (trx) =>
        trx
          .updateTable('agentToken')
          .set((eb) => ({ usesLeft: eb('usesLeft', '-', 1) }))
          .where('hash', '=', hash)
          .execute(),
      )
    },
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
