import { createHash, randomBytes } from 'node:crypto'
import type { Db } from '../database/index.js'
import { DEFAULT_ROLE, isUserRole } from './roles.js'
import type { User } from './users.js'

/** How often the time of a session's last request is written down. */
const TOUCH_MS = 60_000

export interface Session {
  readonly user: User
  readonly remoteAddress: string
  readonly lastRequest: number
}

/** A new session; returns the cookie's value, of which only the hash is kept. Sessions outlive this manager. */
export async function createSession(
  db: Db,
  user: User,
  options: { remoteAddress: string; timeoutMs: number; now?: number },
): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  const now = options.now ?? Date.now()
  await db
    .insertInto('userSession')
    .values({
      hash: hashOf(token),
      userId: user.id,
      remoteAddress: options.remoteAddress.slice(0, 100),
      createdAt: now,
      lastRequest: now,
      expiresAt: now + options.timeoutMs,
    })
    .execute()
  await db.updateTable('userAccount').set({ lastLogin: now }).where('id', '=', user.id).execute()
  return token
}

/** Whose session that is; undefined where it is none, or has run out. Each use makes it last longer. */
export async function findSession(
  db: Db,
  token: string,
  options: { timeoutMs: number; now?: number },
): Promise<User | undefined> {
  if (token.length > 200) return undefined
  const now = options.now ?? Date.now()
  const hash = hashOf(token)
  const row = await db
    .selectFrom('userSession')
    .innerJoin('userAccount', 'userAccount.id', 'userSession.userId')
    .select([
      'userAccount.id',
      'userAccount.name',
      'userAccount.role',
      'userAccount.createdAt',
      'userAccount.lastLogin',
      'userSession.lastRequest',
    ])
    .where('userSession.hash', '=', hash)
    .where('userSession.expiresAt', '>', now)
    .executeTakeFirst()
  if (!row) return undefined
  if (now - row.lastRequest > Math.min(TOUCH_MS, options.timeoutMs / 4))
    await db
      .updateTable('userSession')
      .set({ lastRequest: now, expiresAt: now + options.timeoutMs })
      .where('hash', '=', hash)
      .execute()
  const { id, name, role, createdAt, lastLogin } = row
  return { id, name, role: isUserRole(role) ? role : DEFAULT_ROLE, createdAt, lastLogin }
}

export async function endSession(db: Db, token: string): Promise<void> {
  await db.deleteFrom('userSession').where('hash', '=', hashOf(token)).execute()
}

/** Ends all sessions of a user, or those of everyone that have run out. */
export async function endSessions(db: Db, which: { userId: number } | { expiredAt: number }): Promise<void> {
  const query = db.deleteFrom('userSession')
  await ('userId' in which
    ? query.where('userId', '=', which.userId)
    : query.where('expiresAt', '<=', which.expiredAt)
  ).execute()
}

/** As `GET /users/sessions` shows them. */
export async function listSessions(
  db: Db,
  now: number = Date.now(),
): Promise<{ name: string; remoteAddress: string; lastRequest: number }[]> {
  return db
    .selectFrom('userSession')
    .innerJoin('userAccount', 'userAccount.id', 'userSession.userId')
    .select(['userAccount.name', 'userSession.remoteAddress', 'userSession.lastRequest'])
    .where('userSession.expiresAt', '>', now)
    .orderBy('userSession.lastRequest', 'desc')
    .limit(10_000)
    .execute()
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
