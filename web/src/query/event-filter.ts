/** What the events page filters by: in the address, and as the query of `/events`. */

export const EVENT_FILTER_FIELDS = [
  'text',
  'category',
  'severity',
  'alert',
  'cluster',
  'service',
  'role',
  'host',
] as const
export type EventFilterField = (typeof EVENT_FILTER_FIELDS)[number]

/** By field a text; what is empty is not there. `text`: words and `"phrases"`, all of which must occur. */
export type EventFilter = Partial<Readonly<Record<EventFilterField, string>>>

/** For the address. */
export function eventFilterToText(filter: EventFilter): string {
  const params = new URLSearchParams()
  for (const field of EVENT_FILTER_FIELDS) if (filter[field]) params.set(field, filter[field])
  return params.toString()
}

/** What cannot be read is as if it were not there. */
export function eventFilterFromText(text: string): EventFilter {
  const filter: Partial<Record<EventFilterField, string>> = {}
  const params = new URLSearchParams(text)
  for (const field of EVENT_FILTER_FIELDS) {
    const value = params.get(field)?.trim().slice(0, 500)
    if (value) filter[field] = value
  }
  return filter
}

/**
 * The query of `/events` for a filter and a time, `from` inclusive, `to` exclusive (milliseconds).
 *
 * @example
 * eventQuery({ text: 'disk "read error"', host: 'node7*' }, { from: 0, to: 1 })
 * // content==disk;content=="read error";attributes.host==node7*;timeOccurred=ge=1970-01-01T00:00:00.000Z;…
 */
export function eventQuery(filter: EventFilter, { from, to }: { from: number; to: number }): string {
  const constraints = [
    ...(filter.category ? [`category==${quoted(filter.category)}`] : []),
    ...(filter.severity ? [`severity==${filter.severity.split(/\s+/).map(quoted).join(' ')}`] : []),
    ...(filter.alert ? ['alert==true'] : []),
    ...wordsOf(filter.text ?? '').map((word) => `content==${word}`),
    ...(['cluster', 'service', 'role', 'host'] as const).flatMap((name) => {
      const value = filter[name]
      return value ? [`attributes.${name}==${quoted(value)}`] : []
    }),
    `timeOccurred=ge=${new Date(from).toISOString()}`,
    `timeOccurred=lt=${new Date(to).toISOString()}`,
  ]
  return constraints.join(';')
}

/** As it is where it has nothing that the language reads otherwise: then `*` stands for any characters. */
const quoted = (text: string): string =>
  /^[^\s;"\\]+$/.test(text) ? text : `"${text.replace(/[\\"]/g, '\\$&')}"`

const wordsOf = (text: string): string[] =>
  (text.match(/"[^"]*"|[^\s"]+/g) ?? []).flatMap((part) => {
    const inner = part.startsWith('"') ? part.slice(1, -1).trim() : part
    if (inner === '') return []
    return [part.startsWith('"') ? `"${inner.replaceAll('\\', '\\\\')}"` : quoted(inner)]
  })
