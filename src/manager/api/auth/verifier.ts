import { createHmac, randomBytes } from 'node:crypto'
import { verifyPassword } from '../../users/index.js'
import { LRUCache } from './lru.js'

/** How long a password that was right is known without asking scrypt again: Basic sends it with every request. */
const KEEP_MS = 60_000
const MAX_KEPT = 1_000

/** scrypt takes 16 MiB and a good part of a core: a flood of logins must wait in line, not take the machine. */
const CONCURRENT = 2
const MAX_WAITING = 64

export class TooManyLogins extends Error {
  override name = 'TooManyLogins'
}

export interface Verifier {
  /** True when the password was found to be right a short time ago; costs nothing. */
  remembers(name: string, password: string, hash: string): boolean
  /** `hash` undefined: nobody of that name; false after the time that a check takes. Throws `TooManyLogins`. */
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
  const waiting: (() => void)[] = []
  let running = 0

  const keyOf = (...what: string[]) =>
    createHmac('sha256', secret).update(JSON.stringify(what)).digest('base64')

  function remembers(name: string, password: string, hash: string): boolean {
    const until = right.get(keyOf(name, password, hash))
    return until !== undefined && until > now()
  }

  async function inLine<T>(work: () => Promise<T>): Promise<T> {
    if (running < CONCURRENT) running++
    else if (waiting.length < MAX_WAITING) await new Promise<void>((resolve) => waiting.push(resolve))
    else throw new TooManyLogins()
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }

  return {
    remembers,
    async verify(name, password, hash) {
      if (hash !== undefined && remembers(name, password, hash)) return true
      if (!(await inLine(() => verifyPassword(password, hash))) || hash === undefined) return false
      right.set(keyOf(name, password, hash), now() + KEEP_MS)
      return true
    },
  }
}
