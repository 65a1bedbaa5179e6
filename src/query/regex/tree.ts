import { type CharSet, type Fold, union } from './charset.js'

export type Mode = 'greedy' | 'lazy' | 'possessive'

export type Place =
  | 'text-start'
  | 'text-end'
  | 'last-line-end'
  | 'line-start'
  | 'line-end'
  | 'word-boundary'
  | 'no-word-boundary'

/** A parsed pattern. */
export type Tree =
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'sequence'; readonly items: readonly Tree[] }
  | { readonly kind: 'either'; readonly options: readonly Tree[] }
  | {
      readonly kind: 'repeat'
      readonly body: Tree
      readonly min: number
      /** Infinity where there is no limit. */
      readonly max: number
      readonly mode: Mode
    }
  | { readonly kind: 'group'; readonly index: number; readonly body: Tree }
  | { readonly kind: 'atomic'; readonly body: Tree }
  | {
      readonly kind: 'look'
      readonly ahead: boolean
      readonly negative: boolean
      readonly body: Tree
      readonly offset: number
    }
  | { readonly kind: 'reference'; readonly group: number; readonly fold: Fold }
  /** `unixLines`: only `\n` ends a line. */
  | { readonly kind: 'place'; readonly place: Place; readonly unixLines: boolean }

/** How many UTF-16 units a match has at least and at most. */
export interface Width {
  min: number
  max: number
}

export function widthOf(tree: Tree): Width {
  switch (tree.kind) {
    case 'set':
      return { min: 1, max: tree.set.single === undefined ? 2 : 1 }
    case 'sequence':
      return tree.items
        .map(widthOf)
        .reduce((a, b) => ({ min: a.min + b.min, max: a.max + b.max }), { min: 0, max: 0 })
    case 'either': {
      const widths = tree.options.map(widthOf)
      return { min: Math.min(...widths.map((w) => w.min)), max: Math.max(...widths.map((w) => w.max)) }
    }
    case 'repeat': {
      const { min, max } = widthOf(tree.body)
      return { min: min * tree.min, max: max === 0 ? 0 : max * tree.max }
    }
    case 'group':
    case 'atomic':
      return widthOf(tree.body)
    case 'look':
    case 'place':
      return { min: 0, max: 0 }
    case 'reference':
      return { min: 0, max: Number.POSITIVE_INFINITY }
  }
}

/** The characters that a match can begin with; undefined where that is not known, or a match may be empty. */
export function firstOf(tree: Tree): CharSet | undefined {
  switch (tree.kind) {
    case 'set':
      return tree.set
    case 'sequence':
      return tree.items[0] && firstOf(tree.items[0])
    case 'either': {
      const firsts = tree.options.map(firstOf)
      return firsts.reduce((a, b) => a && b && union(a, b))
    }
    case 'repeat':
      return tree.min > 0 ? firstOf(tree.body) : undefined
    case 'group':
    case 'atomic':
      return firstOf(tree.body)
  }
  return undefined
}
