import * as http from 'node:http'
import * as https from 'node:https'
import { connect } from 'node:net'
import type { MetricEndpoint } from '../../wire/heartbeat.js'

type Bounds = Pick<MetricEndpoint, 'timeoutMs' | 'maxBytes'>

export interface PageRequest {
  headers?: Record<string, string>
  /** Whether the server's certificate has to be a good one. */
  rejectUnauthorized: boolean
  ca?: Buffer
  accept?: string | undefined
}

export interface FetchedPage {
  page: Buffer
  /** As the server sent it; empty without one. */
  contentType: string
}

const METRICS_PAGE = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'

/** Gets a page, within a time and a size that hold for all of it. Follows no redirects. */
export function fetchPage(
  url: string,
  { timeoutMs, maxBytes }: Bounds,
  { headers = {}, accept = METRICS_PAGE, ...tls }: PageRequest,
): Promise<FetchedPage> {
  return new Promise((resolve, reject) => {
    let contentType = ''
    const request = (url.startsWith('https:') ? https : http).request(
      url,
      {
        agent: false,
        ...tls,
        headers: { accept, ...headers },
      },
      (response) => {
        if (response.statusCode !== 200) {
          request.destroy(new Error(`HTTP ${response.statusCode}`))
          return
        }
        contentType = response.headers['content-type'] ?? ''
        collect(response, maxBytes, done)
      },
    )
    const done = (error: Error | undefined, page?: Buffer) => {
      clearTimeout(timer)
      if (error) {
        request.destroy()
        reject(error)
      } else resolve({ page: page!, contentType })
    }
    const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    request.on('error', done)
    request.end()
  })
}

/** Sends a four letter word to ZooKeeper and reads until it closes. */
export function fetchMntr(host: string, port: number, { timeoutMs, maxBytes }: Bounds): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => socket.write('mntr'))
    const done = (error: Error | undefined, page?: Buffer) => {
      clearTimeout(timer)
      socket.destroy()
      if (error) reject(error)
      else resolve(page!)
    }
    const timer = setTimeout(() => done(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    socket.on('error', done)
    collect(socket, maxBytes, done)
  })
}

function collect(
  stream: NodeJS.ReadableStream,
  maxBytes: number,
  done: (error: Error | undefined, page?: Buffer) => void,
) {
  const chunks: Buffer[] = []
  let size = 0
  let over = false
  stream.on('data', (chunk: Buffer) => {
    if (over) return
    size += chunk.length
    if (size > maxBytes) {
      over = true
      done(new Error(`a page of more than ${maxBytes} bytes`))
    } else chunks.push(chunk)
  })
  stream.on('end', () => over || done(undefined, Buffer.concat(chunks)))
  stream.on('error', (error: Error) => over || done(error))
  stream.on('aborted', () => over || done(new Error('the page was cut off')))
}
