import * as http from 'node:http'
import * as https from 'node:https'
import { connectionProblem } from '../../wire/connection-problem.js'
import { createAuthorities } from '../authorities.js'

export interface PostAnswer {
  status: number
  /** The start of the body. */
  text: string
  retryAfter: string | undefined
}

export interface Poster {
  /** Rejects when no answer came: refused, reset, timed out, aborted. */
  post(body: Uint8Array, headers: Record<string, string>, signal: AbortSignal): Promise<PostAnswer>
  close(): void
}

const MAX_TEXT_BYTES = 8000

export interface Target {
  url: URL
  /** Sent as `Authorization: Bearer`. */
  token?: string
}

/**
 * Posts over one connection that is kept; `target` is asked for each post, and rejects while there is none. `caFile`: PEM,
 * used instead of the system's authorities.
 */
export function createPoster(
  target: URL | (() => Target | undefined),
  timeoutMs: number,
  caFile?: string,
): Poster {
  const targetOf = typeof target === 'function' ? target : (): Target => ({ url: target })
  const options = { keepAlive: true, maxSockets: 1, keepAliveMsecs: 30_000 }
  const plain = new http.Agent(options)
  const secure = createAuthorities(options, caFile)

  function once(body: Uint8Array, headers: Record<string, string>, signal: AbortSignal, again: boolean) {
    const to = targetOf()
    if (!to) return Promise.reject(new Error('the manager has not said yet where metrics go'))
    const { url, token } = to
    const isSecure = url.protocol === 'https:'
    const { request } = isSecure ? https : http
    const all = { ...headers, ...(token ? { authorization: `Bearer ${token}` } : {}) }
    return new Promise<PostAnswer>((resolve, reject) => {
      let answered = false
      const outgoing = request(
        url,
        {
          method: 'POST',
          agent: isSecure ? secure.agent() : plain,
          signal,
          headers: { ...all, 'content-length': body.length },
        },
        (incoming) => {
          answered = true
          let text = ''
          incoming.setEncoding('utf8')
          incoming.on('data', (chunk: string) => {
            if (text.length < MAX_TEXT_BYTES) text += chunk.slice(0, MAX_TEXT_BYTES)
          })
          incoming.on('end', () => {
            clearTimeout(timer)
            const status = incoming.statusCode ?? 0
            resolve({ status, text: text.trim(), retryAfter: incoming.headers['retry-after'] })
          })
          incoming.on('error', fail)
          incoming.on('aborted', () => fail(new Error('the answer was cut off')))
        },
      )
      // Of the whole exchange: a server that trickles bytes is as bad as one that sends none.
      const timer = setTimeout(
        () => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)),
        timeoutMs,
      )
      const fail = (error: NodeJS.ErrnoException) => {
        clearTimeout(timer)
        // The server closed a kept connection just as we used it (RFC 9112 §9.5): once more, on a new one.
        const stale =
          !answered && outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
        if (stale && again && !signal.aborted) once(body, headers, signal, false).then(resolve, reject)
        else reject(new Error(connectionProblem(error, { url, caOption: '--manager-ca' })))
      }
      outgoing.on('error', fail)
      outgoing.end(body)
    })
  }

  return {
    post: (body, headers, signal) => once(body, headers, signal, true),
    close() {
      plain.destroy()
      secure.close()
    },
  }
}
