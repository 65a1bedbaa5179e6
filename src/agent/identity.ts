import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { AgentError } from './errors.js'

const FILE = 'host-id'
const FORM = /^[A-Za-z0-9-]{8,64}$/

/**
 * The host's id: made once, kept in `<dataDir>/host-id`, the same whatever the host is called later.
 * Throws AgentError when the folder cannot be used or the file holds something else.
 */
export async function loadHostId(dataDir: string): Promise<string> {
  const path = join(dataDir, FILE)
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    const known = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (known !== undefined) return checked(known.trim(), path)
    const hostId = randomUUID()
    // Through a second name: a crash leaves no half-written id behind.
    const temporary = `${path}.${process.pid}`
    const file = await open(temporary, 'w', 0o600)
    try {
      await file.writeFile(`${hostId}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    return hostId
  } catch (error) {
    if (error instanceof AgentError) throw error
    throw new AgentError('DATA_FOLDER_UNUSABLE', { path: dataDir }, error)
  }
}

function checked(hostId: string, path: string): string {
  if (!FORM.test(hostId)) throw new AgentError('BAD_HOST_ID', { path })
  return hostId
}
