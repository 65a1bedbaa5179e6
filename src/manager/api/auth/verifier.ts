import { createHmac, randomBytes } from 'node:crypto'
import { LRUCache } from './lru.js'
import { hashPassword, passwordMatches } from './password.js'

/** How long a password that was right is known without asking scrypt again: Basic sends it with every request. */
const KEEP_MS = 60_000
const MAX_KEPT = 1_000

export interface Verifier {
  /** True when the password was found to be right a short time ago; costs nothing. */
  remembers(name: string, password: string, hash: string): boolean
  /** `hash` undefined: nobody of that name; false after the time that a check takes. */
  verify(name: string, password: string, hash: string | undefined): Promise<boolean>
}

/**
 * Checks passwords against their hashes, and remembers for a short time which were right.
 *
 * What is remembered is a keyed hash over name, password and stored hash: it says nothing without the key, which is made
 * at start and never leaves memory; and a changed password has another stored hash, so it is forgotten at once.
 */
export function createVerifier(now: () => number = Date.now): Verifier {
  const secret = randomBytes(32)
  const right = new LRUCache<string, number>(MAX_KEPT)
  /** Someone unknown costs as much time as someone known. */
  let decoy: Promise<string> | undefined

  const keyOf = (...what: string[]) =>
    createHmac('sha256', secret).update(JSON.stringify(what)).digest('base64')

  function remembers(name: string, password: string, hash: string): boolean {
    const until = right.get(keyOf(name, password, hash))
    return until !== undefined && until > now()
  }

  return {
    remembers,
    async verify(name, password, hash) {
      if (hash === undefined) {
        decoy ??= hashPassword(randomBytes(16).toString('hex'))
        await passwordMatches(password, await decoy)
        return false
      }
      if (remembers(name, password, hash)) return true
      if (!(await passwordMatches(password, hash))) return false
      right.set(keyOf(name, password, hash), now() + KEEP_MS)
      return true
    },
  }
}
