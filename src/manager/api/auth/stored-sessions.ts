import type { Db } from '../../database/index.js'
import { createSession, endSession, endSessions, findSession, listSessions } from '../../users/index.js'
import { type Sessions, sessionsInMemory } from './sessions.js'

const MAX_OF_ONE_USER = 100
/** Marks ids of sessions that only this process knows. */
const IN_MEMORY = 'b-'

/**
 * Sessions of people are stored, so that a restart or another manager does not log them out; those of clients that send their
 * password along are kept in memory, for they are made often and cost nothing to make again.
 */
export function storedSessions(db: Db, timeoutMs: () => Promise<number>): Sessions {
  const memory = sessionsInMemory(Date.now, IN_MEMORY)
  return {
    async create(user, address, by) {
      if (by === 'basic') return memory.create(user, address, by)
      await endSessions(db, { expiredAt: Date.now() })
      await keepNewest(db, user.id, MAX_OF_ONE_USER - 1)
      return createSession(
        db,
        { ...user, role: 'ROLE_USER', createdAt: 0, lastLogin: null },
        {
          remoteAddress: address,
          timeoutMs: await timeoutMs(),
        },
      )
    },
    async use(id, address) {
      if (id.startsWith(IN_MEMORY)) return memory.use(id, address)
      return (await findSession(db, id, { timeoutMs: await timeoutMs() }))?.name
    },
    async end(id) {
      await (id.startsWith(IN_MEMORY) ? memory.end(id) : endSession(db, id))
    },
    async endAllOf(user) {
      await memory.endAllOf(user)
      await endSessions(db, { userId: user.id })
    },
    async list() {
      const stored = await listSessions(db)
      return [
        ...(await memory.list()),
        ...stored.map(({ name, remoteAddress, lastRequest }) => ({
          user: name,
          address: remoteAddress,
          usedAt: lastRequest,
        })),
      ]
    },
  }
}

/** Ends the sessions of a user but the newest ones. */
async function keepNewest(db: Db, userId: number, count: number): Promise<void> {
  const newest = db
    .selectFrom('userSession')
    .select('hash')
    .where('userId', '=', userId)
    .orderBy('createdAt', 'desc')
    .limit(count)
  await db.deleteFrom('userSession').where('userId', '=', userId).where('hash', 'not in', newest).execute()
}
