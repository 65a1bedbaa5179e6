/** One keep-alive HTTP connection that sends a request at a time: node:http, a body written in one piece, nothing decoded. */
import { Agent, type IncomingMessage, request } from 'node:http'

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  readonly body: Buffer
}

export interface Client {
  send(
    method: 'GET' | 'POST',
    path: string,
    headers?: Record<string, string>,
    body?: Uint8Array,
  ): Promise<Answer>
  close(): void
}

/** The body is put together when it is asked for: time that is measured ends with its last byte. */
function answerOf({ statusCode = 0, headers }: IncomingMessage, chunks: Buffer[]): Answer {
  let body: Buffer | undefined
  return {
    status: statusCode,
    headers,
    get body() {
      body ??= chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
      return body
    },
  }
}

/** Connects to `origin`, e.g. `http://127.0.0.1:8428`. Rejects when the connection breaks or is silent for `timeoutMs`. */
export function createClient(origin: string, timeoutMs = 120_000): Client {
  const { hostname, port } = new URL(origin)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return {
    send: (method, path, headers = {}, body) =>
      new Promise((resolve, reject) => {
        const length: Record<string, string> = body ? { 'content-length': String(body.length) } : {}
        const sent = request(
          { hostname, port, method, path, agent, headers: { ...headers, ...length }, timeout: timeoutMs },
          (incoming) => {
            const chunks: Buffer[] = []
            incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
            incoming.on('error', reject)
            incoming.on('end', () => resolve(answerOf(incoming, chunks)))
          },
        )
        sent.on('timeout', () =>
          sent.destroy(new Error(`${method} ${origin}${path.slice(0, 80)}: no answer in ${timeoutMs} ms`)),
        )
        sent.on('error', reject)
        sent.end(body)
      }),
    close: () => agent.destroy(),
  }
}
