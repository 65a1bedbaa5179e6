import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes the data folder where it is missing. Others may pass through it but not look into it: the users of roles and of
 * PostgreSQL have folders of their own in it, while everything that is secret is for its owner alone.
 */
export async function makeDataFolder(path: string): Promise<void> {
  try {
    await makeFolder(path)
  } catch (error) {
    // Node's own `recursive` tries for ever where a folder is there and nothing can be made in it (/proc, automounts).
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error
    await makeDataFolder(dirname(path))
    await makeFolder(path)
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o711 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error
  }
}
