import { readFileSync } from 'node:fs'
import * as http from 'node:http'
import * as https from 'node:https'
import { tlsProblem } from '../../wire/connection-problem.js'

export interface MonitorAnswer {
  readonly status: number
  /** Parsed JSON; undefined where it was none. */
  readonly body: unknown
}

export interface MonitorClient {
  /** Rejects when there is no answer within `timeoutMs` (default 10 s), or one that is too long. */
  ask(
    method: 'GET' | 'PUT' | 'POST' | 'DELETE',
    path: string,
    options?: { body?: string; timeoutMs?: number; signal?: AbortSignal },
  ): Promise<MonitorAnswer>
  close(): void
}

export interface MonitorClientOptions {
  /** Base URL, such as `http://127.0.0.1:7190`. */
  url: string
  token?: string | undefined
  /** File with the certificates, PEM, that verify the monitor's. Default: those of the system. */
  caFile?: string | undefined
}

const TIMEOUT_MS = 10_000
const MOST_BYTES = 256 * 1024 * 1024

/** Kept connections to the monitor. The token is only ever in the header. */
export function createMonitorClient({ url, token, caFile }: MonitorClientOptions): MonitorClient {
  const base = url.endsWith('/') ? url : `${url}/`
  // `fetch` cannot be given an authority to verify certificates by.
  const { Agent, request } = base.startsWith('https:') ? https : http
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 8,
    ...(caFile ? { ca: readFileSync(caFile) } : {}),
  })
  return {
    ask: (method, path, { body, timeoutMs = TIMEOUT_MS, signal } = {}) =>
      new Promise((resolve, reject) => {
        const bytes = body === undefined ? undefined : Buffer.from(body)
        const timeout = AbortSignal.timeout(timeoutMs)
        const outgoing = request(
          new URL(path.replace(/^\//, ''), base),
          {
            method,
            agent,
            signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
            headers: {
              ...(bytes ? { 'content-type': 'application/json', 'content-length': bytes.length } : {}),
              ...(token ? { authorization: `Bearer ${token}` } : {}),
            },
          },
          (incoming) => {
            const parts: Buffer[] = []
            let length = 0
            incoming.on('data', (part: Buffer) => {
              length += part.length
              if (length > MOST_BYTES) incoming.destroy(new Error('the answer is too long'))
              else parts.push(part)
            })
            incoming.on('error', reject)
            incoming.on('end', () =>
              resolve({ status: incoming.statusCode ?? 0, body: jsonOf(Buffer.concat(parts).toString()) }),
            )
          },
        )
        outgoing.on('error', (error) => {
          const problem = tlsProblem(error, { url: base, caOption: '--tls-ca' })
          reject(problem === undefined ? error : new Error(problem))
        })
        outgoing.end(bytes)
      }),
    close: () => agent.destroy(),
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
