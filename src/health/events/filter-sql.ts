import { ENTITY_ATTRIBUTES, SHOWN_ATTRIBUTES } from '../../wire/event.js'
import { entityFact, FACT_CHARACTERS, type FindEntities, factOf } from './facts.js'
import type { Constraint, Text } from './filter.js'

export interface SqlFilter {
  /** A condition; every text and number of a query is in `params`, and never in it. */
  where: string
  params: Record<string, unknown>
}

/** The condition of a query, for ClickHouse, with `{p0: String}` for each value. */
export function filterSql(constraints: readonly Constraint[], find: FindEntities): SqlFilter {
  const params: Record<string, unknown> = {}
  const param = (type: string, value: unknown): string => {
    const name = `p${Object.keys(params).length}`
    params[name] = value
    return `{${name}: ${type}}`
  }
  const conditions = constraints.map((one) => conditionOf(one, find, param))
  return { where: conditions.length === 0 ? '1' : conditions.join(' AND '), params }
}

/** Entities that one name may mean: display names need not differ. */
const MOST_MEANT = 1_000

type Param = (type: string, value: unknown) => string

function conditionOf(one: Constraint, find: FindEntities, param: Param): string {
  switch (one.kind) {
    case 'words':
      return not(one.negated, `${one.field} IN ${param('Array(String)', one.values)}`)
    case 'alert':
      return one.value === one.negated ? 'NOT alert' : 'alert'
    case 'id':
      return not(one.negated, `id IN ${param('Array(String)', one.values)}`)
    case 'time':
      return `${one.field} ${one.operator} fromUnixTimestamp64Milli(${param('Int64', one.time)}, 'UTC')`
    case 'content':
      return not(one.negated, any(one.values.map((value) => contentSql(value, param))))
    case 'attribute':
      return not(one.negated, attributeSql(one.name, one.values, find, param))
  }
}

const not = (negated: boolean, condition: string) => (negated ? `NOT (${condition})` : condition)
const any = (conditions: string[]) =>
  conditions.length === 1 ? conditions[0]! : `(${conditions.join(' OR ')})`

/**
 * The words of the text, found in the index; where the text is more than one word, it must stand as it is, too. With `*`
 * it is looked for as a part of the content, which reads all contents.
 */
function contentSql({ text, quoted }: Text, param: Param): string {
  const lower = asciiLower(text)
  if (!quoted && text.includes('*')) return `lower(content) LIKE ${param('String', `%${like(lower)}%`)}`
  const words = wordsOf(lower)
  const whole = `position(lower(content), ${param('String', lower)}) > 0`
  if (words.length === 0) return whole
  const tokens = `hasAllTokens(lower(content), ${param('Array(String)', words)})`
  return words.length === 1 && words[0] === lower ? tokens : `(${tokens} AND ${whole})`
}

/** As `splitByNonAlpha` does: whatever is not ASCII is part of a word. */
const wordsOf = (text: string): string[] => [
  ...new Set(text.split(/[^A-Za-z0-9\u0080-\u{10ffff}]+/u).filter(Boolean)),
]

/** As `lower` of ClickHouse does: ASCII only. */
const asciiLower = (text: string) => text.replace(/[A-Z]+/g, (part) => part.toLowerCase())

const like = (text: string) => text.replace(/[\\%_]/g, '\\$&').replace(/\*+/g, '%')

function attributeSql(name: string, values: readonly Text[], find: FindEntities, param: Param): string {
  const category = ENTITY_ATTRIBUTES[name] ?? SHOWN_ATTRIBUTES[name]
  const facts: string[] = []
  const conditions: string[] = []
  for (const { text, quoted } of values) {
    if (!quoted && text.includes('*')) {
      const pattern = param('String', like(`${name}=${text}`.slice(0, FACT_CHARACTERS)))
      conditions.push(`arrayExists(fact -> fact LIKE ${pattern}, facts)`)
      continue
    }
    facts.push(factOf(name, text))
    if (category !== undefined) facts.push(...find(category, text).slice(0, MOST_MEANT).map(entityFact))
  }
  // The function takes 64 at most.
  for (let i = 0; i < facts.length; i += 60)
    conditions.push(`hasAnyTokens(facts, ${param('Array(String)', facts.slice(i, i + 60))})`)
  return any(conditions)
}
