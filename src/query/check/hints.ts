import type { Catalogue } from '../../metrics/index.js'
import { nearest } from '../names/index.js'
import { didYouMean, type Predicate } from '../syntax/index.js'
import { attributeNames, isAttribute } from './attribute-names.js'
import { normalizeAttribute } from './attributes.js'
import { resolveMetric } from './metric-names.js'

/** Categories that are known without an entity: parents are made up from their members. */
const ALWAYS = ['CLUSTER', 'RACK', 'HOST', 'SERVICE', 'ROLE']

/**
 * What in a predicate cannot be true of any entity that there is, for an answer without streams: an attribute that nobody
 * has, a category that does not exist, a metric where an attribute is meant.
 */
export function emptyHints(where: Predicate | undefined, catalogue: Catalogue): string[] {
  const hints = new Set<string>()
  const visit = (node: Predicate): void => {
    if (node.kind === 'and' || node.kind === 'or') for (const operand of node.operands) visit(operand)
    else if (node.kind !== 'compare') {
      const hint = attributeHint(node.attribute, catalogue) ?? categoryHint(node, catalogue)
      if (hint !== undefined) hints.add(hint)
    }
  }
  if (where !== undefined) visit(where)
  return [...hints].slice(0, MOST)
}

const MOST = 10

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
