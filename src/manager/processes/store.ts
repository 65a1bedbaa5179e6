import type { Keyring } from '../configuration/keyring.js'
import type { Db, ProcessKind, Trx } from '../database/index.js'
import type { CollectionTarget, Process, RoleCanary } from '../generate/index.js'
import { raiseGenerations } from '../model/change.js'
import { packProcess, packStored, type StoredProcess, unpackProcess, wholeProcess } from './spec.js'

export interface NewProcess {
  process: Process
  metrics?: readonly CollectionTarget[]
  /** Name of the rules of `metrics`. */
  ruleSet?: string
  canaries?: readonly RoleCanary[]
  roleId: number | null
  serviceId: number
  hostId: number
}

/** What is known of a process without its files. */
export interface ProcessRow {
  readonly id: number
  readonly kind: ProcessKind
  /** `<id>-<service>-<ROLE>`. */
  readonly name: string
  readonly roleId: number | null
  readonly serviceId: number | null
  readonly hostId: number
  readonly revision: number
  readonly wanted: 'RUNNING' | 'STOPPED'
  readonly current: boolean
  readonly listed: boolean
  readonly createdAt: number
}

export const processColumns = [
  'id',
  'kind',
  'name',
  'roleId',
  'serviceId',
  'hostId',
  'revision',
  'wanted',
  'current',
  'listed',
  'createdAt',
] as const

/**
 * Stores a process that is to run, and tells its host. One of kind `ROLE` takes the place of the one before it, which the
 * agent then forgets.
 */
export async function insertProcess(trx: Trx, keys: Keyring, wanted: NewProcess): Promise<ProcessRow> {
  const { process, roleId, serviceId, hostId } = wanted
  const { spec, blobs } = packProcess(
    keys,
    process,
    wanted.metrics ?? [],
    wanted.ruleSet ?? '',
    wanted.canaries,
  )
  if (blobs.size > 0)
    await trx
      .insertInto('blob')
      .values(
        [...blobs].sort(byDigest).map(([digest, contents]) => ({ digest, contents: Buffer.from(contents) })),
      )
      .onConflict((c) => c.column('digest').doNothing())
      .execute()
  const current = process.kind === 'ROLE'
  if (current && roleId !== null)
    await trx
      .updateTable('process')
      .set({ current: false, listed: false })
      .where('roleId', '=', roleId)
      .where('current', '=', true)
      .execute()
  const row = await trx
    .insertInto('process')
    .values({
      kind: process.kind,
      name: `${process.serviceName}-${process.kind === 'CLIENT_CONFIG' ? 'CLIENT' : process.roleType}`,
      roleId,
      serviceId,
      hostId,
      spec,
      revision: 1,
      wanted: 'RUNNING',
      current,
      listed: true,
      createdAt: Date.now(),
    })
    .returning(processColumns)
    .executeTakeFirstOrThrow()
  await raiseGenerations(trx, [hostId])
  return named(row)
}

/** Undefined: the role has never been started. */
export async function stopProcess(trx: Trx, roleId: number): Promise<ProcessRow | undefined> {
  const row = await trx
    .updateTable('process')
    .set({ wanted: 'STOPPED' })
    .where('roleId', '=', roleId)
    .where('current', '=', true)
    .returning(processColumns)
    .executeTakeFirst()
  if (row) await raiseGenerations(trx, [row.hostId])
  return row && named(row)
}

/** Of a command that has ended: the agent may forget it. */
export async function unlistProcess(trx: Trx, id: number): Promise<void> {
  const row = await trx
    .updateTable('process')
    .set({ listed: false })
    .where('id', '=', id)
    .returning('hostId')
    .executeTakeFirst()
  if (row) await raiseGenerations(trx, [row.hostId])
}

/**
 * Puts the refreshable files of `fresh` in the place of the stored ones, with a new revision: the agent writes them into the
 * folder of the running process. Everything else stays as it was started.
 */
export async function refreshProcess(
  trx: Trx,
  keys: Keyring,
  id: number,
  fresh: Process,
): Promise<ProcessRow | undefined> {
  const row = await trx
    .selectFrom('process')
    .select(['spec', 'hostId'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (!row) return undefined
  const stored = unpackProcess(keys, row.spec)
  const byPath = new Map(fresh.files.map((file) => [file.path, file]))
  const files = stored.files.map((file) => {
    const next = file.refreshable ? byPath.get(file.path) : undefined
    if (!next?.refreshable || 'digest' in file) return file
    const { path, mode, refreshable, origin } = next
    return {
      ...{ path, mode, refreshable, origin },
      contents: Buffer.from(next.contents).toString('base64'),
      ...(next.shown ? { shown: Buffer.from(next.shown).toString('base64') } : {}),
    }
  })
  const updated = await trx
    .updateTable('process')
    .set((eb) => ({ spec: packStored(keys, { ...stored, files }), revision: eb('revision', '+', 1) }))
    .where('id', '=', id)
    .returning(processColumns)
    .executeTakeFirstOrThrow()
  await raiseGenerations(trx, [row.hostId])
  return named(updated)
}

/** Whole, secrets included: for comparing and for agents. `shownProcess` makes what people may see. */
export async function loadProcess(db: Db | Trx, keys: Keyring, id: number): Promise<Process | undefined> {
  const row = await db.selectFrom('process').select('spec').where('id', '=', id).executeTakeFirst()
  if (!row) return undefined
  const stored = unpackProcess(keys, row.spec)
  return wholeProcess(stored, await loadBlobs(db, stored))
}

async function loadBlobs(db: Db | Trx, stored: StoredProcess): Promise<Map<string, Uint8Array>> {
  const digests = stored.files.flatMap((file) => ('digest' in file ? [file.digest] : []))
  if (digests.length === 0) return new Map()
  const rows = await db.selectFrom('blob').selectAll().where('digest', 'in', digests).execute()
  return new Map(rows.map((row) => [row.digest, row.contents]))
}

/** A file that agents fetch by its digest. */
export async function loadBlob(db: Db, digest: string): Promise<Uint8Array | undefined> {
  if (!/^[0-9a-f]{64}$/.test(digest)) return undefined
  const row = await db.selectFrom('blob').select('contents').where('digest', '=', digest).executeTakeFirst()
  return row?.contents
}

export function named<T extends { id: number; name: string }>(row: T): T {
  return { ...row, name: `${row.id}-${row.name}` }
}

/** Always in the same order, so that two transactions never wait for each other in a circle. */
function byDigest([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1
}
