import type { Message } from '../core/index.js'
import { headline, historyOf, isoTime, labelOf, notesOf, openLine, placeOf, testsOf } from './words.js'

/** Plain text, all causes in it. */
export function renderText(message: Message, repeat: boolean): string {
  const lines = [...notesOf(message, repeat), headline(message), '']
  for (const cause of message.causes) {
    const { event } = cause
    lines.push(`${labelOf(cause)}: ${event.summary}`, `  ${placeOf(event)}`)
    lines.push(`  since ${isoTime(cause.since)}${cause.count > 1 ? `, ${cause.count} events` : ''}`)
    const history = historyOf(cause)
    if (history) lines.push(`  ${history}`)
    for (const test of testsOf(cause)) {
      lines.push(`  - ${test.name}: ${test.sentence}`)
      if (test.advice) lines.push(`    ${test.advice}`)
    }
    if (event.url) lines.push(`  ${event.url}`)
    lines.push('')
  }
  lines.push(openLine(message))
  return `${lines.join('\n').trimEnd()}\n`
}
