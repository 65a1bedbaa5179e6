import type { Catalogue, Entity, Metric } from '../../metrics/index.js'
import type { Rollup } from '../../wire/timeseries.js'
import { nearest } from '../names/index.js'
import { clipQuoted, didYouMean, type Predicate } from '../syntax/index.js'
import { attributeNames, isAttribute } from './attribute-names.js'
import { attributeReader, normalizeAttribute } from './attributes.js'
import { recordCategory } from './collections.js'
import { resolveMetric } from './metric-names.js'
import { type CheckedStatement, comparisonsOf, type Filter, selects } from './statement.js'
import { acrossOf, factCategories, hasCondition, neededMetrics } from './walk.js'

/** Categories that are known without an entity: parents are made up from their members. */
const ALWAYS = ['CLUSTER', 'RACK', 'HOST', 'SERVICE', 'ROLE']
const MOST = 10
/** Conditions times entities that are looked at: an answer that is empty must not take longer than one that is not. */
const MOST_LOOKS = 200_000

/** What an answer without streams was about. */
export interface EmptyAnswer {
  readonly checked: Pick<CheckedStatement, 'statement' | 'items' | 'filter' | 'warnings'>
  /** Milliseconds since the epoch, both inclusive. */
  readonly window: { readonly from: number; readonly to: number }
  readonly rollup: Rollup
  /** Whether it is known that each item has entities that meet the conditions and have its metrics. */
  readonly hasEntities?: boolean
}

/**
 * Why an answer has no streams, as far as it can be told: an attribute, a category or a value that no entity has, a metric where
 * an attribute is meant; else conditions that no entity meets together, entities that do not have the metric, or a time without
 * points. Nothing where something else has been said already (`warnings`), or a comparison with streams decides.
 */
export function emptyHints(answer: EmptyAnswer, catalogue: Catalogue): string[] {
  const { statement, filter, warnings } = answer.checked
  const records = recordCategory(statement)
  if (records !== undefined)
    return catalogue.entitiesIn(records).length > 0
      ? []
      : [`Nobody has sent any ${statement.from?.name}: entities of the category ${records}.`]
  const hints = new Set<string>()
  // A trigger's condition is mostly empty, and asked again and again: what costs a look at the entities is not for it.
  const decides = comparisonsOf(filter).length > 0
  const looks = { left: decides ? 0 : MOST_LOOKS }
  const visit = (node: Predicate, own: Filter | undefined): void => {
    if (node.kind === 'and' || node.kind === 'or') {
      const parts = own !== undefined && 'operands' in own ? own.operands : []
      for (const [i, operand] of node.operands.entries()) visit(operand, parts[i])
    } else if (node.kind !== 'compare') {
      const hint =
        attributeHint(node.attribute, catalogue) ??
        categoryHint(node, catalogue) ??
        valueHint(node, own, catalogue, looks)
      if (hint !== undefined) hints.add(hint)
    }
  }
  if (statement.where !== undefined) visit(statement.where, filter)
  if (hints.size === 0 && warnings.length === 0 && !decides) {
    const hint = togetherHint(answer, catalogue, looks)
    if (hint !== undefined) hints.add(hint)
  }
  return [...hints].slice(0, MOST).map(clipQuoted)
}

function attributeHint(name: string, catalogue: Catalogue): string | undefined {
  if (isAttribute(catalogue, name)) return undefined
  if (resolveMetric(catalogue, name) !== undefined)
    return `“${name}” is a metric, not an attribute: to compare it write last(${name}), min(${name}) or the like.`
  return `No entity has an attribute “${name}”.${didYouMean(nearest(name, attributeNames(catalogue), 3))}`
}

function categoryHint(node: Predicate, catalogue: Catalogue): string | undefined {
  if (node.kind !== 'equals' || normalizeAttribute(node.attribute) !== 'category') return undefined
  if (node.value.form === 'variable') return undefined
  const { text } = node.value
  const known = [...new Set([...ALWAYS, ...catalogue.categories()])]
  if (known.includes(text.toUpperCase())) return undefined
  return `There is no entity of the category “${text}”.${didYouMean(nearest(text, known, 3))}`
}

/** What a parent that nobody has registered is called by. */
const PARENT_NAMES = ['clusterName', 'clusterId', 'rackId', 'hostId', 'serviceName'].map(attributeReader)

