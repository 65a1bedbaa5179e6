import type { Metric } from '../../metrics/index.js'
import { type SelectionRequest, type Subject, selectEntities } from './select-entities.js'

interface Known {
  readonly version: number
  readonly joinRenamed: boolean
  readonly byItem: Map<object, readonly Subject[]>
}

/** Selections that are remembered, and entities in them. */
const MOST_ENTRIES = 256
const MOST_SUBJECTS = 500_000
/** What is this short is also kept with the items that asked for it, of which there are some thousand. */
const FEW = 100

/**
 * Remembers which entities a predicate selects, as long as the catalogue does not change: dashboards ask the same again
 * and again. What depends on the time asked for (`active`, names that were changed) is not remembered.
 */
export class SelectionCache {
  readonly #known = new Map<string, readonly Subject[]>()
  #version = -1
  #last: readonly Subject[] | undefined
  #lastKey = ''
  #lastFull = ''
  /** By the filter, which stands for the predicate, or by the item where there is none. */
  readonly #few = new WeakMap<object, Known>()
  #size = 0

  /**
   * `key`: the predicate's text; undefined when the selection depends on more than the catalogue. `item`: an object that
   * stands for the metrics, as the request's filter stands for the predicate; the same ones come again with the same text.
   */
  select(
    key: (() => string) | undefined,
    request: SelectionRequest,
    metrics: readonly Metric[],
    item: object,
  ): readonly Subject[] {
    if (key === undefined) return selectEntities(request, metrics)
    const { joinRenamed, catalogue, filter = item } = request
    const { version } = catalogue
    let few = this.#few.get(filter)
    if (few?.version !== version || few.joinRenamed !== joinRenamed) {
      few = { version, joinRenamed, byItem: new Map() }
      this.#few.set(filter, few)
    }
    const known = few.byItem.get(item)
    if (known !== undefined) return known
    const pinned = (request.candidates.pins?.length ?? FEW + 1) <= FEW
    // What names its entities is found by their names; writing the predicate down as a key takes longer.
    const subjects = pinned
      ? sameAs(few.byItem, selectEntities(request, metrics))
      : this.#select(key(), request, metrics)
    const keep = pinned ? isLasting(subjects, joinRenamed) : subjects === this.#known.get(this.#lastFull)
    if (keep && subjects.length <= FEW) few.byItem.set(item, subjects)
    return subjects
  }

  #select(key: string, request: SelectionRequest, metrics: readonly Metric[]): readonly Subject[] {
    const { catalogue, joinRenamed } = request
    if (catalogue.version !== this.#version) {
      this.#known.clear()
      this.#last = undefined
      this.#size = 0
      this.#version = catalogue.version
    }
    const full = `${metrics.map((metric) => metric.index).join(',')}/${joinRenamed}/${key}`
    this.#lastFull = full
    const known = this.#known.get(full)
    if (known !== undefined) return known
    const subjects = selectEntities(request, metrics)
    if (subjects.length > MOST_SUBJECTS / 4 || !isLasting(subjects, joinRenamed)) return subjects
    if (this.#known.size >= MOST_ENTRIES || this.#size + subjects.length > MOST_SUBJECTS) {
      this.#known.clear()
      this.#size = 0
    }
    // Metrics of the same entities share one list: then they are read and answered together without being matched up.
    const last = this.#last
    const same = last !== undefined && this.#lastKey === key && sameSubjects(last, subjects) ? last : subjects
    this.#last = same
    this.#lastKey = key
    this.#known.set(full, same)
    this.#size += subjects.length
    return same
  }
}

function sameSubjects(a: readonly Subject[], b: readonly Subject[]): boolean {
  return a.length === b.length && a.every((subject, i) => subject.entity.id === b[i]?.entity.id)
}

/** The list of another item, if it has the same entities: then they are read together without being matched up. */
function sameAs(byItem: ReadonlyMap<object, readonly Subject[]>, subjects: readonly Subject[]) {
  for (const other of byItem.values()) if (sameSubjects(other, subjects)) return other
  return subjects
}

/** Whether they depend on the catalogue alone; names that were changed depend on the time. */
const isLasting = (subjects: readonly Subject[], joinRenamed: boolean) =>
  (joinRenamed || subjects.every(({ entity }) => entity.names.length < 2)) && !isViewOf(subjects)

/** Whether an entity stands under one of several names. */
const isViewOf = (subjects: readonly Subject[]) => subjects.some((subject) => subject.part !== undefined)
