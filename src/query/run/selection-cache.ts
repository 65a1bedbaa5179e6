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
    key: string | undefined,
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
    const subjects = this.#select(key, request, metrics)
    if (subjects.length <= FEW && subjects === this.#known.get(this.#lastFull)) few.byItem.set(item, subjects)
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
    if (subjects.some(({ entity }) => entity.names.length > 1) && !joinRenamed) return subjects
    if (subjects.length > MOST_SUBJECTS / 4 || isViewOf(subjects)) return subjects
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

/** Whether an entity stands under one of several names. */
const isViewOf = (subjects: readonly Subject[]) => subjects.some((subject) => subject.part !== undefined)
