import type { ProcessReport } from '../../../wire/heartbeat.js'
import type { ProcessState } from '../../heartbeats/index.js'
import { mayRun } from '../../model/index.js'
import {
  canariesOfRole,
  insertProcess,
  loadProcess,
  refreshProcess,
  roleMetrics,
  roleProcess,
  stopProcess,
} from '../../processes/index.js'
import { done, failed, roleOf, type StepContext, type StepResult } from '../context.js'
import type { WaitEnd } from '../waiting.js'

/** Beyond what the process itself may take: files are written, the agent is waited for. */
const SLACK_MS = 120_000
const REFRESH_MS = 120_000

export function isOver(process: ProcessState): boolean {
  if (process.absent) return true
  const state = process.report?.state
  return state === 'STOPPED' || state === 'EXITED' || state === 'FATAL'
}

/** Generates the process of a role, stores it, and waits until its agent says that it runs. */
export async function startRole(context: StepContext): Promise<StepResult> {
  const { core, runtime, signal } = context
  const instances = await context.instances()
  const role = roleOf(context, instances)
  if (!role) return failed('The role has been deleted.')
  const before = runtime.currentProcess(role.id)
  const begun = (context.row.progress as { process?: number }).process
  if (
    begun === undefined &&
    before?.wanted === 'RUNNING' &&
    !isOver(before) &&
    before.report?.state === 'RUNNING'
  )
    return done('It was running already.')
  if (!mayRun(instances.model, role))
    return failed('It is decommissioned, or its host is. Recommission it first.')
  const id = await context.onceProcess('process', async (trx) => {
    const process = roleProcess(core, instances, role)
    return insertProcess(trx, core.keys, {
      process,
      metrics: roleMetrics(core, instances, role),
      canaries: canariesOfRole(core, instances, role),
      ruleSet: `${process.serviceType}-${role.type}`,
      roleId: role.id,
      serviceId: role.serviceId,
      hostId: role.hostId,
    })
  })
  const stored = await loadProcess(core.db, core.keys, id!)
  const window = (stored?.startSeconds ?? 20) * ((stored?.startRetries ?? 3) + 1) * 1_000
  const end = await context.waiting.until(
    id!,
    (each) =>
      each.report?.state === 'RUNNING' ||
      (each.report !== undefined && isOver(each)) ||
      each.wanted === 'STOPPED',
    { timeoutMs: window + SLACK_MS, signal },
  )
  if (end.end !== 'reached')
    return failed(unreached(context, end, 'to start', runtime.process(id!)?.report?.problem?.message))
  if (end.process.wanted === 'STOPPED') return failed('It was stopped meanwhile.')
  const { report } = end.process
  if (report?.state !== 'RUNNING') return failed(ended(report))
  // Such as limits that this host cannot set.
  return done(report.problem ? `It ${report.problem.message}.` : 'It runs.')
}

/** Has a role's process end, and waits until its agent says so. */
export async function stopRole(context: StepContext): Promise<StepResult> {
  const { core, runtime, row, signal } = context
  if (row.roleId === null) return failed('The role has been deleted.')
  const id = await context.onceProcess('process', (trx) => stopProcess(trx, row.roleId!))
  if (id === undefined) return done('It was not running.')
  const process = runtime.process(id)
  if (!process) return done('It was not running.')
  const stored = await loadProcess(core.db, core.keys, id)
  const timeoutMs = (stored?.stopSeconds ?? 30) * 1_000 + SLACK_MS
  const end = await context.waiting.until(id, isOver, { timeoutMs, signal })
  // Whoever has waited for this may want to delete the role next, and the database decides on that.
  await context.flush()
  if (end.end === 'gone') return done('It has stopped.')
  if (end.end !== 'reached') return failed(unreached(context, end, 'to stop'))
  const { problem } = end.process.report ?? {}
  return done(problem?.code === 'KILLED' ? `It has stopped: it ${problem.message}.` : 'It has stopped.')
}

/** Writes refreshable files anew into the folder of the running process. */
export async function refreshRole(context: StepContext): Promise<StepResult> {
  const { core, runtime, signal } = context
  const instances = await context.instances()
  const role = roleOf(context, instances)
  if (!role) return failed('The role has been deleted.')
  const current = runtime.currentProcess(role.id)
  if (current?.wanted !== 'RUNNING' || isOver(current)) return done('It is not running.')
  const id = await context.onceProcess('process', async (trx) =>
    refreshProcess(trx, core.keys, current.id, roleProcess(core, instances, role)),
  )
  if (id === undefined) return done('It is not running.')
  const { revision } = runtime.process(id) ?? current
  const end = await context.waiting.until(
    id,
    (each) => isOver(each) || (each.report !== undefined && each.report.revision >= revision),
    { timeoutMs: REFRESH_MS, signal },
  )
  if (end.end !== 'reached') return failed(unreached(context, end, 'to take over its files'))
  return isOver(end.process) ? failed(ended(end.process.report)) : done('Its files are up to date.')
}

/** Why a wait ended without what was waited for. */
export function unreached(context: StepContext, end: WaitEnd, what: string, problem?: string): string {
  if (end.end === 'gone') return 'It has been deleted meanwhile.'
  const { hostname } = context.row.context as { hostname?: string }
  if (end.end === 'silent')
    return `Host ${hostname} has not been heard of for too long. See whether its agent runs, and try again.`
  return problem
    ? `It took too long ${what}: ${problem}. Host ${hostname} goes on trying, until it is stopped.`
    : `It took too long ${what}. See its logs on host ${hostname}.`
}

/** How a process ended, for people. */
export function ended(report: ProcessReport | undefined): string {
  const how = report?.exit
    ? report.exit.signal
      ? `by ${report.exit.signal}`
      : report.exit.code === undefined
        ? 'unseen'
        : `with code ${report.exit.code}`
    : undefined
  const problem = report?.problem?.message
  // A problem tells how it ended, where that is what it is about.
  if (report?.state === 'FATAL')
    return problem ? `It does not start: ${problem}.` : `It does not start${how ? `; it ended ${how}` : ''}.`
  return [`It ended${how ? ` ${how}` : ''}.`, ...(problem ? [problem] : [])].join(' ')
}
