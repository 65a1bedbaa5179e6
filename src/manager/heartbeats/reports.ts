import type { HeartbeatRequest } from '../../wire/heartbeat.js'
import type { Core } from '../core.js'
import { withTerm } from '../database/index.js'
import type { HostCommands } from './host-commands.js'
import { followFacts } from './hosts.js'
import type { HostState, Runtime } from './runtime.js'
import type { WriteBehind } from './write-behind.js'

/** A clock further off than this is noted in the log. */
const CLOCK_OFF_MS = 60_000

/** Takes over what a beat reports. `isNews`: it is the first of its agent. */
export type TakeReport = (
  host: HostState,
  request: HeartbeatRequest,
  received: number,
  isNews: boolean,
) => Promise<void>

export function createReports(options: {
  core: Core
  runtime: Runtime
  writes: WriteBehind
  commands: HostCommands
}): TakeReport {
  const { core, runtime, writes, commands } = options
  /** By name what was said last of each client configuration of a host, as long as its agent speaks of it. */
  const clientStates = new WeakMap<HostState, Map<string, string>>()

  async function take(
    host: HostState,
    request: HeartbeatRequest,
    received: number,
    isNews: boolean,
  ): Promise<void> {
    const { facts, processes, settled, generation } = request
    host.lastHeartbeat = received
    host.held = generation
    host.settled = settled
    host.agentVersion = request.agentVersion
    host.failures = request.failures ?? []
    const offset = request.clockOffset
    const wasOff = Math.abs(host.clockOffset ?? 0) > CLOCK_OFF_MS
    if (offset !== undefined) {
      host.clockOffset = offset
      if (Math.abs(offset) > CLOCK_OFF_MS && !wasOff)
        core.logger.warn(
          { hostId: host.hostId, seconds: Math.round(offset / 1000) },
          'The clock of a host is off',
        )
    }
    if (isNews || (facts && JSON.stringify(facts) !== JSON.stringify(host.facts))) {
      if (facts) host.facts = facts
      writes.host(host)
      await followFacts(core, host)
    }
    const seen = new Set<number>()
    for (const report of processes) {
      seen.add(report.id)
      // Of another host's process, or of one long gone, there is nothing to learn.
      if (runtime.process(report.id)?.hostId !== host.id) continue
      if (runtime.report(report.id, report)) writes.process(report.id)
    }
    if (settled && generation === host.generation)
      for (const process of runtime.processesOfHost(host.id))
        if (!seen.has(process.id)) runtime.setAbsent(process.id, true)
    for (const report of request.commands) commands.reported(host.id, report)
    await clientConfigs(host, request)
  }

  async function clientConfigs(host: HostState, request: HeartbeatRequest): Promise<void> {
    const before = clientStates.get(host)
    if (request.clientConfigs.length === 0) {
      if (before) clientStates.delete(host)
      return
    }
    const now = new Map<string, string>()
    clientStates.set(host, now)
    for (const { name, revision, state, problem } of request.clientConfigs) {
      const process = runtime.process(revision)
      if (process?.hostId !== host.id || process.kind !== 'CLIENT_CONFIG') continue
      const said = `${revision} ${state}`
      if (before?.get(name) === said) {
        now.set(name, said)
        continue
      }
      await withTerm(core.db, core.term(), (trx) =>
        trx
          .updateTable('clientConfig')
          .set({
            state,
            message: (problem?.message ?? '').slice(0, 4000),
            ...(state === 'DEPLOYED' ? { deployedProcessId: revision } : {}),
          })
          .where('hostId', '=', host.id)
          .where('name', '=', name)
          .where('processId', '=', revision)
          .where((eb) => eb.or([eb('state', '<>', state), eb('state', '=', 'WANTED')]))
          .execute(),
      )
      now.set(name, said)
    }
  }

  return take
}
