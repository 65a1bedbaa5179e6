import { createHash, randomBytes } from 'node:crypto'
import { LRUCache } from './lru.js'

export interface Session {
  user: string
  /** Address that used it last. */
  address: string
  createdAt: number
  usedAt: number
  /** By the login page, or handed to a client that sent a password. */
  by: 'login' | 'basic'
}

export interface Sessions {
  /** Returns the id, to be set as a cookie. */
  create(user: string, address: string, by: Session['by']): Promise<string>
  /** The living session of an id; counts as use. */
  use(id: string, address: string): Promise<Session | undefined>
  end(id: string): Promise<void>
  /** Ends every session of a user but `but`, the id of the one who asks; returns how many. */
  endAllOf(user: string, but?: string): Promise<number>
  list(): Promise<Session[]>
}

const IDLE_MS = 30 * 60_000
const LONGEST_MS = 12 * 3_600_000
const MAX_LOGIN_SESSIONS = 10_000
/** Scripts that throw their cookie away make a new one each time: these must not push people out. */
const MAX_BASIC_SESSIONS = 1_000
const MAX_OF_ONE_USER = 100

/**
 * Sessions in memory: they end with the process, 30 minutes after their last use, and after 12 hours in any case. An id is
 * made here, never taken from a request (so none can be planted); only its hash is kept.
 */
export function sessionsInMemory(now: () => number = Date.now): Sessions {
  const stores = {
    login: new LRUCache<string, Session>(MAX_LOGIN_SESSIONS),
    basic: new LRUCache<string, Session>(MAX_BASIC_SESSIONS),
  }

  const alive = (session: Session) =>
    now() - session.usedAt < IDLE_MS && now() - session.createdAt < LONGEST_MS

  function find(key: string): Session | undefined {
    for (const store of Object.values(stores)) {
      const session = store.get(key)
      if (!session) continue
      if (alive(session)) return session
      store.delete(key)
    }
    return undefined
  }

  function remove(matches: (session: Session, key: string) => boolean): number {
    let removed = 0
    for (const store of Object.values(stores))
      for (const [key, session] of [...store.entries()])
        if (matches(session, key)) {
          store.delete(key)
          removed++
        }
    return removed
  }

  return {
    async create(user, address, by) {
      const store = stores[by]
      const own = [...store.entries()].filter(([, session]) => session.user === user)
      if (own.length >= MAX_OF_ONE_USER) store.delete(own[0]![0])
      const id = randomBytes(32).toString('base64url')
      store.set(hashed(id), { user, address, by, createdAt: now(), usedAt: now() })
      return id
    },
    async use(id, address) {
      const session = find(hashed(id))
      if (!session) return undefined
      session.usedAt = now()
      session.address = address
      return session
    },
    async end(id) {
      const key = hashed(id)
      for (const store of Object.values(stores)) store.delete(key)
    },
    async endAllOf(user, but) {
      const kept = but === undefined ? undefined : hashed(but)
      return remove((session, key) => session.user === user && key !== kept)
    },
    async list() {
      remove((session) => !alive(session))
      return Object.values(stores).flatMap((store) => [...store.entries()].map(([, session]) => session))
    },
  }
}

const hashed = (id: string) => createHash('sha256').update(id).digest('base64')
