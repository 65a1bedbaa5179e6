import * as http from 'node:http'
import * as https from 'node:https'
import { createAuthorities } from '../authorities.js'

export interface Reply {
  status: number
  headers: http.IncomingHttpHeaders
  body: Buffer
  /** Our end of the connection. */
  localAddress?: string | undefined
}

export interface Exchange {
  method: 'GET' | 'POST'
  url: URL
  headers: Record<string, string>
  body?: Buffer
  /** Of the whole exchange. */
  timeoutMs: number
  /** A longer answer is cut off, and is an error. */
  maxBytes: number
  signal: AbortSignal
}

export interface Transport {
  /** Rejects when no answer came. A certificate that does not verify is such a case. */
  exchange(exchange: Exchange): Promise<Reply>
  close(): void
}

const CONNECT_MS = 5000

/** Speaks to managers over connections that are kept. `caFile`: PEM, used instead of the system's authorities. */
export function createTransport(caFile: string | undefined): Transport {
  const options = { keepAlive: true, keepAliveMsecs: 15_000, maxFreeSockets: 2 }
  const plain = new http.Agent(options)
  const secure = createAuthorities(options, caFile)

  function once(exchange: Exchange, again: boolean): Promise<Reply> {
    const { method, url, headers, body, timeoutMs, maxBytes, signal } = exchange
    const isSecure = url.protocol === 'https:'
    return new Promise<Reply>((resolve, reject) => {
      let answered = false
      let localAddress: string | undefined
      const outgoing = (isSecure ? https : http).request(
        url,
        {
          method,
          agent: isSecure ? secure.agent() : plain,
          signal,
          headers: { ...headers, ...(body ? { 'content-length': body.length } : {}) },
        },
        (incoming) => {
          answered = true
          const chunks: Buffer[] = []
          let size = 0
          incoming.on('data', (chunk: Buffer) => {
            size += chunk.length
            if (size > maxBytes) outgoing.destroy(new Error(`an answer of more than ${maxBytes} bytes`))
            else chunks.push(chunk)
          })
          incoming.on('end', () => {
            clearTimeout(whole)
            resolve({
              status: incoming.statusCode ?? 0,
              headers: incoming.headers,
              body: Buffer.concat(chunks),
              localAddress,
            })
          })
          incoming.on('error', fail)
          incoming.on('aborted', () => fail(new Error('the answer was cut off')))
        },
      )
      const whole = setTimeout(
        () => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)),
        timeoutMs,
      )
      const connecting = setTimeout(
        () => outgoing.destroy(new Error(`no connection within ${CONNECT_MS} ms`)),
        CONNECT_MS,
      )
      outgoing.on('socket', (socket) => {
        // Asked while the connection is there for certain: one that has ended knows no address.
        const connected = () => {
          clearTimeout(connecting)
          localAddress = socket.localAddress
        }
        if (!socket.connecting) connected()
        else socket.once(isSecure ? 'secureConnect' : 'connect', connected)
      })
      const fail = (error: NodeJS.ErrnoException) => {
        clearTimeout(whole)
        clearTimeout(connecting)
        // The server closed a kept connection just as we used it (RFC 9112 §9.5): once more, on a new one.
        const stale =
          !answered && outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
        if (stale && again && !signal.aborted) once(exchange, false).then(resolve, reject)
        else reject(error)
      }
      outgoing.on('error', fail)
      outgoing.end(body)
    })
  }

  return {
    exchange: async (exchange) => once(exchange, true),
    close() {
      plain.destroy()
      secure.close()
    },
  }
}
