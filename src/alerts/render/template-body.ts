import type { Message, MessageCause } from '../core/index.js'
import { severityOf } from '../core/index.js'
import { checkTemplate, parseTemplate, renderTemplate, TemplateError, type View } from './template.js'
import { renderText } from './text.js'
import { clusterOf, countsOf, headline, isoTime, labelOf, openLine, placeOf, testsOf } from './words.js'

/** A body as a user wants it: a text, or JSON, whose texts are templates. */
export type BodyTemplate = string | number | boolean | null | BodyTemplate[] | { [key: string]: BodyTemplate }

/** In an array: the element is repeated for each of these. */
const EACH = 'each'
const LISTS = ['alerts']
const DEEPEST = 20
const MOST_NODES = 2_000
/** Of each text. */
const MOST_TEXT = 100_000
const MOST_REPEATED = 100
/** Characters of all texts of a body. */
const MOST_BODY = 1_000_000

/**
 * Reads a body template; `{ "each": "alerts", "template": … }` in an array stands for as many elements as there are alerts
 * (100 at most). Values go into texts and never become JSON of their own, so nothing that an alert says can add a field.
 * Returns what is wrong, or undefined.
 */
export function bodyTemplateProblem(template: unknown): string | undefined {
  let nodes = 0
  const check = (value: unknown, scopes: readonly View[], path: string, depth: number): void => {
    if (++nodes > MOST_NODES || depth > DEEPEST) throw new TemplateError('is too large or too deep')
    if (typeof value === 'string') {
      try {
        checkTemplate(parseTemplate(value), scopes)
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error
        throw new TemplateError(`${path === '' ? '' : `${path}: `}${error.message}`)
      }
    } else if (Array.isArray(value))
      for (const [i, each] of value.entries()) check(each, scopes, `${path}[${i}]`, depth + 1)
    else if (isEach(value)) {
      if (!LISTS.includes(value.each)) throw new TemplateError(`${path}: each has to be ${LISTS.join(', ')}`)
      check(value.template, [EXAMPLE.alerts[0]!, ...scopes], `${path}.template`, depth + 1)
    } else if (typeof value === 'object' && value !== null)
      for (const [key, each] of Object.entries(value))
        check(each, scopes, path === '' ? key : `${path}.${key}`, depth + 1)
  }
  try {
    check(template, [EXAMPLE], '', 0)
    return undefined
  } catch (error) {
    if (error instanceof TemplateError) return error.message
    throw error
  }
}

/** The body of a message. A template that is one text gives text, any other JSON. */
export function renderBody(
  template: BodyTemplate,
  message: Message,
  repeat: boolean,
): { json: boolean; body: string } {
  const view = viewOf(message, repeat)
  if (typeof template === 'string')
    return { json: false, body: renderTemplate(parseTemplate(template), view, MOST_TEXT) }
  return { json: true, body: JSON.stringify(fill(template, view, { left: MOST_BODY })) }
}

function fill(template: BodyTemplate, view: View, room: { left: number }): unknown {
  if (typeof template === 'string') {
    const text = renderTemplate(parseTemplate(template), view, Math.min(MOST_TEXT, room.left))
    room.left -= text.length
    return text
  }
  if (Array.isArray(template))
    return template.flatMap((each) => {
      if (!isEach(each)) return [fill(each, view, room)]
      const list = view[each.each]
      if (!Array.isArray(list)) return []
      return (list as readonly View[])
        .slice(0, MOST_REPEATED)
        .map((one) => fill(each.template as BodyTemplate, { ...view, ...one }, room))
    })
  if (typeof template === 'object' && template !== null)
    return Object.fromEntries(Object.entries(template).map(([key, each]) => [key, fill(each, view, room)]))
  return template
}

const isEach = (value: unknown): value is { each: string; template: unknown } =>
  typeof value === 'object' &&
  value !== null &&
  Object.keys(value).length === 2 &&
  typeof (value as Record<string, unknown>)[EACH] === 'string' &&
  'template' in value

interface MessageView extends View {
  alerts: readonly View[]
}

function viewOf(message: Message, repeat: boolean): MessageView {
  const counts = countsOf(message)
  return {
    id: message.id,
    kind: message.kind,
    receiver: message.receiver,
    time: isoTime(message.at),
    headline: headline(message),
    text: renderText(message, repeat).slice(0, MOST_TEXT),
    severity: severityOf(message),
    repeat,
    test: message.kind === 'test',
    reminder: message.kind === 'reminder',
    recovered: counts.recovered === message.causes.length,
    count: String(message.causes.length),
    critical: String(counts.critical),
    important: String(counts.important),
    open: String(message.open),
    openLine: openLine(message),
    alerts: message.causes.map(causeView),
  }
}

function causeView(cause: MessageCause): View {
  const { event, state, since } = cause
  const { entity } = event
  return {
    alertId: event.id,
    label: labelOf(cause),
    state,
    isRecovered: state === 'recovered',
    alertSeverity: event.severity,
    category: event.category,
    summary: event.summary,
    entity: entity.name,
    entityName: entity.displayName,
    entityCategory: entity.category,
    cluster: clusterOf(event) ?? '',
    service: entity.serviceDisplayName ?? entity.service ?? '',
    role: entity.roleDisplayName ?? entity.role ?? '',
    roleType: entity.roleType ?? '',
    host: entity.hosts[0]?.name ?? '',
    hosts: entity.hosts.map(({ name }) => name).join(', '),
    place: placeOf(event),
    since: isoTime(since),
    occurred: isoTime(event.time),
    health: event.health?.current ?? '',
    url: event.url,
    tests: testsOf(cause).map((test) => ({
      test: test.name,
      sentence: test.sentence,
      advice: test.advice,
      testSeverity: test.severity,
    })),
  }
}

const EXAMPLE = viewOf(
  {
    id: 'x',
    receiver: 'x',
    at: 0,
    kind: 'test',
    groups: [],
    open: 0,
    causes: [
      {
        state: 'new',
        since: 0,
        count: 1,
        history: [],
        event: {
          id: 'x',
          time: 0,
          entity: { category: 'ROLE', name: 'x', displayName: 'x', hosts: [] },
          severity: 'CRITICAL',
          category: 'HEALTH_CHECK',
          codes: [],
          summary: 'x',
          health: { current: 'RED' },
          tests: [{ name: 'x', health: 'RED', severity: 'CRITICAL', sentence: 'x', advice: 'x' }],
          suppressed: false,
          monitorStartup: false,
          url: '',
        },
      },
    ],
  },
  false,
)
