/** Where the points of a metric and an entity go: a slot for each pair, metric by metric. */
export class Slots {
  readonly metrics: number
  readonly ordinals: number
  readonly #slotOfMetric: ReadonlyMap<number, number>
  readonly #ordinalOf: ReadonlyMap<number, number>

  /** `metrics`: durable ids, in the order of the result. `ordinalOf`: of entities, by durable id. */
  constructor(metrics: readonly number[], ordinalOf: ReadonlyMap<number, number>, ordinals: number) {
    this.#slotOfMetric = new Map(metrics.map((id, i) => [id, i]))
    this.#ordinalOf = ordinalOf
    this.metrics = this.#slotOfMetric.size
    this.ordinals = ordinals
  }

  /** -1 for what was not asked for. */
  of(metric: number, entity: number): number {
    const ordinal = this.#ordinalOf.get(entity)
    const slot = this.#slotOfMetric.get(metric)
    return ordinal === undefined || slot === undefined ? -1 : slot * this.ordinals + ordinal
  }
}
