import type { CheckFailure, HostFacts, HostSession, ProcessReport } from '../../wire/heartbeat.js'
import type { Core } from '../core.js'
import { named, type ProcessRow, processColumns } from '../processes/index.js'

/** A process with what its agent said of it last. */
export interface ProcessState extends ProcessRow {
  readonly report: ProcessReport | undefined
  /** Its agent has taken up a desired state that has it, has nothing left to do, and does not know it. */
  readonly absent: boolean
}

export interface HostState {
  readonly id: number
  readonly hostId: string
  session: HostSession | undefined
  facts: HostFacts | undefined
  agentVersion: string
  /** Milliseconds since the epoch; 0: never. */
  lastHeartbeat: number
  /** What its clock lacks to ours, milliseconds. */
  clockOffset: number | undefined
  /** Why checks of the host itself failed. */
  failures: readonly CheckFailure[]
  /** The present one, in the database. */
  generation: number
  /** The one that its agent holds, and whether it has done all of it. */
  held: number
  settled: boolean
  /** Its agent's beats may be held: it hears of everything at once. */
  holds: boolean
}

/**
 * What runs where, in memory: the active manager's picture of all hosts. It is loaded at the start, and kept up to date by
 * heartbeats and by whoever changes processes; the database follows in batches.
 */
export interface Runtime {
  host(id: number): HostState | undefined
  hostByName(hostId: string): HostState | undefined
  hosts(): Iterable<HostState>
  process(id: number): ProcessState | undefined
  /** The process that stands for a role now. */
  currentProcess(roleId: number): ProcessState | undefined
  processesOfHost(id: number): Iterable<ProcessState>
  /** After a commit: a new or changed process. */
  put(row: ProcessRow): void
  /** What an agent said of one; false: nothing new. */
  report(id: number, report: ProcessReport): boolean
  setAbsent(id: number, absent: boolean): void
  /** Reads hosts anew: those that were added, and generations. Forgets hosts that are gone. */
  refresh(ids: readonly number[]): Promise<void>
  /** Forgets processes whose rows are gone. */
  prune(): Promise<void>
  /** Called after every change of a process, until the returned function is called. */
  onProcess(listener: (process: ProcessState) => void): () => void
}

