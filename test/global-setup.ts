import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder for what workers keep until they end: they are ended, and cannot remove it themselves. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'bellwether-test-'))
  // A PostgreSQL in it may run as another user, who has to pass.
  chmodSync(folder, 0o711)
  process.env.BELLWETHER_TEST_FOLDER = folder
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 })
}
