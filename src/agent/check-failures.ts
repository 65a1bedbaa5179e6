import type { CheckFailure } from '../wire/heartbeat.js'

/**
 * Why checks that become a metric (1 or 0) failed when they were run last, of the host and of the processes of its roles: the
 * manager passes it on to whoever judges the metric.
 */
export interface CheckFailures {
  /** `undefined`: it went well, or is run no more. */
  set(process: number | 'host', metric: string, message: string | undefined): void
  of(process: number | 'host'): CheckFailure[]
  /** Called when something is said that was not said before. */
  onNews: () => void
}

const LONGEST = 500

export function createCheckFailures(): CheckFailures {
  const known = new Map<number | 'host', Map<string, string>>()
  const failures: CheckFailures = {
    onNews: () => {},
    set(process, metric, message) {
      const mine = known.get(process)
      if (message === undefined) {
        if (!mine?.delete(metric)) return
        if (mine.size === 0) known.delete(process)
      } else {
        const text = message.slice(0, LONGEST)
        if (mine?.get(metric) === text) return
        if (mine) mine.set(metric, text)
        else known.set(process, new Map([[metric, text]]))
      }
      failures.onNews()
    },
    of: (process) => [...(known.get(process) ?? [])].map(([metric, message]) => ({ metric, message })),
  }
  return failures
}
