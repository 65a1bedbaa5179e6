import type { EngineLogger } from './engine.js'

const KEPT_LINES = 12
const MAX_LINE = 400
const FORWARDED_PER_MINUTE = 30

/**
 * Empty lines, frames of stack traces (the binary has no symbols) and their ends, merges ended by a DROP or a stop, and
 * answers that the client did not wait for.
 */
const NOISE =
  /^$|^\d+\. .* @ 0x|^ ?\(version [\d.]+\)$|Cancelled merging parts|Broken pipe|Connection reset by peer|Write buffer has been canceled/

export interface LogTail {
  /** Takes a piece of the engine's standard error. */
  push(chunk: string): void
  /** From now on entries are passed on, first those kept so far. Until then they only serve the error of a failed start. */
  release(): void
  /** The newest lines, oldest first. */
  lines(): string[]
}

/**
 * Keeps the newest lines of the engine's log for error messages and passes its entries on to the product's log, at most
 * 30 a minute: what ClickHouse repeats must not fill our log.
 */
export function createLogTail(logger: EngineLogger, now: () => number = Date.now): LogTail {
  const kept: string[] = []
  let partial = ''
  let windowStart = 0
  let forwarded = 0
  let dropped = 0
  let released = false

  function line(text: string): void {
    if (NOISE.test(text)) return
    const short = text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}…` : text
    kept.push(short)
    if (kept.length > KEPT_LINES) kept.shift()
    if (released) forward(short)
  }

  function forward(text: string): void {
    const time = now()
    if (time - windowStart >= 60_000) {
      if (dropped > 0) logger.warn({ dropped }, 'ClickHouse: more log lines were dropped')
      windowStart = time
      forwarded = 0
      dropped = 0
    }
    if (++forwarded > FORWARDED_PER_MINUTE) dropped++
    else if (/<(Error|Critical|Fatal)>|^Code: \d+/.test(text))
      logger.error({ clickhouse: text }, 'ClickHouse reports an error')
    else logger.warn({ clickhouse: text }, 'ClickHouse reports')
  }

  return {
    push(chunk) {
      const pieces = (partial + chunk).split('\n')
      partial = pieces.pop()!.slice(-64 * 1024)
      for (const piece of pieces) line(piece.trimEnd())
    },
    release() {
      released = true
      for (const text of kept) forward(text)
    },
    lines: () => (partial.trim() === '' ? [...kept] : [...kept, partial.trim().slice(0, MAX_LINE)]),
  }
}
