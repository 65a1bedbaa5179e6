import { createServer } from 'node:net'

/** This port of loopback if it is free now, else one that is. */
export async function portNear(usual: number): Promise<number> {
  return (await free(usual)) ?? (await free(0)) ?? usual
}

function free(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => {
      const address = server.address() as { port: number }
      server.close(() => resolve(address.port))
    })
  })
}
