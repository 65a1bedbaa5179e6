/** Samples that were stored since a chunk was read into memory, in the order of their commits. */
export class Tail {
  length = 0
  /** By the catalogue's index. */
  entities = new Uint32Array(0)
  times = new Float64Array(0)
  values = new Float64Array(0)

  get bytes(): number {
    return 20 * this.times.length
  }

  push(entity: number, time: number, value: number): void {
    const at = this.length
    if (at === this.times.length) this.#grow()
    this.entities[at] = entity
    this.times[at] = time
    this.values[at] = value
    this.length = at + 1
  }

  clear(): void {
    this.length = 0
    if (this.times.length <= 1024) return
    this.entities = new Uint32Array(0)
    this.times = new Float64Array(0)
    this.values = new Float64Array(0)
  }

  #grow(): void {
    const length = Math.max(16, 2 * this.times.length)
    const { entities, times, values } = this
    this.entities = new Uint32Array(length)
    this.times = new Float64Array(length)
    this.values = new Float64Array(length)
    this.entities.set(entities)
    this.times.set(times)
    this.values.set(values)
  }
}
