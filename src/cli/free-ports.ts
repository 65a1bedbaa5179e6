import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/**
 * The same ports, with those that are 0 replaced by different ones that are free on `host` at this moment: of what starts
 * together, each has to know where the others will listen, and finds them there again after a restart. Rejects with Node's
 * error (EADDRINUSE, …) where one cannot be had: nothing is to be started, and sent to whoever has it, before.
 *
 * ```ts
 * await settledPorts('127.0.0.1', [7180, 0]) // [7180, 40123]
 * ```
 */
export async function settledPorts(host: string, ports: readonly number[]): Promise<number[]> {
  const probes: Server[] = []
  try {
    const settled: number[] = []
    for (const port of ports) settled.push(await probe(port))
    return settled
  } finally {
    // Together at the end, so that no port is given twice.
    await Promise.all(probes.map((server) => new Promise((closed) => server.close(closed))))
  }

  async function probe(wanted: number): Promise<number> {
    const server = createServer()
    server.listen({ host, port: wanted, exclusive: true })
    await once(server, 'listening')
    probes.push(server)
    const address = server.address()
    return typeof address === 'object' && address ? address.port : 0
  }
}
