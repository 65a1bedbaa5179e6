import * as http from 'node:http'
import * as https from 'node:https'

export interface Answer {
  status: number
  location: string | undefined
  /** The first `maxBytes` of it. */
  body: Buffer
}

export interface Asked {
  method?: 'GET' | 'PUT' | 'DELETE'
  body?: Buffer
  maxBytes?: number
  signal: AbortSignal
}

/**
 * One HTTP request on a connection of its own; follows no redirect. Of a long answer only the beginning is read. A role's
 * certificate is not checked: nothing secret is sent, and the name that it is asked by is its host's.
 */
export function ask(
  url: string,
  { method = 'GET', body, maxBytes = 65_536, signal }: Asked,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = (url.startsWith('https:') ? https : http).request(
      url,
      {
        method,
        agent: false,
        signal,
        rejectUnauthorized: false,
        headers: {
          accept: '*/*',
          ...(method === 'PUT'
            ? { 'content-type': 'application/octet-stream', 'content-length': body?.length ?? 0 }
            : {}),
        },
      },
      (response) => {
        const chunks: Buffer[] = []
        let size = 0
        let finished = false
        const finish = () => {
          if (finished) return
          finished = true
          resolve({
            status: response.statusCode ?? 0,
            location: response.headers.location,
            body: Buffer.concat(chunks).subarray(0, maxBytes),
          })
          request.destroy()
        }
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          size += chunk.length
          if (size >= maxBytes) finish()
        })
        response.on('end', finish)
        response.on('error', reject)
        response.on('aborted', () => reject(new Error('the answer was cut off')))
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}