export async function loadRuntime(core: Core): Promise<Runtime> {
  const { db } = core
  const hosts = new Map<number, HostState>()
  const names = new Map<string, HostState>()
  const processes = new Map<number, ProcessState>()
  const current = new Map<number, number>()
  const ofHost = new Map<number, Set<number>>()
  const listeners = new Set<(process: ProcessState) => void>()

  function set(process: ProcessState): void {
    if (!process.listed && !process.current) {
      drop(process.id)
      return
    }
    processes.set(process.id, process)
    let siblings = ofHost.get(process.hostId)
    if (!siblings) ofHost.set(process.hostId, (siblings = new Set()))
    siblings.add(process.id)
    if (process.current && process.roleId !== null) {
      const before = current.get(process.roleId)
      if (before !== undefined && before < process.id) drop(before)
      current.set(process.roleId, process.id)
    }
  }

  function drop(id: number): void {
    const process = processes.get(id)
    if (!process) return
    processes.delete(id)
    ofHost.get(process.hostId)?.delete(id)
    if (process.roleId !== null && current.get(process.roleId) === id) current.delete(process.roleId)
  }

  function changed(process: ProcessState): void {
    set(process)
    for (const listener of [...listeners]) listener(process)
  }

  const hostQuery = () =>
    db
      .selectFrom('host')
      .leftJoin('hostSession', 'hostSession.hostId', 'host.id')
      .select([
        'host.id',
        'host.hostId',
        'host.generation',
        'hostSession.session',
        'hostSession.facts',
        'hostSession.agentVersion',
        'hostSession.lastHeartbeat',
        'hostSession.clockOffset',
      ])

  function setHost(row: Awaited<ReturnType<ReturnType<typeof hostQuery>['execute']>>[number]): void {
    const known = hosts.get(row.id)
    if (known?.hostId === row.hostId) {
      known.generation = Math.max(known.generation, row.generation)
      return
    }
    if (known) names.delete(known.hostId)
    const host: HostState = {
      id: row.id,
      hostId: row.hostId,
      session: (row.session as HostSession | null) ?? undefined,
      facts: (row.facts as HostFacts | null) ?? undefined,
      agentVersion: row.agentVersion ?? '',
      lastHeartbeat: row.lastHeartbeat ?? 0,
      clockOffset: row.clockOffset ?? undefined,
      failures: [],
      generation: row.generation,
      held: 0,
      settled: false,
      holds: false,
    }
    hosts.set(host.id, host)
    names.set(host.hostId, host)
  }

  for (const row of await hostQuery().execute()) setHost(row)
  const rows = await db
    .selectFrom('process')
    .leftJoin('processReport', 'processReport.processId', 'process.id')
    .select(processColumns.map((name) => `process.${name}` as const))
    .select('processReport.report')
    .where((eb) => eb.or([eb('process.listed', '=', true), eb('process.current', '=', true)]))
    .orderBy('process.id')
    .execute()
  for (const { report, ...row } of rows)
    set({ ...named(row), report: (report as ProcessReport | null) ?? undefined, absent: false })

  return {
    host: (id) => hosts.get(id),
    hostByName: (hostId) => names.get(hostId),
    hosts: () => hosts.values(),
    process: (id) => processes.get(id),
    currentProcess(roleId) {
      const id = current.get(roleId)
      return id === undefined ? undefined : processes.get(id)
    },
    *processesOfHost(id) {
      for (const each of ofHost.get(id) ?? []) {
        const process = processes.get(each)
        if (process) yield process
      }
    },
    put(row) {
      const known = processes.get(row.id)
      changed({ ...row, report: known?.report, absent: false })
    },
    report(id, report) {
      const known = processes.get(id)
      if (!known || same(known.report, report)) {
        if (known?.absent) set({ ...known, absent: false })
        return false
      }
      changed({ ...known, report, absent: false })
      return true
    },
    setAbsent(id, absent) {
      const known = processes.get(id)
      if (known && known.absent !== absent) changed({ ...known, absent })
    },
    async refresh(ids) {
      if (ids.length === 0) return
      const found = await hostQuery()
        .where('host.id', 'in', [...ids])
        .execute()
      for (const row of found) setHost(row)
      const there = new Set(found.map((row) => row.id))
      for (const id of ids) {
        const host = hosts.get(id)
        if (!host || there.has(id)) continue
        hosts.delete(id)
        names.delete(host.hostId)
        for (const each of [...(ofHost.get(id) ?? [])]) drop(each)
        ofHost.delete(id)
      }
    },
    async prune() {
      const ids = [...processes.keys()]
      const there = new Set<number>()
      for (let i = 0; i < ids.length; i += 10_000)
        for (const row of await db
          .selectFrom('process')
          .select('id')
          .where('id', 'in', ids.slice(i, i + 10_000))
          .execute())
          there.add(row.id)
      for (const id of ids) if (!there.has(id)) drop(id)
    },
    onProcess(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function same(a: ProcessReport | undefined, b: ProcessReport): boolean {
  return (
    a !== undefined &&
    a.state === b.state &&
    a.since === b.since &&
    a.pid === b.pid &&
    a.startedAt === b.startedAt &&
    a.restarts === b.restarts &&
    a.unexpectedExits === b.unexpectedExits &&
    a.revision === b.revision &&
    a.exit?.at === b.exit?.at &&
    a.problem?.code === b.problem?.code &&
    a.problem?.message === b.problem?.message &&
    JSON.stringify(a.failures) === JSON.stringify(b.failures)
  )
}
