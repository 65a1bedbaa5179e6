export type DatabaseErrorCode = 'SCHEMA_TOO_NEW' | 'MIGRATION' | 'UNREACHABLE'

/** What is wrong with the manager's database, for the person who starts the manager. */
export class DatabaseError extends Error {
  override name = 'DatabaseError'
  readonly code: DatabaseErrorCode
  constructor(code: DatabaseErrorCode, detail: { found?: string; known?: string }, cause?: unknown) {
    super(TEXT[code](detail, cause), cause === undefined ? {} : { cause })
    this.code = code
  }
}

const TEXT: Record<
  DatabaseErrorCode,
  (detail: { found?: string; known?: string }, cause?: unknown) => string
> = {
  SCHEMA_TOO_NEW: ({ found, known }) =>
    `The database was brought to ${found} by a newer version of this program, which knows up to ${known}. Start that version, or restore a backup from before.`,
  MIGRATION: ({ found }, cause) =>
    `The database could not be brought up to date: ${found} failed (${cause instanceof Error ? cause.message : cause}). Nothing was changed.`,
  UNREACHABLE: ({ found }) => `The database cannot be reached: ${found}.`,
}

/** This manager is not the active one any more: another has taken over, or the lease could not be renewed in time. */
export class LostLeaseError extends Error {
  override name = 'LostLeaseError'
  readonly code = 'LOST_LEASE'
  readonly term: number
  readonly current: number | undefined
  constructor(term: number, current: number | undefined) {
    super(
      current === undefined
        ? 'This manager is not the active one. Send the request to the active one.'
        : `This manager was the active one in term ${term}; it is now term ${current}. Send the request to the active one.`,
    )
    this.term = term
    this.current = current
  }
}

/** Has the disk of the database's server no room left? PostgreSQL: `disk_full`; nothing of the statement was done. */
export function isDiskFull(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  return (
    code === '53100' ||
    (typeof message === 'string' && /No space left on device|Disk quota exceeded/.test(message))
  )
}

/**
 * Is it only that the database was away, or that two transactions were in each other's way? Then it may be done again, if it
 * is known whether it was done (see `once` of the commands).
 */
export function isTransient(error: unknown): boolean {
  if (error instanceof DatabaseError) return error.code === 'UNREACHABLE'
  if (isDiskFull(error)) return true
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  // 08: connection, 57P0: the server stops or starts, 40: serialization and deadlock, 53: out of connections, disk or memory.
  if (
    typeof code === 'string' &&
    /^(08|57P0|40|53)|^E(CONN|PIPE|TIMEDOUT|AI_AGAIN|NOTFOUND|HOSTUNREACH)/.test(code)
  )
    return true
  return (
    typeof message === 'string' &&
    /Connection terminated|connection timeout|timeout exceeded when trying to connect|Client has encountered a connection error/.test(
      message,
    )
  )
}
