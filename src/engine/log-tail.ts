import type { EngineLogger } from './engine.js'

const KEPT_LINES = 12
const MAX_LINE = 400
const FORWARDED_PER_MINUTE = 30

export interface LogTail {
  /** Takes a piece of the engine's standard error. */
  push(chunk: string): void
  /** The newest lines, oldest first. */
  lines(): string[]
}

/**
 * Keeps the newest lines of the engine's log for error messages and passes its entries on to the product's log, at most
 * 30 a minute: what ClickHouse repeats must not fill our log. Frames of stack traces are dropped: the binary has no symbols.
 */
export function createLogTail(logger: EngineLogger, now: () => number = Date.now): LogTail {
  const kept: string[] = []
  let partial = ''
  let windowStart = 0
  let forwarded = 0
  let dropped = 0

  function line(text: string): void {
    if (text === '' || /^\d+\. .* @ 0x/.test(text)) return
    const short = text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}…` : text
    kept.push(short)
    if (kept.length > KEPT_LINES) kept.shift()
    forward(short)
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
    lines: () => (partial.trim() === '' ? [...kept] : [...kept, partial.trim().slice(0, MAX_LINE)]),
  }
}
