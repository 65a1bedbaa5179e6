import { mkdir } from 'node:fs/promises'

/**
 * Makes the data folder where it is missing. Others may pass through it but not look into it: the users of roles and of
 * PostgreSQL have folders of their own in it, while everything that is secret is for its owner alone.
 */
export async function makeDataFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o711 })
}
