import type { Catalogue } from '../../metrics/index.js'
import type { CompletionAnswer, CompletionItem, CompletionKind } from '../../wire/completion.js'
import { isMember, pluralNames } from '../check/across-names.js'
import { attributeNames } from '../check/attribute-names.js'
import { attributeReader, normalizeAttribute } from '../check/attributes.js'
import { resolveMetric } from '../check/metric-names.js'
import { complete, quote } from '../syntax/index.js'
import { attributeText } from './attribute-texts.js'

const MOST = 50
/** Entities that are looked through for values of an attribute. */
const LOOKED_AT = 100_000

/**
 * What can be typed at `offset` of a query: names that begin with what is typed come before names that have it inside.
 */
export function completeQuery(catalogue: Catalogue, query: string, offset: number): CompletionAnswer {
  const found = complete(query, offset)
  const { from, to, prefix, kinds, context } = found
  const items = new Map<string, CompletionItem>()
  const add = (text: string, kind: CompletionKind, help?: string) => {
    if (items.size < MOST && !items.has(text)) items.set(text, help ? { text, kind, help } : { text, kind })
  }
  for (const kind of kinds) {
    if (kind === 'metric')
      for (const m of [...metrics(catalogue, prefix), ...acrossMetrics(catalogue, prefix)])
        add(m.name, 'metric', m.description || m.displayName)
    if (kind === 'attribute')
      for (const name of matching(attributeNames(catalogue), prefix, normalizeAttribute))
        add(name, 'attribute', attributeText(name))
    if (kind === 'value' && context.attribute !== undefined)
      for (const value of values(catalogue, context.attribute, prefix))
        add(written(value, context.attribute, found.quote), 'value')
  }
  for (const { text, kind, help } of found.words) add(text, known(kind), help)
  for (const keyword of found.keywords) add(keyword, 'keyword')
  for (const symbol of found.symbols) add(symbol, 'symbol')
  return { from, to, items: [...items.values()] }
}

const KINDS: readonly string[] = ['function', 'metric', 'attribute', 'value', 'collection', 'unit', 'word']
const known = (kind: string): CompletionKind => (KINDS.includes(kind) ? (kind as CompletionKind) : 'word')

/** A value as it stands in a query: in quotes, where it needs them or they are there already. */
function written(value: string, attribute: string, open: '"' | "'" | undefined): string {
  if (
    open === undefined &&
    normalizeAttribute(attribute) !== 'entityname' &&
    /^[A-Za-z0-9_.:/-]+$/.test(value)
  )
    return value
  return quote(value)
}

function metrics(catalogue: Catalogue, prefix: string) {
  const found = []
  const inside = []
  const lower = prefix.toLowerCase()
  for (let i = 0; i < catalogue.metricCount && found.length < MOST; i++) {
    const metric = catalogue.metricAt(i)
    if (metric.name.startsWith(lower)) found.push(metric)
    else if (inside.length < MOST && metric.name.includes(lower)) inside.push(metric)
  }
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)
  return [...found.sort(byName), ...inside.sort(byName)]
}

/** Aggregates of a metric across entities that have it, where `…_across_` has been typed. */
function acrossMetrics(catalogue: Catalogue, prefix: string) {
  const lower = prefix.toLowerCase()
  const at = lower.lastIndexOf(ACROSS)
  if (at <= 0) return []
  const beginning = lower.slice(0, at + ACROSS.length)
  for (const base of [lower.slice(0, at), lower.slice(0, at).replace(/^total_/, '')]) {
    const found = resolveMetric(catalogue, base)
    if (found === undefined) continue
    const { metric } = found
    const members = catalogue.entitiesOf(metric.index).map((index) => catalogue.entityAt(index))
    return pluralNames(catalogue)
      .filter((plural) => plural.startsWith(lower.slice(beginning.length)) && members.some(isMember(plural)))
      .map((plural) => ({ ...metric, name: beginning + plural }))
  }
  return []
}

const ACROSS = '_across_'

function values(catalogue: Catalogue, attribute: string, prefix: string): string[] {
  const name = normalizeAttribute(attribute)
  if (name === 'active') return ['true', 'false']
  if (name === 'category') return matching(catalogue.categories().sort(), prefix)
  const read = attributeReader(attribute)
  const distinct = new Set<string>()
  let looked = 0
  for (const category of catalogue.categories())
    for (const index of catalogue.entitiesIn(category)) {
      if (looked++ >= LOOKED_AT) break
      const value = read(catalogue.entityAt(index))
      if (value !== undefined && distinct.size < 10_000) distinct.add(value)
    }
  return matching([...distinct].sort(), prefix)
}

/** Those that begin with the prefix, then those that have it inside. */
function matching(
  names: readonly string[],
  prefix: string,
  normal = (text: string) => text.toLowerCase(),
): string[] {
  const wanted = normal(prefix)
  const starting = names.filter((name) => normal(name).startsWith(wanted))
  const inside = names.filter((name) => !normal(name).startsWith(wanted) && normal(name).includes(wanted))
  return [...starting, ...inside].slice(0, MOST)
}
