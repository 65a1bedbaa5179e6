import type { EngineState } from '../engine/index.js'

/** Tells something that is to be an event: its code, how grave it is, and what happened. */
export type Notice = (code: string, severity: 'CRITICAL' | 'INFORMATIONAL', text: string) => void

/**
 * Makes notices of what becomes of an embedded database server: that it has ended, that it cannot be started, and, once, that
 * it is back, with how long it was away.
 *
 * @example
 * engine.onState(engineNotices('ClickHouse', notice))
 */
export function engineNotices(
  product: 'ClickHouse' | 'PostgreSQL',
  notice: Notice,
  clock: () => number = () => performance.now(),
): (change: { state: EngineState; error?: Error }) => void {
  let awaySince: number | undefined
  return ({ state, error }) => {
    if (state === 'restarting') {
      awaySince ??= clock()
      notice(
        'EV_ENGINE_RESTARTING',
        'CRITICAL',
        `${product} has ended and is started again. ${error?.message ?? ''}`,
      )
    } else if (state === 'failed')
      notice('EV_ENGINE_FAILED', 'CRITICAL', `${product} cannot be started. ${error?.message ?? ''}`)
    else if (state === 'running' && awaySince !== undefined) {
      const seconds = (clock() - awaySince) / 1000
      awaySince = undefined
      notice(
        'EV_ENGINE_RUNNING',
        'INFORMATIONAL',
        `${product} is running again; it was away for ${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} seconds.`,
      )
    }
  }
}
