import type { ErrorBody, QueryProblem } from '../wire/timeseries.js'

export type QueryErrorCode =
  | 'BAD_QUERY'
  | 'BAD_REQUEST'
  | 'TIME_LIMIT'
  | 'MEMORY_LIMIT'
  | 'POINT_LIMIT'
  | 'STORE_UNAVAILABLE'
  | 'STORE_ERROR'

const STATUS: Record<QueryErrorCode, 400 | 422 | 500 | 503 | 504> = {
  BAD_QUERY: 400,
  BAD_REQUEST: 400,
  POINT_LIMIT: 422,
  MEMORY_LIMIT: 422,
  TIME_LIMIT: 504,
  STORE_UNAVAILABLE: 503,
  STORE_ERROR: 500,
}

/** Why a query has no answer: for programs `code`, for people `message`, which says what to do. */
export class QueryError extends Error {
  override name = 'QueryError'
  readonly code: QueryErrorCode
  readonly problems: readonly QueryProblem[]

  constructor(
    code: QueryErrorCode,
    message: string,
    options: { problems?: readonly QueryProblem[]; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.problems = options.problems ?? []
  }

  get status() {
    return STATUS[this.code]
  }

  get body(): ErrorBody {
    const { message, code, problems } = this
    return problems.length === 0 ? { message, code } : { message, code, problems: [...problems] }
  }
}

export function badQuery(problems: readonly QueryProblem[]): QueryError {
  const first = problems[0]
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  const message =
    first === undefined ? 'The query is wrong.' : `${first.message} At character ${first.offset + 1}${more}.`
  return new QueryError('BAD_QUERY', message, { problems })
}

const SMALLER = 'ask for a shorter time range, fewer entities or a coarser rollup'

export const pointLimit = (limit: number) =>
  new QueryError('POINT_LIMIT', `The query reads more than ${limit.toLocaleString('en')} points: ${SMALLER}.`)

export const timeLimit = (seconds: number) =>
  new QueryError('TIME_LIMIT', `The query took longer than ${seconds} s: ${SMALLER}.`)

/** The text of ClickHouse's own error, turned into ours. It may name tables and settings, but no text of a query. */
export function engineError(text: string): QueryError {
  const code = Number(/Code: (\d+)/.exec(text)?.[1] ?? 0)
  const cause = new Error(text.slice(Math.max(0, text.indexOf('Code: '))).slice(0, 2000))
  switch (code) {
    case 159: // TIMEOUT_EXCEEDED
    case 160: // TOO_SLOW
      return new QueryError('TIME_LIMIT', `The query took too long: ${SMALLER}.`, { cause })
    case 241: // MEMORY_LIMIT_EXCEEDED
      return new QueryError('MEMORY_LIMIT', `The query needs more memory than it may use: ${SMALLER}.`, {
        cause,
      })
    case 158: // TOO_MANY_ROWS
    case 307: // TOO_MANY_BYTES
    case 396: // TOO_MANY_ROWS_OR_BYTES
      return new QueryError('POINT_LIMIT', `The query reads more samples than it may: ${SMALLER}.`, { cause })
    case 202: // TOO_MANY_SIMULTANEOUS_QUERIES
    case 210: // NETWORK_ERROR
    case 279: // ALL_CONNECTION_TRIES_FAILED: a shard of a cluster
    case 394: // QUERY_WAS_CANCELLED
    case 198: // DNS_ERROR
    case 516: // AUTHENTICATION_FAILED
      return unavailable(cause)
  }
  return new QueryError('STORE_ERROR', `The metrics database could not answer (its error ${code}).`, {
    cause,
  })
}

export const connectionError = (cause: unknown) => unavailable(cause)

const unavailable = (cause: unknown) =>
  new QueryError('STORE_UNAVAILABLE', 'The metrics database does not answer at the moment; try again soon.', {
    cause,
  })
