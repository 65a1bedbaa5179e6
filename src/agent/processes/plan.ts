import type { DesiredProcess, DesiredState } from '../../wire/heartbeat.js'
import type { Status } from '../supervisor/index.js'

export type Action =
  | { kind: 'start'; process: DesiredProcess }
  /** A command that was started, of which the supervisor knows nothing: it may still run. */
  | { kind: 'adopt'; process: DesiredProcess }
  | { kind: 'refresh'; process: DesiredProcess }
  | { kind: 'stop'; id: number }
  | { kind: 'forget'; id: number }

export interface Situation {
  /** What the supervisor has. */
  statuses: ReadonlyMap<number, Status>
  /** Processes of the desired state that could not be read: they are left as they are. */
  unread: ReadonlySet<number>
  /** Ended ones of which the manager knows that they have ended. */
  told: ReadonlySet<number>
  hasRun(id: number): boolean
  revisionOf(id: number): number | undefined
}

export const isLive = ({ state }: Status): boolean =>
  state !== 'STOPPED' && state !== 'EXITED' && state !== 'FATAL'

/**
 * What to do so that the host is as wanted. Pure, and idempotent: with all of it done there is nothing more to do. A process
 * that has ended is not started again, whatever is wanted: each start is a process with an id of its own.
 */
export function plan(desired: DesiredState, situation: Situation): Action[] {
  const { statuses, unread, told, hasRun, revisionOf } = situation
  const actions: Action[] = []
  const listed = new Set<number>()
  for (const process of desired.processes) {
    const { id } = process
    listed.add(id)
    const status = statuses.get(id)
    if (process.wanted === 'STOPPED' || desired.hardStop) {
      if (status && isLive(status) && status.state !== 'STOPPING') actions.push({ kind: 'stop', id })
    } else if (!status) {
      const ran = process.run === 'once' && hasRun(id)
      actions.push({ kind: ran ? 'adopt' : 'start', process })
    } else if (isLive(status) && (revisionOf(id) ?? process.revision) < process.revision)
      actions.push({ kind: 'refresh', process })
  }
  for (const [id, status] of statuses) {
    if (listed.has(id) || (unread.has(id) && !desired.hardStop)) continue
    if (!isLive(status)) {
      if (told.has(id)) actions.push({ kind: 'forget', id })
    } else if (status.state !== 'STOPPING') actions.push({ kind: 'stop', id })
  }
  return actions
}
