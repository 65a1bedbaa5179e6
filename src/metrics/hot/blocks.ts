/** Samples of a block: long enough to save work, short enough that the ends of a bucket are little. */
export const BLOCK = 32

export type BlockKind = 'sum' | 'min' | 'max'

/** Bytes that the blocks of so many samples take when all kinds have been asked for. */
export const blockBytes = (samples: number) => 3 * 8 * Math.floor(samples / BLOCK)

/**
 * Sums and extremes of values by blocks of neighbours, found when they are first asked for. A block is 32 places of a
 * column, counted from its beginning; whoever asks for one says by that that its places will not change.
 */
export class Blocks {
  readonly values: Float64Array
  #sum: Float64Array | undefined
  #min: Float64Array | undefined
  #max: Float64Array | undefined

  constructor(values: Float64Array) {
    this.values = values
  }

  /** By the number of a block; NaN where `compute` has to be called first. */
  of(kind: BlockKind): Float64Array {
    if (kind === 'sum') return (this.#sum ??= this.#unknown())
    return kind === 'min' ? (this.#min ??= this.#unknown()) : (this.#max ??= this.#unknown())
  }

  /** Finds and keeps one. */
  compute(kind: BlockKind, block: number): number {
    const { values } = this
    const start = block * BLOCK
    let result = values[start] as number
    for (let i = start + 1; i < start + BLOCK; i++) {
      const value = values[i] as number
      if (kind === 'sum') result += value
      else if (kind === 'min' ? value < result : value > result) result = value
    }
    this.of(kind)[block] = result
    return result
  }

  #unknown(): Float64Array {
    return new Float64Array(Math.floor(this.values.length / BLOCK)).fill(Number.NaN)
  }
}
