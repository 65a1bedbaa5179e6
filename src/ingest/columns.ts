import type { SampleColumns } from '../metrics/index.js'

/** `SampleColumns` that grow by doubling, so that a request allocates by its size and not by a limit. */
export class SampleBuffer implements SampleColumns {
  length = 0
  capacity: number
  series: Uint32Array
  time: Float64Array
  value: Float64Array

  constructor(capacity = 1024) {
    this.capacity = capacity
    this.series = new Uint32Array(capacity)
    this.time = new Float64Array(capacity)
    this.value = new Float64Array(capacity)
  }

  /** Makes room for at least `capacity` samples; the arrays are replaced, so callers must fetch them anew. */
  grow(capacity = this.capacity * 2): void {
    if (capacity <= this.capacity) return
    const size = Math.max(capacity, this.capacity * 2)
    const series = new Uint32Array(size)
    const time = new Float64Array(size)
    const value = new Float64Array(size)
    series.set(this.series.subarray(0, this.length))
    time.set(this.time.subarray(0, this.length))
    value.set(this.value.subarray(0, this.length))
    this.capacity = size
    this.series = series
    this.time = time
    this.value = value
  }

  push(series: number, time: number, value: number): void {
    if (this.length === this.capacity) this.grow()
    this.series[this.length] = series
    this.time[this.length] = time
    this.value[this.length++] = value
  }
}
