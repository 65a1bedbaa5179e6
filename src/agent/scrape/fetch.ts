import * as http from 'node:http'
import * as https from 'node:https'
import { connect } from 'node:net'
import type { MetricEndpoint } from '../../wire/heartbeat.js'

type Bounds = Pick<MetricEndpoint, 'timeoutMs' | 'maxBytes'>

/** Gets a page, within a time and a size that hold for all of it. Follows no redirects. */
export function fetchPage(url: string, { timeoutMs, maxBytes }: Bounds): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const request = (url.startsWith('https:') ? https : http).request(
      url,
      {
        agent: false,
        // A role's own certificate, on the same host as a rule; nothing secret is sent.
        rejectUnauthorized: false,
        headers: {
          accept: 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
        },
      },
      (response) => {
        if (response.statusCode !== 200) {
          request.destroy(new Error(`HTTP ${response.statusCode}`))
          return
        }
        collect(response, maxBytes, done)
      },
    )
    const done = (error: Error | undefined, page?: Buffer) => {
      clearTimeout(timer)
      if (error) {
        request.destroy()
        reject(error)
      } else resolve(page!)
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
