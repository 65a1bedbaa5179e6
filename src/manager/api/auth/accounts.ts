import type { Db } from '../../database/index.js'
import { DEFAULT_ROLE, isUserRole } from '../../users/index.js'
import type { Account } from './authentication.js'

/** Looks accounts up as they are stored now: who is deleted, or has another password or role, is so with the next request. */
export function accountsIn(db: Db): (name: string) => Promise<Account | undefined> {
  return async (name) => {
    if (name.length > 255 || name.includes('\0')) return undefined
    const row = await db
      .selectFrom('userAccount')
      .select(['id', 'name', 'role', 'passwordHash'])
      .where('name', '=', name)
      .executeTakeFirst()
    return row && { ...row, role: isUserRole(row.role) ? row.role : DEFAULT_ROLE }
  }
}
