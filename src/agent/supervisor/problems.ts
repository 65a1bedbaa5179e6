import type { ProcessStat } from './proc.js'
import type { Exit, Launch, Problem } from './protocol.js'

/** What is said of processes that are not as they should be; the texts are for the operator. */

export const forkedAway = (left: readonly ProcessStat[]): Problem => ({
  code: 'FORKED_AWAY',
  message: `ended with code 0 and left others in the background (process ${left
    .slice(0, 5)
    .map(({ pid }) => pid)
    .join(', ')}): a role's program must stay in the foreground; they were ended`,
})

export const tooManyExits = (exit: Exit, times: number, { startSeconds }: Launch): Problem => ({
  code: 'TOO_MANY_EXITS',
  message: `ended ${times} times within ${startSeconds} s of its start, last with ${
    exit.signal ?? (exit.code === undefined ? 'an unknown code' : `code ${exit.code}`)
  }: see logs/stderr.log in its folder`,
})

/** With what the program itself said of it at last, if it did: that is mostly why. */
export const withLastWords = (problem: Problem, words: string): Problem =>
  words === '' ? problem : { ...problem, message: `${problem.message}, which ends with: ${words}` }

export const killed = ({ stop: { signal, timeoutMs } }: Launch): Problem => ({
  code: 'KILLED',
  message: `did not end within ${timeoutMs / 1000} s of ${signal} and was killed`,
})

export const cannotKill = (stuck: readonly ProcessStat[]): Problem => ({
  code: 'CANNOT_KILL',
  message: `does not end even when killed: process ${stuck
    .map(({ pid, state }) => `${pid} (${state})`)
    .join(', ')} hangs in the kernel`,
})

/** Undefined when every limit is in force. `refused`: by the cgroup; undefined without one. */
export function limitsNotSet({ limits = {} }: Launch, refused: string[] | undefined): Problem | undefined {
  const missing = refused ?? Object.keys(limits).filter((name) => name !== 'rlimits')
  if (missing.length === 0) return undefined
  const why = refused ? 'the cgroup controller is not on' : 'cgroup v2 cannot be written here'
  return { code: 'LIMITS_NOT_SET', message: `runs without ${missing.join(', ')}: ${why}` }
}

export const interrupted = (when: string): Problem => ({ code: 'INTERRUPTED', message: when })

export const notRunning = ({ name }: Launch): Problem => ({
  code: 'NOT_RUNNING',
  message: `${name} does not run`,
})
