import { sql } from 'kysely'
import type { Db } from './open.js'

export const MANAGER_LEASE = 'manager'

/** How long a lease holds without a renewal, how often it is renewed, and how long before its end its holder steps down. */
export interface LeaseTimes {
  durationMs: number
  renewMs: number
  marginMs: number
}
export const leaseTimes: LeaseTimes = { durationMs: 10_000, renewMs: 2_500, marginMs: 2_500 }

export interface Holder {
  /** Unique for each run of a manager. */
  id: string
  url: string
}

export type Acquired =
  | { acquired: true; term: number }
  | { acquired: false; holder: Holder; term: number; expiresInMs: number }

/** By the database's clock, so that managers need not agree on the time. */
const now = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`

/**
 * Takes the lease when nobody holds it or when it has run out, with a term one higher. Waits for open transactions of the
 * term before.
 */
export async function acquireLease(db: Db, holder: Holder, durationMs: number): Promise<Acquired> {
  return db.transaction().execute(async (trx): Promise<Acquired> => {
    const values = {
      term: sql<number>`lease.term + 1`,
      holder: holder.id,
      holderUrl: holder.url,
      acquiredAt: now,
      expiresAt: sql<number>`${now} + ${durationMs}::bigint`,
    }
    const row = await trx
      .insertInto('lease')
      .values({ ...values, name: MANAGER_LEASE, term: 1 })
      .onConflict((c) => c.column('name').doUpdateSet(values).where('lease.expiresAt', '<=', now))
      .returning('term')
      .executeTakeFirst()
    if (row) return { acquired: true, term: row.term }
    const held = await trx
      .selectFrom('lease')
      .select(['holder', 'holderUrl', 'term', sql<number>`greatest(0, expires_at - ${now})`.as('left')])
      .where('name', '=', MANAGER_LEASE)
      .executeTakeFirstOrThrow()
    return {
      acquired: false,
      holder: { id: held.holder, url: held.holderUrl },
      term: held.term,
      expiresInMs: held.left,
    }
  })
}

/** False: another has it, or it has run out. */
export async function renewLease(db: Db, holder: Holder, term: number, durationMs: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('lease')
    .set({ expiresAt: sql<number>`${now} + ${durationMs}::bigint` })
    .where('name', '=', MANAGER_LEASE)
    .where('term', '=', term)
    .where('holder', '=', holder.id)
    .where('expiresAt', '>', now)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Lets go, so that another manager need not wait. */
export async function releaseLease(db: Db, holder: Holder, term: number): Promise<void> {
  await db
    .updateTable('lease')
    .set({ expiresAt: 0 })
    .where('name', '=', MANAGER_LEASE)
    .where('term', '=', term)
    .where('holder', '=', holder.id)
    .execute()
}

/**
 * Ends a lease that an earlier run of the same manager has left, so that a restart need not wait until it runs out. Safe
 * even if that run is still alive: the next term shuts it out (see `withTerm`). `prefix`: what the ids of all runs of this
 * manager begin with.
 */
export async function releaseFormer(db: Db, prefix: string): Promise<void> {
  await db
    .updateTable('lease')
    .set({ expiresAt: 0 })
    .where('name', '=', MANAGER_LEASE)
    .where((eb) => eb.fn<boolean>('starts_with', ['holder', eb.val(prefix)]))
    .execute()
}
