import type { EngineConnection } from './engine.js'
import { EngineError } from './errors.js'

/** Oldest server that the product's SQL works with. */
export const MIN_VERSION = '25.3'

const MAX_ANSWER = 4_096

/**
 * Asks the server for its version with the connection's own user, and so finds out whether it can be used.
 * Throws `unreachable`, `wrong-password`, `wrong-server` or `version-too-old`.
 */
export async function serverVersion(
  connection: EngineConnection,
  options: { timeoutMs?: number; signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const subject = connection.url
  const timeout = AbortSignal.timeout(options.timeoutMs ?? 5_000)
  const signal = options.signal ? AbortSignal.any([timeout, options.signal]) : timeout
  let status: number
  let body: string
  try {
    const response = await fetch(`${connection.url}/?query=${encodeURIComponent('SELECT version()')}`, {
      headers: {
        'X-ClickHouse-User': connection.username,
        'X-ClickHouse-Key': connection.password,
        Connection: 'close',
      },
      redirect: 'manual',
      signal,
    })
    status = response.status
    body = (await beginning(response)).trim()
  } catch (cause) {
    if (options.signal?.aborted) throw new EngineError('aborted', { subject }, { cause })
    throw new EngineError('unreachable', { subject, reason: networkReason(cause) }, { cause })
  }
  // 516 AUTHENTICATION_FAILED, 192 UNKNOWN_USER, 193 WRONG_PASSWORD, 194 REQUIRED_PASSWORD
  if (status === 401 || /^Code: (516|192|193|194)\b/.test(body)) {
    throw new EngineError('wrong-password', { subject, reason: `user ${connection.username}` })
  }
  if (status !== 200 || !/^\d+\.\d+/.test(body)) {
    throw new EngineError('wrong-server', {
      subject,
      reason: `HTTP ${status}: ${body.slice(0, 200) || 'no text'}`,
    })
  }
  if (olderThan(body, MIN_VERSION)) {
    throw new EngineError('version-too-old', {
      subject,
      reason: `${body}, needed is ${MIN_VERSION} or later`,
    })
  }
  return body
}

/** Whatever answers may be no ClickHouse, and may never end. */
async function beginning(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > MAX_ANSWER) break
  }
  return text.slice(0, MAX_ANSWER)
}

/** Compares the first two numbers of versions such as `26.7.2.1`. */
export function olderThan(version: string, minimum: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [minMajor = 0, minMinor = 0] = minimum.split('.').map(Number)
  return major < minMajor || (major === minMajor && minor < minMinor)
}

function networkReason(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'no answer in time'
  const cause = error instanceof Error ? (error.cause ?? error) : error
  if (cause instanceof AggregateError) return networkReason(cause.errors[0])
  return cause instanceof Error ? cause.message : String(cause)
}