/** A value that no entity has, or a pattern that none of the values matches. */
function valueHint(
  node: Extract<Predicate, { kind: 'equals' | 'differs' | 'rlike' }>,
  filter: Filter | undefined,
  catalogue: Catalogue,
  looks: { left: number },
): string | undefined {
  const attribute = normalizeAttribute(node.attribute)
  if (
    node.kind === 'differs' ||
    filter?.kind !== 'select' ||
    attribute === 'active' ||
    attribute === 'category'
  )
    return undefined
  const { selector } = filter
  const named = (entity: Entity, name: string | undefined) =>
    name !== undefined && selector({ ...entity, name, names: [{ name, since: 0 }] }) !== false
  const meets = (entity: Entity) =>
    selector(entity) !== false ||
    (attribute === 'entityname' && PARENT_NAMES.some((read) => named(entity, read(entity))))
  if (count(meets, catalogue, looks, 1) !== 0) return undefined
  if (node.kind === 'rlike') return `No entity has a ${node.attribute} that matches “${node.pattern}”.`
  if (node.value.form === 'variable')
    return `No entity has the ${node.attribute} that $${node.value.text} stands for.`
  const { text } = node.value
  const read = attributeReader(node.attribute)
  const values = new Set<string>()
  for (let i = 0; i < Math.min(catalogue.entityCount, MOST_LOOKS); i++) {
    const value = read(catalogue.entityAt(i))
    if (value !== undefined) values.add(value)
  }
  return `No entity has the ${node.attribute} “${text}”.${didYouMean(nearest(text, values, 3))}`
}

/** Why nothing is there although each condition is met by some entity. */
function togetherHint(
  { checked: { items, filter }, window, rollup, hasEntities = false }: EmptyAnswer,
  catalogue: Catalogue,
  looks: { left: number },
): string | undefined {
  // That its condition held nowhere is an answer.
  const mayBeEmpty = items?.some(({ expression }) => hasCondition(expression)) ?? false
  if (hasEntities && mayBeEmpty) return undefined
  if (items?.some(({ expression }) => acrossOf(expression).length > 0)) return undefined
  const metrics = (items ?? []).map(({ expression }) => neededMetrics(expression))
  const owners = (items ?? []).flatMap(({ expression }, i) =>
    metrics[i]?.length === 0 ? factCategories(expression) : [],
  )
  if (owners.length > 0) {
    const none = owners.find((category) => catalogue.entitiesIn(category).length === 0)
    return none && `There is no ${none.toLowerCase()}.`
  }
  const meets = (entity: Entity) => selects(filter, entity) !== false
  const matching = count(meets, catalogue, looks)
  if (matching === undefined) return undefined
  if (matching === 0) return filter && 'No entity meets all of the conditions together.'
  const lacking = metrics.find(
    (own) => count((entity) => meets(entity) && hasAll(entity, own, catalogue), catalogue, looks, 1) === 0,
  )
  if (lacking !== undefined) return lackingHint(lacking, matching)
  if (looks.left <= 0 || mayBeEmpty) return undefined
  const [level, until] =
    rollup === 'RAW' ? ['', ''] : [` at the level ${rollup}`, ': a bucket has its point when it has ended']
  const [from, to] = [window.from, window.to].map((time) => new Date(time).toISOString())
  return `There are no points of this${level} from ${from} to ${to}${until}.`
}

function lackingHint(metrics: readonly Metric[], matching: number): string {
  const names = metrics.map(({ name }) => `“${name}”`).join(', ')
  const who =
    matching === 1
      ? 'The entity that meets the conditions does not have'
      : 'None of the entities that meet the conditions has'
  return metrics.length > 1 ? `${who} all of ${names}.` : `${who} ${names}.`
}

function hasAll(entity: Entity, metrics: readonly Metric[], catalogue: Catalogue): boolean {
  const has = catalogue.metricsOf(entity.index)
  return metrics.every(({ index }) => has.includes(index))
}

/** How many entities do, up to `most`; undefined when there is too much to look at, or a pattern is too slow. */
function count(
  does: (entity: Entity) => boolean,
  catalogue: Catalogue,
  looks: { left: number },
  most = Number.POSITIVE_INFINITY,
): number | undefined {
  let found = 0
  try {
    for (let i = 0; i < catalogue.entityCount && found < most; i++) {
      if (looks.left-- <= 0) return undefined
      if (does(catalogue.entityAt(i))) found++
    }
  } catch {
    return undefined
  }
  return found
}
