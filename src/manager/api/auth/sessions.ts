import { createHash, randomBytes } from 'node:crypto'
import { LRUCache } from './lru.js'

export interface Session {
  user: string
  /** Address that used it last. */
  address: string
  createdAt: number
  usedAt: number
}

type Owner = { readonly id: number; readonly name: string }

export interface Sessions {
  /** Returns the id, to be set as a cookie. `basic`: handed to a client that sent a password along. */
  create(user: Owner, address: string, by: 'login' | 'basic'): Promise<string>
  /** Name of the user whose living session that is; counts as use. */
  use(id: string, address: string): Promise<string | undefined>
  end(id: string): Promise<void>
  endAllOf(user: Owner): Promise<void>
  list(): Promise<Pick<Session, 'user' | 'address' | 'usedAt'>[]>
}

const IDLE_MS = 30 * 60_000
const LONGEST_MS = 12 * 3_600_000
/** Scripts that throw their cookie away make a new one each time: the one used longest ago goes. */
const MAX_SESSIONS = 1_000
const MAX_OF_ONE_USER = 100

/**
 * Sessions in memory: they end with the process, 30 minutes after their last use, and after 12 hours in any case. An id is
 * made here, never taken from a request (so none can be planted); only its hash is kept.
 */
export function sessionsInMemory(now: () => number = Date.now, prefix = ''): Sessions {
  const store = new LRUCache<string, Session>(MAX_SESSIONS)

  const alive = (session: Session) =>
    now() - session.usedAt < IDLE_MS && now() - session.createdAt < LONGEST_MS

  function remove(matches: (session: Session) => boolean): void {
    for (const [key, session] of [...store.entries()]) if (matches(session)) store.delete(key)
  }

  return {
    async create(user, address) {
      const own = [...store.entries()].filter(([, session]) => session.user === user.name)
      if (own.length >= MAX_OF_ONE_USER) store.delete(own[0]![0])
      const id = prefix + randomBytes(32).toString('base64url')
      store.set(hashed(id), { user: user.name, address, createdAt: now(), usedAt: now() })
      return id
    },
    async use(id, address) {
      const session = store.get(hashed(id))
      if (!session) return undefined
      if (!alive(session)) {
        store.delete(hashed(id))
        return undefined
      }
      session.usedAt = now()
      session.address = address
      return session.user
    },
    async end(id) {
      store.delete(hashed(id))
    },
    async endAllOf(user) {
      remove((session) => session.user === user.name)
    },
    async list() {
      remove((session) => !alive(session))
      return [...store.entries()].map(([, session]) => session)
    },
  }
}

const hashed = (id: string) => createHash('sha256').update(id).digest('base64')
