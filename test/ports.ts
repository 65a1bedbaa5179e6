import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

const LOWEST = 16_000
const USUAL = 32_768

/** The first of the ports that the kernel gives to whoever asks for any, as clients do all the time. */
function firstGiven(): number {
  try {
    return Number(/\d+/.exec(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1'))?.[0])
  } catch {
    return USUAL
  }
}

/**
 * A port, of TCP and UDP, that is free and stays so until the test takes it: the kernel gives it to nobody, and no other test
 * of this run gets it. One that was asked of the kernel and closed again may be anybody's a moment later.
 */
export async function freePort(): Promise<number> {
  const given = firstGiven()
  const ports = (given > LOWEST + 1_000 ? given : USUAL) - LOWEST
  for (let tries = 0; tries < 1_000; tries++) {
    const port = LOWEST + Math.floor(Math.random() * ports)
    if (claimed(port) && (await isFree(port))) return port
  }
  throw new Error('no port is free')
}

/** Whether it is ours now, among all processes of this run. */
function claimed(port: number): boolean {
  try {
    writeFileSync(join(process.env.BELLWETHER_TEST_FOLDER!, `port-${port}`), '', { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
