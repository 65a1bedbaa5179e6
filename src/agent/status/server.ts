import type { ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'
import { isLoopback } from '../../wire/host-check.js'
import { AgentError } from '../errors.js'

export interface StatusServer {
  port: number
  stop(): Promise<void>
}

/** Serves `/metrics` (Prometheus) and `/status` (JSON). Throws AgentError `STATUS_PORT_UNUSABLE`. */
export async function startStatusServer(
  host: string,
  port: number,
  registry: Registry,
  status: () => object,
): Promise<StatusServer> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0]
    if (isLoopback(host) && !isLoopback(hostOf(request.headers.host)))
      return answer(response, 421, 'text/plain', 'This port serves loopback only.\n')
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return answer(response, 405, 'text/plain', 'Only GET here.\n')
    if (path === '/status') return answer(response, 200, 'application/json', `${JSON.stringify(status())}\n`)
    if (path === '/') return answer(response, 200, 'text/plain', 'Bellwether agent: see /status, /metrics\n')
    if (path !== '/metrics') return answer(response, 404, 'text/plain', 'Here are /status and /metrics.\n')
    registry.metrics().then(
      (text) => answer(response, 200, registry.contentType, text),
      (error) => answer(response, 500, 'text/plain', `${error}\n`),
    )
  })
  server.requestTimeout = 10_000
  server.maxConnections = 50
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new AgentError('STATUS_PORT_UNUSABLE', { host, port }, error)))
    server.listen(port, host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Without the port; a page whose name was made to resolve to loopback (DNS rebinding) shows here. */
const hostOf = (header = '') => header.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')

function answer(response: ServerResponse, status: number, type: string, text: string) {
  response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' }).end(text)
}
