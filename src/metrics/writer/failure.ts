import { ClickHouseError } from '@clickhouse/client'

/** What went wrong with an insert, in words for the person who reads a sender's 503. */
export function describeFailure(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  if (/NOT_ENOUGH_SPACE|No space left on device|Cannot reserve/i.test(text) || codeOf(error) === 243)
    return 'the disk of the metrics database is full: free space on it, or shorten the retention'
  if (codeOf(error) === 252)
    return 'the metrics database has too many parts to merge: it takes samples again when it has caught up'
  if (codeOf(error) === 241) return 'the metrics database is out of memory'
  if (codeOf(error) === 516) return 'the metrics database refuses the user name or password'
  if (codeOf(error) === 279 || codeOf(error) === 210)
    return `a server of the metrics cluster does not answer: ${firstLine(text)}`
  if (error instanceof ClickHouseError) return `the metrics database refuses samples: ${firstLine(text)}`
  return `the metrics database does not answer: ${firstLine(text) || 'connection lost'}`
}

/** Did the insert reach the server, so that it may have been stored in whole or in part? */
export function wasSent(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return code !== 'ECONNREFUSED' && code !== 'ENOTFOUND' && code !== 'EHOSTUNREACH'
}

function codeOf(error: unknown): number {
  return error instanceof ClickHouseError ? Number(error.code) : 0
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!.slice(0, 300)
}
