import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'

export interface PublisherAnswer {
  status: number
  /** The start of it. */
  text: string
  retryAfterMs: number | undefined
}

export interface PublisherConnection {
  /** `path` such as `alerts`. Rejects when no answer came. */
  ask(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    signal: AbortSignal,
    body?: string,
  ): Promise<PublisherAnswer>
  close(): void
}

const TIMEOUT_MS = 30_000
const MAX_TEXT = 256 * 1024
const LONGEST_RETRY_AFTER_MS = 300_000

/** Kept connections to the alert publisher. The token is only ever in the header. */
export function connectPublisher(
  url: string,
  token: string,
  { timeoutMs = TIMEOUT_MS, sockets = 1 } = {},
): PublisherConnection {
  const base = new URL(url.endsWith('/') ? url : `${url}/`)
  const secure = base.protocol === 'https:'
  const agent = new (secure ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: sockets })
  return {
    ask: (method, path, signal, body) =>
      new Promise((resolve, reject) => {
        const bytes = body === undefined ? undefined : Buffer.from(body)
        const outgoing = (secure ? httpsRequest : httpRequest)(
          new URL(path, base),
          {
            method,
            agent,
            signal,
            headers: {
              ...(bytes ? { 'content-type': 'application/json', 'content-length': bytes.length } : {}),
              ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
            },
          },
          (incoming) => {
            let text = ''
            incoming.setEncoding('utf8')
            incoming.on('data', (chunk: string) => {
              if (text.length < MAX_TEXT) text += chunk
            })
            incoming.on('end', () => {
              clearTimeout(timer)
              const seconds = Number(incoming.headers['retry-after'] ?? Number.NaN)
              resolve({
                status: incoming.statusCode ?? 0,
                text,
                retryAfterMs: Number.isFinite(seconds)
                  ? Math.min(LONGEST_RETRY_AFTER_MS, Math.max(0, seconds * 1000))
                  : undefined,
              })
            })
            incoming.on('aborted', () => fail(new Error('the answer was cut off')))
            incoming.on('error', fail)
          },
        )
        const timer = setTimeout(
          () => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)),
          timeoutMs,
        )
        const fail = (error: Error) => {
          clearTimeout(timer)
          reject(error)
        }
        outgoing.on('error', fail)
        outgoing.end(bytes)
      }),
    close: () => agent.destroy(),
  }
}
