import type { Message, MessageCause } from '../core/index.js'
import { headline, historyOf, isoTime, labelOf, notesOf, openLine, placeOf, testsOf } from './words.js'

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as HTML, in elements and quoted attributes. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (found) => ENTITIES[found]!)

const COLOURS = { CRITICAL: '#b3261e', IMPORTANT: '#9a6700', INFORMATIONAL: '#57606a' }

/** One HTML page without scripts, images or anything that is loaded from elsewhere. */
export function renderHtml(message: Message, repeat: boolean): string {
  const notes = notesOf(message, repeat).map((note) => `<p><strong>${escapeHtml(note)}</strong></p>`)
  return [
    '<!doctype html><html><head><meta charset="utf-8"></head>',
    '<body style="font-family:sans-serif;font-size:14px;color:#1f2328">',
    ...notes,
    `<h2 style="font-size:16px">${escapeHtml(headline(message))}</h2>`,
    ...message.causes.map(causeHtml),
    `<p style="color:#57606a">${escapeHtml(openLine(message))}</p>`,
    '</body></html>',
  ].join('\n')
}

function causeHtml(cause: MessageCause): string {
  const { event } = cause
  const colour = cause.state === 'recovered' ? '#1a7f37' : COLOURS[event.severity]
  const history = historyOf(cause)
  const tests = testsOf(cause).map(
    (test) =>
      `<li><b>${escapeHtml(test.name)}</b>: ${escapeHtml(test.sentence)}${test.advice ? `<br><i>${escapeHtml(test.advice)}</i>` : ''}</li>`,
  )
  return [
    `<div style="border-left:4px solid ${colour};padding:2px 10px;margin:10px 0">`,
    `<b style="color:${colour}">${escapeHtml(labelOf(cause))}</b> ${escapeHtml(event.summary)}<br>`,
    `<small>${escapeHtml(placeOf(event))}<br>since ${isoTime(cause.since)}${history ? `<br>${escapeHtml(history)}` : ''}</small>`,
    tests.length > 0 ? `<ul>${tests.join('')}</ul>` : '',
    event.url ? `<br><a href="${escapeHtml(event.url)}">${escapeHtml(event.url)}</a>` : '',
    '</div>',
  ].join('')
}
