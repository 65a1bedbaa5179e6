import type { Transaction } from 'kysely'
import { LostLeaseError } from './errors.js'
import { MANAGER_LEASE } from './lease.js'
import type { Db } from './open.js'
import type { Database } from './schema.js'

export type Trx = Transaction<Database>

/**
 * A transaction that only the manager of this term can commit. Throws `LostLeaseError` when the term has moved on, and then
 * has changed nothing.
 *
 * The lock on the lease's row (FOR KEY SHARE) is compatible with those of other writers and with a renewal, which changes no
 * key; a new holder, who changes the term, waits until the transaction has ended. So no write of an old term is ever
 * committed after the first of a new one, whatever clocks say.
 *
 * ```ts
 * await withTerm(db, 7, (trx) => trx.insertInto('cluster').values(…).execute())
 * ```
 */
export function withTerm<T>(db: Db, term: number, work: (trx: Trx) => Promise<T>): Promise<T> {
  return db.transaction().execute(async (trx) => {
    const row = await trx
      .selectFrom('lease')
      .select('term')
      .where('name', '=', MANAGER_LEASE)
      .forKeyShare()
      .executeTakeFirst()
    if (row?.term !== term) throw new LostLeaseError(term, row?.term)
    return work(trx)
  })
}
