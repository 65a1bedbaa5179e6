import type { ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'
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

function answer(response: ServerResponse, status: number, type: string, text: string) {
  response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' }).end(text)
}
