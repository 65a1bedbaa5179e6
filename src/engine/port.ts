import { createServer } from 'node:net'

export const LOOPBACK = '127.0.0.1'

export interface Ports {
  http: number
  /** ClickHouse's native protocol; undefined: not opened. */
  tcp: number | undefined
}

/** A TCP port on loopback that was free a moment ago. Whoever listens on it next must expect to find it taken. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen({ host: LOOPBACK, port: 0, exclusive: true }, () => {
      const address = probe.address()
      const port = typeof address === 'object' && address ? address.port : 0
      probe.close(() => resolve(port))
    })
  })
}
