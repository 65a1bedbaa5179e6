import type { Message, MessageCause } from '../core/index.js'
import { headline, labelOf, notesOf, openLine, testsOf } from './words.js'

/** Slack cuts a text at 40,000 characters; the count of what does not fit is said in the rest. */
const MAX_TEXT = 38_000
const CAUSE_TEXT = 1_500

/** `<`, `>` and `&` are all that Slack's format gives a meaning to where text from outside could do harm: links and mentions. */
const escapeSlack = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Slack's format, which Mattermost, Rocket.Chat, Zulip and others read too: one text. */
export function renderSlack(message: Message, repeat: boolean): { text: string } {
  const head = [...notesOf(message, repeat), headline(message)].map(escapeSlack)
  const full = message.causes.map((cause) => causeText(cause, true))
  // When the storm is too large for sentences, each cause keeps its line.
  const parts = lengthOf(full) <= MAX_TEXT ? full : message.causes.map((cause) => causeText(cause, false))
  const shown: string[] = []
  let left = MAX_TEXT
  for (const part of parts) {
    left -= part.length + 1
    if (left < 0) break
    shown.push(part)
  }
  const rest = parts.length - shown.length
  const tail = rest > 0 ? [`… and ${rest} more`] : []
  return {
    text: [`*${head.join('\n')}*`, ...shown, ...tail, escapeSlack(openLine(message))].join('\n').trimEnd(),
  }
}

const lengthOf = (parts: string[]) => parts.reduce((sum, part) => sum + part.length + 1, 0)

function causeText(cause: MessageCause, long: boolean): string {
  const { event } = cause
  if (!long) return escapeSlack(`• ${labelOf(cause)} ${event.entity.displayName}`)
  const link = event.url ? ` <${encodeLink(event.url)}|details>` : ''
  const tests = testsOf(cause).map((test) => `    ${test.name}: ${test.sentence} ${test.advice}`.trimEnd())
  return (
    escapeSlack([`• ${labelOf(cause)} ${event.summary}`, ...tests].join('\n')).slice(0, CAUSE_TEXT) + link
  )
}

/** What would end a link, or begin its title. */
const encodeLink = (url: string) =>
  escapeSlack(url.replaceAll('|', '%7C').replaceAll('>', '%3E').replaceAll('<', '%3C'))
