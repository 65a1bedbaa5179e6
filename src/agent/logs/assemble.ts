import type { LogLevel } from '../../wire/log-rules.js'
import { type Header, parseHeader } from './header.js'

export interface LogRecord extends Header {
  /** Where it begins in its file, bytes. */
  offset: number
  /** The lines after the first one, such as a stack trace; cut. */
  more: string
  /** Class names of the exceptions in it, outermost first. */
  exceptions: string[]
}

export interface Assembler {
  /** Takes the next line, without its end; returns the record that it ends, if any is of interest. */
  line(text: string, offset: number): LogRecord | undefined
  /** The record under way is complete: nothing has come for a while, or nothing will come any more. */
  flush(): LogRecord | undefined
  /** Where the record under way begins; undefined: there is none. */
  readonly pendingOffset: number | undefined
}

const MORE_CHARACTERS = 12_000
const MORE_LINES = 150
const MESSAGE_CHARACTERS = 4_000
const MOST_EXCEPTIONS = 10
const EXCEPTION =
  /^(?:Caused by: |Exception in thread "[^"]{0,200}" )?((?:[A-Za-z_$][\w$]{0,100}\.){1,20}[A-Z][\w$]{0,150})(?::|$)/

/**
 * Puts lines together to records: a line that is no first line belongs to the one before. What comes before the first record,
 * and records below `least`, are let go line by line.
 */
export function createAssembler(isWanted: (level: LogLevel) => boolean, now: () => number): Assembler {
  let current: LogRecord | undefined
  let lines = 0

  function flush(): LogRecord | undefined {
    const done = current
    current = undefined
    lines = 0
    return done
  }

  return {
    line(text, offset) {
      const header = parseHeader(text, now())
      if (header) {
        const done = flush()
        if (isWanted(header.level))
          current = {
            ...header,
            message: header.message.slice(0, MESSAGE_CHARACTERS),
            offset,
            more: '',
            exceptions: [],
          }
        return done
      }
      if (!current || lines >= MORE_LINES) return undefined
      lines++
      if (current.exceptions.length < MOST_EXCEPTIONS) {
        const found = EXCEPTION.exec(text)
        if (found) current.exceptions.push(found[1]!)
      }
      if (current.more.length < MORE_CHARACTERS)
        current.more += `${current.more === '' ? '' : '\n'}${text.slice(0, MORE_CHARACTERS - current.more.length)}`
      return undefined
    },
    flush,
    get pendingOffset() {
      return current?.offset
    },
  }
}
