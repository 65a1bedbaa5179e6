import { readFileSync } from 'node:fs'
import * as http from 'node:http'
import * as https from 'node:https'
import { Readable } from 'node:stream'

interface Options {
  headers: Record<string, string>
  caFile: string
}

/**
 * POSTs JSON and gives the answer as soon as its headers are there. `fetch` cannot be given an authority to verify certificates
 * by. `caFile`: PEM, used in place of the system's; empty: those. Rejects with Node's error when nothing answers.
 */
export function postJson(url: string, body: unknown, options: Options): Promise<Response> {
  return request(url, 'POST', Buffer.from(JSON.stringify(body)), options)
}

/** GETs it, as `postJson` does. */
export function get(url: string, options: Options): Promise<Response> {
  return request(url, 'GET', undefined, options)
}

function request(
  url: string,
  method: string,
  bytes: Buffer | undefined,
  { headers, caFile }: Options,
): Promise<Response> {
  const isSecure = url.startsWith('https:')
  return new Promise((resolve, reject) => {
    const outgoing = (isSecure ? https : http).request(
      url,
      {
        method,
        agent: false,
        headers: bytes
          ? { ...headers, 'content-type': 'application/json', 'content-length': bytes.length }
          : headers,
        ...(isSecure && caFile !== '' ? { ca: readFileSync(caFile) } : {}),
      },
      (incoming) => {
        const given = Object.entries(incoming.headers).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, String(value)] as [string, string]],
        )
        const status = incoming.statusCode ?? 502
        const stream = Readable.toWeb(incoming) as ReadableStream<Uint8Array>
        resolve(new Response(status === 204 ? null : stream, { status, headers: given }))
      },
    )
    outgoing.on('error', reject)
    outgoing.end(bytes)
  })
}
