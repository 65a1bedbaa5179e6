import { EVENT_LIMITS, type EventRecord } from '../../wire/event.js'
import type { Core } from '../core.js'
import { withTerm } from '../database/index.js'
import type { MonitorClient } from './client.js'

export interface AuditSender {
  /** May be called twice. */
  stop(): Promise<void>
}

const EVERY_MS = 2_000
const LONGEST_PAUSE_MS = 5_000
const BATCH = 500

/**
 * Sends audit events to the monitor's event store. Each row says whether the monitor has it, so none is lost while the monitor
 * is away or a manager dies; one that is sent again has the same id, and is stored once.
 */
export function startAuditSender(options: {
  core: Core
  client: MonitorClient
  everyMs?: number
}): AuditSender {
  const { core, client, everyMs = EVERY_MS } = options
  const ending = new AbortController()
  let failures = 0
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()

  async function send(): Promise<number> {
    const rows = await core.db
      .selectFrom('auditEvent')
      .selectAll()
      .where('sent', '=', false)
      .orderBy('id')
      .limit(BATCH)
      .execute()
    if (rows.length === 0) return 0
    const oldest = Date.now() - EVENT_LIMITS.ageMs + 3_600_000
    const events = rows
      .filter(({ at }) => at > oldest)
      .map((row): EventRecord => {
        const attributes: Record<string, string[]> = {
          EVENTCODE: [row.allowed ? 'EV_AUDIT' : 'EV_AUDIT_REFUSED'],
          USER: [row.username],
          COMMAND: [row.command],
          ALLOWED: [String(row.allowed)],
        }
        const put = (name: string, value: string | null) => {
          if (value) attributes[name] = [value]
        }
        put('IP_ADDRESS', row.ipAddress)
        put('CLUSTER', row.clusterName)
        put('SERVICE', row.serviceName)
        put('ROLE', row.roleName)
        put('HOSTS', row.hostname)
        return {
          id: `audit-${core.deploymentId}-${row.id}`,
          time: row.at,
          category: 'AUDIT_EVENT',
          severity: row.allowed ? 'INFORMATIONAL' : 'IMPORTANT',
          alert: false,
          content: row.message || row.command,
          attributes,
        }
      })
    if (events.length > 0) {
      const body = JSON.stringify({ events })
      const { status } = await client.ask('POST', '/events', { body, signal: ending.signal })
      // 400: nothing in it is an event; it would never be.
      if (status !== 200 && status !== 400) throw new Error(`HTTP ${status}`)
    }
    const ids = rows.map(({ id }) => id)
    await withTerm(core.db, core.term(), (trx) =>
      trx.updateTable('auditEvent').set({ sent: true }).where('id', 'in', ids).execute(),
    )
    return rows.length
  }

  async function round(): Promise<void> {
    try {
      while (!ending.signal.aborted && (await send()) === BATCH);
      if (failures > 0) core.logger.info({}, 'The monitor takes audit events again')
      failures = 0
    } catch (error) {
      if (ending.signal.aborted) return
      if (failures++ === 0)
        core.logger.warn({ reason: String(error) }, 'The monitor does not take audit events; they wait')
    }
  }

  function plan(): void {
    if (ending.signal.aborted) return
    timer = setTimeout(
      () => {
        running = round().finally(plan)
      },
      Math.min(LONGEST_PAUSE_MS, everyMs * 2 ** Math.min(failures, 10)),
    )
    timer.unref()
  }
  plan()

  return {
    async stop() {
      ending.abort()
      clearTimeout(timer)
      await running
    },
  }
}
