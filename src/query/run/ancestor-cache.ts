import type { Catalogue, Metric } from '../../metrics/index.js'
import { type Ancestor, ancestorsOf } from '../check/ancestors.js'

const MOST = 100

/** Remembers who belongs to whom, as long as the catalogue does not change. */
export class AncestorCache {
  readonly #known = new Map<string, Ancestor[]>()
  #version = -1

  of(catalogue: Catalogue, metric: Metric, plural: string): readonly Ancestor[] {
    if (catalogue.version !== this.#version) {
      this.#known.clear()
      this.#version = catalogue.version
    }
    const key = `${metric.index} ${plural}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const found = ancestorsOf(catalogue, metric, plural)
    if (this.#known.size >= MOST) this.#known.clear()
    this.#known.set(key, found)
    return found
  }
}
