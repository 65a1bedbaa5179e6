import type { AlertEvent, Silence } from '../../wire/alert.js'

export type { Silence } from '../../wire/alert.js'

/** What a rule or a silence can look at. */
export const MATCH_FIELDS = [
  'cluster',
  'service',
  'serviceType',
  'role',
  'roleType',
  'host',
  'entity',
  'entityCategory',
  'severity',
  'category',
  'test',
  'code',
] as const
export type MatchField = (typeof MATCH_FIELDS)[number]

/**
 * Every field that is named must match; a field matches when one of its patterns does. A pattern is a text in which `*`
 * stands for any characters; case counts. A rule without fields matches everything.
 */
export type Matcher = Partial<Record<MatchField, string[]>>

export function matches(matcher: Matcher, event: AlertEvent): boolean {
  for (const field of MATCH_FIELDS) {
    const patterns = matcher[field]
    if (!patterns) continue
    const values = valuesOf(event, field)
    if (!patterns.some((pattern) => values.some((value) => like(pattern, value)))) return false
  }
  return true
}

/** Texts of an event under a field. Of its tests only failing ones count: a rule on a test is about its failure. */
export function valuesOf(event: AlertEvent, field: MatchField): string[] {
  const { entity } = event
  switch (field) {
    case 'cluster':
      return [
        ...some(entity.cluster, entity.clusterDisplayName),
        ...formerly(entity, 'CLUSTER'),
        ...(entity.formerly?.cluster ?? []),
      ]
    case 'service':
      return [
        ...some(entity.service, entity.serviceDisplayName),
        ...formerly(entity, 'SERVICE'),
        ...(entity.formerly?.service ?? []),
      ]
    case 'serviceType':
      return some(entity.serviceType)
    case 'role':
      return [...some(entity.role, entity.roleDisplayName), ...formerly(entity, 'ROLE')]
    case 'roleType':
      return some(entity.roleType)
    case 'host':
      return [
        ...entity.hosts.flatMap((host) => some(host.name, host.id)),
        ...formerly(entity, 'HOST'),
        ...(entity.formerly?.host ?? []),
      ]
    case 'entity':
      return [...some(entity.name, entity.displayName, entity.identity), ...(entity.formerNames ?? [])]
    case 'entityCategory':
      return [entity.category]
    case 'severity':
      return [event.severity]
    case 'category':
      return [event.category]
    case 'test':
      return event.tests.filter(isFailing).map((test) => test.name)
    case 'code':
      return event.codes
  }
}

export const isFailing = (test: AlertEvent['tests'][number]): boolean =>
  test.health === undefined
    ? test.severity !== 'INFORMATIONAL'
    : test.health === 'RED' || test.health === 'YELLOW'

/** Earlier names, and what stays, of an entity of the category: who silenced it by its old name means it still. */
const formerly = ({ category, identity, formerNames = [] }: AlertEvent['entity'], of: string): string[] =>
  category === of ? [...some(identity), ...formerNames] : []

const some = (...texts: (string | undefined)[]) => texts.filter((text) => text !== undefined)

/** Linear in the text for each part, without regular expressions: patterns come from outside. */
export function like(pattern: string, text: string): boolean {
  if (!pattern.includes('*')) return pattern === text
  const parts = pattern.split('*')
  const first = parts[0]!
  const last = parts[parts.length - 1]!
  if (!text.startsWith(first) || text.length < first.length + last.length) return false
  let at = first.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return text.endsWith(last) && text.length - last.length >= at
}

/** True while one of the silences holds for the event. */
export function isSilenced(silences: Iterable<Silence>, event: AlertEvent, now: number): boolean {
  for (const silence of silences)
    if (silence.from <= now && now < silence.until && matches(silence.match, event)) return true
  return false
}
