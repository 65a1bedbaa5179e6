import type { Db } from '../database/index.js'
import type { Keyring } from './keyring.js'

/**
 * Does this manager hold the key of the deployment? Throws `KeyError` when it does not. The first manager of all leaves a
 * known text for the others to try.
 */
export async function checkDeploymentKey(db: Db, keys: Keyring): Promise<void> {
  await db
    .updateTable('deployment')
    .set({ keyCheck: keys.seal('bellwether', 'check') })
    .where('keyCheck', 'is', null)
    .execute()
  const { keyCheck } = await db.selectFrom('deployment').select('keyCheck').executeTakeFirstOrThrow()
  keys.open(keyCheck!, 'check')
}
