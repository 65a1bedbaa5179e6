import type { Core } from './core.js'
import { withTerm } from './database/index.js'
import type { Runtime, Tokens } from './heartbeats/index.js'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
/** Processes that no agent is to know any more are kept this long, for a look at what was run. */
const PROCESS_AGE_MS = 24 * HOUR_MS
/** Rows that one statement removes. */
const BATCH = 5_000

/** Removes what is old: commands, audit events, sessions, processes. `setting` gives the manager's settings as numbers. */
export function startHousekeeping(
  core: Core,
  runtime: Runtime,
  tokens: Tokens,
  setting: (name: string) => number,
): () => void {
  const run = async (): Promise<void> => {
    const now = Date.now()
    const before = {
      command: now - setting('COMMAND_EVICTION_AGE_HOURS') * HOUR_MS,
      audit: now - setting('AUDIT_EVICTION_AGE_HOURS') * HOUR_MS,
      process: now - PROCESS_AGE_MS,
    }
    await withTerm(core.db, core.term(), async (trx) => {
      await trx.deleteFrom('userSession').where('expiresAt', '<', now).execute()
      await trx.deleteFrom('agentToken').where('expiresAt', '<', now).execute()
      await trx
        .deleteFrom('command')
        .where('id', 'in', (eb) =>
          eb
            .selectFrom('command')
            .select('id')
            .where('parentId', 'is', null)
            .where('endedAt', '<', before.command)
            .limit(BATCH),
        )
        .execute()
      await trx
        .deleteFrom('auditEvent')
        .where('id', 'in', (eb) =>
          eb.selectFrom('auditEvent').select('id').where('at', '<', before.audit).limit(BATCH),
        )
        .execute()
      await trx
        .deleteFrom('process')
        .where('id', 'in', (eb) =>
          eb
            .selectFrom('process')
            .leftJoin('clientConfig', 'clientConfig.deployedProcessId', 'process.id')
            .select('process.id')
            .where('process.listed', '=', false)
            .where('process.current', '=', false)
            .where('process.createdAt', '<', before.process)
            .where('clientConfig.id', 'is', null)
            .limit(BATCH),
        )
        .execute()
    })
  }
  const report = (error: unknown) => core.logger.debug({ err: error }, 'Housekeeping was left out')
  const slow = setInterval(() => void run().catch(report), HOUR_MS)
  const fast = setInterval(() => {
    tokens.prune((hostId) => runtime.host(hostId) !== undefined)
    void runtime.prune().catch(report)
  }, MINUTE_MS)
  slow.unref()
  fast.unref()
  return () => {
    clearInterval(slow)
    clearInterval(fast)
  }
}
