import type { Metric } from '../../metrics/index.js'
import type { Rollup } from '../../wire/timeseries.js'
import type { AggregateName } from '../functions/aggregate.js'
import type { ResampleName } from '../functions/resample.js'
import type { FoldPair } from '../sql/select.js'

/** Milliseconds since the epoch, both inclusive. */
export interface Window {
  readonly from: number
  readonly to: number
}

/** What is read from the store for one metric: the columns that the rest of an expression is computed from. */
export type Leaf = {
  readonly metric: Metric
  readonly window: Window
  /** Of samples and rollups: one point earlier than this is wanted too, at most `REACH` before it, where the window has none. */
  readonly before?: number
} & (
  | { readonly kind: 'samples' }
  /** One aggregate over the window, computed by the store. */
  | { readonly kind: 'aggregate'; readonly by: AggregateName }
  /** Buckets of `step` milliseconds, `count` of them from `window.from` on, computed by the store. */
  | { readonly kind: 'grid'; readonly by: ResampleName; readonly step: number; readonly count: number }
  /** As `grid`, folded over all entities that are asked for: of no entity, so it is read by itself. */
  | { readonly kind: 'folded-grid'; readonly by: FoldPair; readonly step: number; readonly count: number }
  /** Points of a rollup, with their statistics. */
  | { readonly kind: 'rollup'; readonly level: Rollup }
  /** Of an entity that others belong to: their streams, folded. */
  | {
      readonly kind: 'across'
      readonly level: Rollup
      readonly plural: string
      readonly total: boolean
      readonly isRateOfCounter: boolean
      /** By which the members' values are weighted: the growth of a counter, or the values of any other metric. */
      readonly weight?: Metric
    }
)

/** Leaves that one SQL statement can read together. */
export interface LeafGroup {
  readonly kind: Leaf['kind']
  readonly window: Window
  readonly leaves: readonly Leaf[]
  /** Places of the leaves in the plan. */
  readonly places: readonly number[]
  readonly metrics: readonly Metric[]
}

/** The leaves of a plan, each once. */
export class Leaves {
  readonly list: Leaf[] = []
  readonly #places = new Map<string, number>()
  #recorded: Set<number> | undefined

  /** Runs `f` and tells which leaves it added or used. */
  record<T>(f: () => T): { result: T; places: ReadonlySet<number> } {
    const places = new Set<number>()
    this.#recorded = places
    const result = f()
    this.#recorded = undefined
    return { result, places }
  }

  add(leaf: Leaf): number {
    const { metric, window } = leaf
    const more =
      leaf.kind === 'grid' || leaf.kind === 'folded-grid'
        ? `${leaf.by}/${leaf.step}`
        : leaf.kind === 'aggregate'
          ? leaf.by
          : leaf.kind === 'rollup'
            ? leaf.level
            : leaf.kind === 'across'
              ? `${leaf.level}/${leaf.plural}/${leaf.total}/${leaf.isRateOfCounter}`
              : ''
    // Samples up to the same time are read once, from the earliest time that anybody wants.
    const from = leaf.kind === 'samples' ? '' : window.from
    const key = `${leaf.kind}/${metric.index}/${from}/${window.to}/${more}`
    const known = this.#places.get(key)
    const place = known ?? this.list.push(leaf) - 1
    this.list[place] = together(this.list[place] as Leaf, leaf)
    this.#places.set(key, place)
    this.#recorded?.add(place)
    return place
  }
}

/** What serves both of two leaves that differ in how far back they go. */
function together(one: Leaf, other: Leaf): Leaf {
  const wider = other.window.from < one.window.from ? other : one
  const before = Math.min(one.before ?? Number.POSITIVE_INFINITY, other.before ?? Number.POSITIVE_INFINITY)
  if (before === (wider.before ?? Number.POSITIVE_INFINITY)) return wider
  return { ...wider, before }
}

/** Lets samples up to the same time begin at the same time, where that is at most `ms` earlier: one statement reads them then. */
export function beginTogether(leaves: Leaf[], ms: number): void {
  for (const [place, leaf] of leaves.entries()) {
    if (leaf.kind !== 'samples') continue
    let { from } = leaf.window
    for (const other of leaves)
      if (
        other.kind === 'samples' &&
        other.window.to === leaf.window.to &&
        other.window.from >= leaf.window.from - ms
      )
        from = Math.min(from, other.window.from)
    if (from < leaf.window.from) leaves[place] = { ...leaf, window: { ...leaf.window, from } }
  }
}

/** What keeps leaves of one kind and window apart when they are read. */
function apart(leaf: Leaf, place: number): string | number {
  if (leaf.kind === 'grid' || leaf.kind === 'folded-grid') return `${leaf.by}/${leaf.step}`
  if (leaf.kind === 'rollup') return leaf.level
  return leaf.kind === 'across' ? place : ''
}

/** Groups those of the leaves that are wanted by what can be read together. */
export function groupLeaves(leaves: readonly Leaf[], wanted: Iterable<number>): LeafGroup[] {
  const groups = new Map<string, { leaves: Leaf[]; places: number[] }>()
  for (const place of wanted) {
    const leaf = leaves[place] as Leaf
    const { window } = leaf
    const key = `${leaf.kind}/${window.from}/${window.to}/${apart(leaf, place)}`
    const group = groups.get(key) ?? { leaves: [], places: [] }
    groups.set(key, group)
    group.leaves.push(leaf)
    group.places.push(place)
  }
  return [...groups.values()].map((group) => {
    const first = group.leaves[0] as Leaf
    const metrics = [...new Set(group.leaves.map((leaf) => leaf.metric))]
    return { kind: first.kind, window: first.window, metrics, ...group }
  })
}
