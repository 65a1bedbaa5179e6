import type { EngineLogger } from './engine.js'

const KEPT_LINES = 12
const MAX_LINE = 400
const FORWARDED_PER_MINUTE = 30

/** What every stop of the server says, once for each client. */
const NOISE = /terminating connection due to administrator command|the database system is shutting down/

/**
 * Keeps the newest lines that PostgreSQL wrote for error messages and, once released, passes errors on to the product's
 * log, at most 30 a minute.
 */
export function createPostgresLog(logger: EngineLogger, now: () => number = Date.now) {
  const kept: string[] = []
  let partial = ''
  let released = false
  let windowStart = 0
  let forwarded = 0

  function line(text: string): void {
    if (text === '') return
    const short = text.slice(0, MAX_LINE)
    kept.push(short)
    if (kept.length > KEPT_LINES) kept.shift()
    if (!released || NOISE.test(short) || !/^(WARNING|ERROR|FATAL|PANIC)/.test(short)) return
    const time = now()
    if (time - windowStart >= 60_000) {
      windowStart = time
      forwarded = 0
    }
    if (++forwarded > FORWARDED_PER_MINUTE) return
    if (/^PANIC/.test(short)) logger.error({ postgres: short }, 'PostgreSQL reports an error')
    else logger.warn({ postgres: short }, 'PostgreSQL reports')
  }

  return {
    push(chunk: string) {
      const pieces = (partial + chunk).split('\n')
      partial = pieces.pop()!.slice(-16_384)
      for (const piece of pieces) line(piece.trimEnd())
    },
    release() {
      released = true
    },
    lines: () => (partial.trim() === '' ? [...kept] : [...kept, partial.trim().slice(0, MAX_LINE)]),
  }
}
