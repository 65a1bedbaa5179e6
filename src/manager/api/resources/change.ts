import type { Change } from '../../model/index.js'
import { recordAudit } from '../../users/index.js'
import type { SharedCall } from '../http/call.js'
import type { Resources } from './ports.js'

/**
 * Changes the model for a request, and writes the audit event in the same transaction: there is never the one without the
 * other.
 */
export async function changeFor<T>(
  resources: Resources,
  call: Pick<SharedCall, 'audit' | 'auditEvent'>,
  work: (change: Change) => Promise<T>,
): Promise<T> {
  const result = await resources.core.change(async (change) => {
    const done = await work(change)
    await recordAudit(change.trx, call.auditEvent())
    return done
  })
  call.audit.recorded = true
  return result
}
