import type { CheckedStatement } from '../check/statement.js'
import type { Predicate } from '../syntax/index.js'
import { Recent } from './recent.js'

/**
 * What checking a query's text found, as long as the catalogue does not change: dashboards send the same texts again and
 * again. What depends on more than that is not remembered: on the time or the variables (`timeless`), and patterns, each
 * of which has a budget of steps for one query.
 */
export class CheckedCache {
  readonly #known = new Recent<readonly CheckedStatement[]>(5_000, 500_000)
  #version = -1

  get(text: string, version: number): readonly CheckedStatement[] | undefined {
    return version === this.#version ? this.#known.get(text) : undefined
  }

  /** Only what was found good is to be given. */
  set(text: string, version: number, checked: readonly CheckedStatement[]): void {
    if (!checked.every(isLasting)) return
    if (version !== this.#version) this.#known.clear()
    this.#version = version
    this.#known.set(text, checked)
  }
}

const isLasting = ({ timeless, statement: { where } }: CheckedStatement) =>
  timeless && (where === undefined || !hasPattern(where))

const hasPattern = (node: Predicate): boolean =>
  node.kind === 'and' || node.kind === 'or' ? node.operands.some(hasPattern) : node.kind === 'rlike'
