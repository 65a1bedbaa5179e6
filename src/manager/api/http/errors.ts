import { isDiskFull } from '../../database/index.js'

/** What the API refuses or cannot do: becomes `{message, causes?}` with `status`. The message is for the person who asked. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly status: number
  readonly causes: readonly string[]
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    message: string,
    causes: readonly string[] = [],
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
    this.status = status
    this.causes = causes
    this.headers = headers
  }
}

export const badRequest = (message: string, causes: readonly string[] = []) =>
  new ApiError(400, message, causes)
export const notFound = (message: string) => new ApiError(404, message)
export const forbidden = (message: string) => new ApiError(403, message)
export const unavailable = (message: string, seconds = 5) =>
  new ApiError(503, message, [], { 'retry-after': String(seconds) })

/** How the layers below fail: by a code, told in words that can be shown. */
interface Coded {
  code?: unknown
  message: string
}

const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  NOT_FOUND: 404,
  EXISTS: 400,
  INVALID: 400,
  IN_USE: 400,
  LOST_LEASE: 503,
}

/** PostgreSQL and the network: the database is away, or refuses new connections for now. */
const AWAY = /^(UNREACHABLE|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|ENOENT|08\w{3}|57P0\d|53300)$/

/**
 * Any thrown thing as an ApiError; undefined for a fault of ours, which the caller logs and hides.
 *
 * `names` of error classes of the model carry a `code` of STATUS_OF_CODE.
 */
export function asApiError(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error
  if (!(error instanceof Error)) return undefined
  const { code, message } = error as Coded
  if (typeof code !== 'string') return undefined
  const status = STATUS_OF_CODE[code]
  if (status !== undefined)
    return new ApiError(status, message, causesOf(error), status === 503 ? { 'retry-after': '5' } : {})
  if (isDiskFull(error))
    return unavailable(
      'The disk of the manager’s database is full: nothing can be changed until there is space on it again.',
      30,
    )
  if (AWAY.test(code))
    return unavailable('The database cannot be reached; the request can be made again in a moment.')
  return undefined
}

function causesOf(error: Error): string[] {
  const { causes } = error as { causes?: unknown }
  return Array.isArray(causes) ? causes.map(String) : []
}
