import type { Keyring } from '../configuration/keyring.js'
import type { Db, Trx } from '../database/index.js'
import { withTerm } from '../database/index.js'
import type { DescriptorSet } from '../descriptors/index.js'
import { loadModel } from './load.js'
import { patchModel, type Touched } from './patch.js'
import { at, type ModelTable, type RowTable } from './read.js'
import type { Model } from './types.js'

/** What changes of the model need. */
export interface ModelContext {
  readonly db: Db
  /** The term of this manager; throws `LostLeaseError` when it is not the active one. */
  term(): number
  readonly keys: Keyring
  descriptors(): DescriptorSet
}

/** One transaction that changes the model; changes are made one after another, each on the model that the last one left. */
export interface Change {
  readonly trx: Trx
  readonly keys: Keyring
  readonly descriptors: DescriptorSet
  readonly now: number
  /** The model with everything that this change has done so far. */
  model(): Promise<Model>
  /**
   * To be called after each write: what it inserted, changed or deleted, by id, by `targetKey` (values) or by `tagKey`.
   * Just that is read again; what the database deletes along with a row need not be named.
   */
  touch(table: RowTable, ids: Iterable<number>): void
  touch(table: Exclude<ModelTable, RowTable>, keys: Iterable<string>): void
  /** Hosts whose agents have something to learn from it. */
  touchHosts(ids: Iterable<number>): void
}

export interface ModelStore {
  /** The model as it is now: what a change has committed is in it. */
  current(): Promise<Model>
  /**
   * Runs `work` in a transaction that only the active manager can commit, and only one at a time. Throws `LostLeaseError`,
   * or what `work` throws; then nothing has been changed.
   */
  change<T>(work: (change: Change) => Promise<T>): Promise<T>
}

export interface ModelEvents {
  /** After a commit: agents of these hosts have something to learn. */
  onHostsTouched(ids: number[]): void
  /** After a commit that changed the model. */
  onModelChanged?(): void
}

export function createModelStore(context: ModelContext, events: ModelEvents): ModelStore {
  let cached: Model | undefined
  let loading: Promise<Model> | undefined

  async function load(): Promise<Model> {
    const model = await context.db
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute((trx) => loadModel(trx))
    if (!cached || cached.version < model.version) cached = model
    return model
  }

  let last: Promise<unknown> = Promise.resolve()

  async function changeNow<T>(work: (change: Change) => Promise<T>): Promise<T> {
    const hosts = new Set<number>()
    let settled: Model | undefined
    const result = await withTerm(context.db, context.term(), async (trx) => {
      // The lock on this row puts changes in order.
      const { modelVersion } = await trx
        .updateTable('deployment')
        .set((eb) => ({ modelVersion: eb('modelVersion', '+', 1) }))
        .returning('modelVersion')
        .executeTakeFirstOrThrow()
      let base = cached?.version === modelVersion - 1 ? cached : undefined
      let touched: Touched = new Map()
      const read = async () => {
        const pending = touched
        touched = new Map()
        if (base && pending.size > 0) base = await patchModel(trx, base, pending, modelVersion)
        else base ??= await loadModel(trx)
        return base
      }
      // One after another, so that nobody gets the model of a reading that is still under way.
      let turn: Promise<unknown> = Promise.resolve()
      const model = () => {
        const next = turn.then(read)
        turn = next.catch(() => undefined)
        return next
      }
      const done = await work({
        trx,
        keys: context.keys,
        descriptors: context.descriptors(),
        now: Date.now(),
        model,
        touch(table, keys) {
          const known = at(touched, table, () => new Set())
          for (const key of keys) known.add(key)
        },
        touchHosts(ids) {
          for (const id of ids) hosts.add(id)
        },
      })
      await raiseGenerations(trx, hosts)
      // Known as it will be when this is committed, and nobody has to read it all again.
      settled = base && { ...(await model()), version: modelVersion }
      return done
    })
    if (settled && (!cached || cached.version < settled.version)) cached = settled
    if (hosts.size > 0) events.onHostsTouched([...hosts])
    events.onModelChanged?.()
    return result
  }

  return {
    async current() {
      const { modelVersion } = await context.db
        .selectFrom('deployment')
        .select('modelVersion')
        .executeTakeFirstOrThrow()
      for (;;) {
        if (cached && cached.version >= modelVersion) return cached
        // Whoever comes while it is being read may need a newer one: then it looks again.
        loading ??= load().finally(() => {
          loading = undefined
        })
        await loading
      }
    },

    change(work) {
      // Here, and not only at the lock in the database: who waits there holds a connection, and comes before this one knows
      // the model that it leaves.
      const mine = last.then(() => changeNow(work))
      last = mine.catch(() => undefined)
      return mine
    },
  }
}

/**
 * In the order of ids, so that two transactions never wait for each other in a circle. Nor do those that have added something
 * to a host before: their foreign keys hold its row FOR KEY SHARE, which FOR UPDATE would have to wait for.
 */
export async function raiseGenerations(trx: Trx, ids: Iterable<number>): Promise<void> {
  const sorted = [...ids].sort((a, b) => a - b)
  if (sorted.length === 0) return
  await trx.selectFrom('host').select('id').where('id', 'in', sorted).orderBy('id').forNoKeyUpdate().execute()
  await trx
    .updateTable('host')
    .set((eb) => ({ generation: eb('generation', '+', 1) }))
    .where('id', 'in', sorted)
    .execute()
}
