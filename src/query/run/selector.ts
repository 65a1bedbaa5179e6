import type { Entity } from '../../metrics/index.js'
import type { CheckedStatement } from '../check/statement.js'
import type { TypedItem } from '../check/typed.js'
import { acrossOf, factCategories, neededMetrics } from '../check/walk.js'
import { type Predicate, printPredicate } from '../syntax/index.js'
import type { QueryEnvironment } from './environment.js'
import { type SelectionRequest, type Subject, selectAll, selectFrom } from './select-entities.js'

/** Which entities give a stream of an item. */
export function selector(
  checked: CheckedStatement,
  selection: SelectionRequest,
  environment: QueryEnvironment,
) {
  const { where } = checked.statement
  const { catalogue, ancestors } = environment
  const { from } = checked.statement
  const key = checked.timeless
    ? () => `${from?.name ?? ''} ${where === undefined ? '' : printed(where)}`
    : undefined
  return (item: TypedItem): readonly Subject[] => {
    const metrics = neededMetrics(item.expression)
    const across = acrossOf(item.expression)
    if (across.length > 0) {
      const lists = across.map(({ metric, plural }) =>
        ancestors.of(catalogue, metric, plural).map(({ entity }) => entity),
      )
      return selectFrom(common(lists), selection, metrics)
    }
    if (metrics.length > 0) return environment.selections.select(key, selection, metrics, item)
    const categories = factCategories(item.expression)
    if (categories.length === 0) return []
    const all = selectAll(selection)
    // Without a condition those are meant that the value is of, not everything that has a host.
    return where !== undefined ? all : all.filter(({ entity }) => categories.includes(entity.category))
  }
}

/** Trees are remembered with their texts, and so is how they are printed. */
const texts = new WeakMap<Predicate, string>()

function printed(where: Predicate): string {
  const known = texts.get(where)
  if (known !== undefined) return known
  const text = printPredicate(where)
  texts.set(where, text)
  return text
}

/** The entities that are in each of the lists, which are in the order of their ids. */
function common(lists: readonly (readonly Entity[])[]): readonly Entity[] {
  const [first = [], ...rest] = lists
  const others = rest.map((list) => new Set(list.map(({ id }) => id)))
  return first.filter(({ id }) => others.every((ids) => ids.has(id)))
}
