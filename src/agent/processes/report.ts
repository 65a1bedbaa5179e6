import type { DesiredProcess, ProcessReport } from '../../wire/heartbeat.js'
import type { Problem, Status } from '../supervisor/index.js'

/** Something that could not be done. */
export interface Failure {
  problem: Problem
  attempts: number
  since: number
  /** Not to be tried again when it is missing. */
  retryAt?: number
}

export interface Known {
  process?: DesiredProcess
  status?: Status | undefined
  failure?: Failure | undefined
  revision: number | undefined
  /** When we first heard of it. */
  since: number
  /** A command that was started and of which nothing is known any more. */
  lost?: boolean
}

/** What the manager is told of a process. */
export function reportOf({ process, status, failure, revision, since, lost }: Known): ProcessReport {
  const base = { restarts: 0, unexpectedExits: 0, revision: revision ?? 0 }
  if (status) {
    const { id, name, state, pid, startedAt, exit, restarts, unexpectedExits } = status
    // A problem of its own counts more than one with a refresh.
    const problem = status.problem ?? failure?.problem
    return {
      ...{ id, name, state, since: status.since, restarts, unexpectedExits, revision: base.revision },
      ...(pid === undefined || !RUNS.has(state) ? {} : { pid }),
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(exit === undefined ? {} : { exit }),
      ...(problem === undefined ? {} : { problem }),
    }
  }
  const { id, name, wanted } = process!
  if (failure) {
    const state = failure.retryAt === undefined ? 'FATAL' : 'BACKOFF'
    return { id, name, ...base, state, since: failure.since, problem: failure.problem }
  }
  if (lost) {
    const problem = {
      code: 'RECORD_LOST',
      message: 'it was started, and its end is not known: it is not run again',
    }
    return { id, name, ...base, state: 'EXITED', since, problem }
  }
  return { id, name, ...base, state: wanted === 'STOPPED' ? 'STOPPED' : 'PREPARING', since }
}

const RUNS = new Set(['STARTING', 'RUNNING', 'STOPPING'])
