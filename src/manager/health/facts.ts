import type { HostFact, RoleFact } from '../../wire/health.js'
import type { BusyCommands } from '../commands/index.js'
import type { HostState, ProcessState } from '../heartbeats/index.js'
import type { Role } from '../model/index.js'

/** What is known of the process of a role now. */
export function roleFact(
  role: Pick<Role, 'id' | 'name'>,
  process: ProcessState | undefined,
  busy: Pick<BusyCommands, 'ofRole'>,
): RoleFact {
  const common = { identity: role.name, busy: (busy.ofRole(role) ?? '').slice(0, 500) }
  if (!process) return { ...common, expected: 'STOPPED', state: 'ABSENT' }
  const { report, absent, wanted, createdAt } = process
  const state = absent ? 'ABSENT' : report?.state
  return {
    ...common,
    expected: wanted,
    since: createdAt,
    // An agent that has not spoken of it yet is given its time.
    state: state ?? 'ABSENT',
    ...(report?.startedAt !== undefined && { startedAt: whole(report.startedAt) }),
    ...(report?.exit && {
      exit: {
        at: whole(report.exit.at),
        ...(report.exit.code !== undefined && { code: report.exit.code }),
        ...(report.exit.signal !== undefined && { signal: report.exit.signal }),
      },
    }),
    // That a limit could not be set is no reason for an end.
    ...(report?.failures && { failures: report.failures }),
    ...(report?.problem &&
      report.problem.code !== 'LIMITS_NOT_SET' && { problem: report.problem.message.slice(0, 1_000) }),
  }
}

/**
 * When a host was heard of, for a manager that is active since `began`. Of those that it has not heard of itself only what
 * its predecessor wrote down is known: they are as silent as they were to that one when it ended (`ended`, the newest
 * heartbeat that it wrote down), and the time in which there was no manager does not count.
 */
export function hostFact(
  host: Pick<HostState, 'hostId' | 'lastHeartbeat' | 'clockOffset' | 'failures'>,
  at: { began: number; ended: number; intervalMs: number },
): HostFact {
  const { lastHeartbeat } = host
  const heard = lastHeartbeat >= at.began ? lastHeartbeat : at.began - Math.max(0, at.ended - lastHeartbeat)
  return {
    identity: host.hostId,
    ...(lastHeartbeat > 0 && { lastHeartbeat: Math.max(0, heard) }),
    heartbeatIntervalMs: at.intervalMs,
    ...(host.clockOffset !== undefined && { clockOffsetMs: host.clockOffset }),
    ...(host.failures.length > 0 && { failures: [...host.failures] }),
  }
}

const whole = (time: number) => Math.max(0, Math.round(time))
