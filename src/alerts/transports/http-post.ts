import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'

export interface HttpAnswer {
  status: number
  /** The first 2 KB. */
  body: string
  retryAfterMs: number | undefined
}

export class PostError extends Error {
  override name = 'PostError'
  /** The request had not been sent to its end. */
  readonly unsent: boolean
  constructor(message: string, unsent: boolean, cause?: unknown) {
    super(message, { cause })
    this.unsent = unsent
  }
}

const MAX_ANSWER = 2_048

/**
 * One POST, on a connection of its own, within `timeoutMs` in all. Redirects are answers like any other: an alert does not
 * follow an address that somebody else gives. Throws `PostError`.
 */
export function post(
  url: URL,
  options: {
    headers: Record<string, string>
    body: string
    ca?: string | undefined
    timeoutMs: number
    signal: AbortSignal
  },
): Promise<HttpAnswer> {
  const { headers, body, ca, timeoutMs, signal } = options
  return new Promise((resolve, reject) => {
    let sent = false
    const data = Buffer.from(body)
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': String(data.length), 'user-agent': 'bellwether' },
      agent: false,
      ...(ca === undefined ? {} : { ca }),
      signal,
    })
    const timer = setTimeout(
      () => request.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)),
      timeoutMs,
    )
    const fail = (error: Error) => {
      clearTimeout(timer)
      reject(new PostError(error.message, !sent, error))
    }
    request.on('finish', () => {
      sent = true
    })
    request.on('error', fail)
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      let size = 0
      const answer = () => {
        clearTimeout(timer)
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(chunks).subarray(0, MAX_ANSWER).toString(),
          retryAfterMs: retryAfter(response.headers['retry-after']),
        })
        request.destroy()
      }
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        chunks.push(chunk)
        if (size >= MAX_ANSWER) answer()
      })
      response.on('end', answer)
      response.on('error', fail)
    })
    request.end(data)
  })
}

function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}
