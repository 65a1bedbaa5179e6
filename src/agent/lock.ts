import { createHash } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { createServer } from 'node:net'
import { AgentError } from './errors.js'

/**
 * Holds a data folder for this process: two agents would write into one spool. The lock is a socket in Linux's abstract
 * namespace, so that the kernel takes it back however the process ends and no file is left to be in the way. Returns the
 * release. Throws AgentError `DATA_FOLDER_IN_USE`. Elsewhere than on Linux there is no lock.
 */
export async function lockFolder(path: string): Promise<() => Promise<void>> {
  if (process.platform !== 'linux') return async () => {}
  const name = createHash('sha256')
    .update(await realpath(path))
    .digest('hex')
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new AgentError('DATA_FOLDER_IN_USE', { path }, error)))
    server.listen(`\0bellwether-agent-${name}`, resolve)
  })
  server.unref()
  return () => new Promise((resolve) => server.close(() => resolve()))
}
