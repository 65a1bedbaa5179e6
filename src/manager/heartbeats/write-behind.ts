import type { ProcessReport } from '../../wire/heartbeat.js'
import type { Core } from '../core.js'
import { withTerm } from '../database/index.js'
import type { HostState, Runtime } from './runtime.js'

/** News of agents are written together, this often at the most. */
const FLUSH_MS = 250
/** And the times of all last heartbeats, which change all the time, so often. */
const TIMES_MS = 60_000
const BATCH = 1_000

export interface WriteBehind {
  process(id: number): void
  host(host: HostState): void
  /** Writes what is waiting. */
  flush(): Promise<void>
  stop(): Promise<void>
}

/**
 * Writes reports and sessions in batches. What is lost when the manager dies is told again by the agents: each beat has
 * everything.
 */
export function createWriteBehind(core: Core, runtime: Runtime): WriteBehind {
  const processes = new Set<number>()
  const hosts = new Map<number, HostState>()
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let stopped = false

  const times = setInterval(() => {
    for (const host of runtime.hosts()) if (host.session) hosts.set(host.id, host)
    schedule()
  }, TIMES_MS)
  times.unref()

  function schedule(): void {
    if (stopped || timer) return
    timer = setTimeout(() => {
      timer = undefined
      void flush().catch((error) =>
        core.logger.warn({ err: error }, 'Reports of agents could not be written'),
      )
    }, FLUSH_MS)
  }

  async function flush(): Promise<void> {
    while (running) await running
    if (processes.size === 0 && hosts.size === 0) return
    const ids = [...processes]
    const states = [...hosts.values()]
    processes.clear()
    hosts.clear()
    running = write(ids, states)
    try {
      await running
    } catch (error) {
      // Still to be written, unless there is something newer by then.
      for (const id of ids) processes.add(id)
      for (const state of states) hosts.set(state.id, state)
      if (!stopped) setTimeout(schedule, 1_000).unref()
      throw error
    } finally {
      running = undefined
    }
  }

  async function write(ids: number[], states: HostState[]): Promise<void> {
    const reports = ids
      .sort((a, b) => a - b)
      .flatMap((id) => {
        const report = runtime.process(id)?.report
        return report ? [reportRow(id, report)] : []
      })
    const sessions = states
      .sort((a, b) => a.id - b.id)
      .flatMap((host) => (host.session ? [sessionRow(host, host.session)] : []))
    await withTerm(core.db, core.term(), async (trx) => {
      for (let i = 0; i < reports.length; i += BATCH) {
        const batch = reports.slice(i, i + BATCH)
        // Of processes that have been deleted meanwhile there is nothing to write.
        const there = await trx
          .selectFrom('process')
          .select('id')
          .where(
            'id',
            'in',
            batch.map((row) => row.processId),
          )
          .forKeyShare()
          .execute()
        const alive = new Set(there.map((row) => row.id))
        const rows = batch.filter((row) => alive.has(row.processId))
        if (rows.length === 0) continue
        await trx
          .insertInto('processReport')
          .values(rows)
          .onConflict((c) =>
            c.column('processId').doUpdateSet((eb) => ({
              state: eb.ref('excluded.state'),
              since: eb.ref('excluded.since'),
              pid: eb.ref('excluded.pid'),
              startedAt: eb.ref('excluded.startedAt'),
              report: eb.ref('excluded.report'),
            })),
          )
          .execute()
      }
      for (let i = 0; i < sessions.length; i += BATCH) {
        const batch = sessions.slice(i, i + BATCH)
        const there = await trx
          .selectFrom('host')
          .select('id')
          .where(
            'id',
            'in',
            batch.map((row) => row.hostId),
          )
          .forKeyShare()
          .execute()
        const alive = new Set(there.map((row) => row.id))
        const rows = batch.filter((row) => alive.has(row.hostId))
        if (rows.length === 0) continue
        await trx
          .insertInto('hostSession')
          .values(rows)
          .onConflict((c) =>
            c.column('hostId').doUpdateSet((eb) => ({
              session: eb.ref('excluded.session'),
              facts: eb.ref('excluded.facts'),
              agentVersion: eb.ref('excluded.agentVersion'),
              lastHeartbeat: eb.ref('excluded.lastHeartbeat'),
              clockOffset: eb.ref('excluded.clockOffset'),
            })),
          )
          .execute()
      }
    })
  }

  return {
    process(id) {
      processes.add(id)
      schedule()
    },
    host(host) {
      hosts.set(host.id, host)
      schedule()
    },
    flush,
    async stop() {
      if (stopped) return
      stopped = true
      clearInterval(times)
      clearTimeout(timer)
      for (const host of runtime.hosts()) if (host.session) hosts.set(host.id, host)
      await flush().catch((error) => core.logger.debug({ err: error }, 'The last reports were not written'))
    },
  }
}

function reportRow(processId: number, report: ProcessReport) {
  return {
    processId,
    state: report.state,
    since: Math.round(report.since),
    pid: report.pid ?? null,
    startedAt: report.startedAt === undefined ? null : Math.round(report.startedAt),
    report: JSON.stringify(report),
  }
}

function sessionRow(host: HostState, session: object) {
  return {
    hostId: host.id,
    session: JSON.stringify(session),
    facts: host.facts ? JSON.stringify(host.facts) : null,
    agentVersion: host.agentVersion,
    lastHeartbeat: Math.round(host.lastHeartbeat),
    clockOffset: host.clockOffset ?? null,
  }
}
