import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/**
 * The same ports, with those that are 0 replaced by different ones that are free on `host` at this moment: of what starts
 * together, each has to know where the others will listen, and finds them there again after a restart.
 *
 * ```ts
 * await settledPorts('127.0.0.1', [7180, 0]) // [7180, 40123]
 * ```
 */
export async function settledPorts(host: string, ports: readonly number[]): Promise<number[]> {
  const probes: Server[] = []
  try {
    const settled: number[] = []
    for (const port of ports) settled.push(port === 0 ? await probe() : port)
    return settled
  } finally {
    // Together at the end, so that no port is given twice.
    await Promise.all(probes.map((server) => new Promise((closed) => server.close(closed))))
  }

  async function probe(): Promise<number> {
    const server = createServer()
    server.listen({ host, port: 0, exclusive: true })
    await once(server, 'listening')
    probes.push(server)
    const address = server.address()
    return typeof address === 'object' && address ? address.port : 0
  }
}
