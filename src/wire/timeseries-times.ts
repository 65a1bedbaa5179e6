/** Columns that are remembered, and the times in them, so that what an answer of millions of points needs stays bounded. */
const MOST_COLUMNS = 4_096
const MOST_TIMES = 262_144

interface TimeColumn {
  readonly id: number
  readonly times: Float64Array
}

/** The time columns of an answer: one that has come before is known again by its times. */
export class TimeColumns {
  #count = 0
  #last: TimeColumn | undefined
  #known = new Map<number, TimeColumn[]>()
  #columns = 0
  #times = 0

  /** The number of the column [start, end), and the column itself where it is new. */
  number(times: Float64Array, start: number, end: number): { id: number; column?: Float64Array } {
    if (this.#last !== undefined && sameTimes(this.#last.times, times, start, end)) return this.#last
    const key = keyOf(times, start, end)
    const alike = this.#known.get(key)
    const known = alike?.find((each) => sameTimes(each.times, times, start, end))
    if (known !== undefined) {
      this.#last = known
      return known
    }
    const column = times.slice(start, end)
    const made: TimeColumn = { id: this.#count++, times: column }
    this.#last = made
    this.#columns++
    this.#times += column.length
    if (this.#columns > MOST_COLUMNS || this.#times > MOST_TIMES) this.#forget()
    else if (alike !== undefined) alike.push(made)
    else this.#known.set(key, [made])
    return { id: made.id, column }
  }

  /** Begins another answer. */
  reset(): void {
    this.#count = 0
    this.#last = undefined
    if (this.#columns > 0) this.#forget()
  }

  #forget(): void {
    this.#known = new Map()
    this.#columns = 0
    this.#times = 0
  }
}

/** Of a length, and the first, the last, and a time in between. */
function keyOf(times: Float64Array, start: number, end: number): number {
  let key = end - start
  if (end > start)
    for (const place of [start, (start + end) >>> 1, end - 1])
      key = Math.imul(key, 0x9e3779b1) + (((times[place] as number) % 0xffff_fffb) | 0)
  return key | 0
}

function sameTimes(known: Float64Array, times: Float64Array, start: number, end: number): boolean {
  const length = end - start
  if (known.length !== length) return false
  if (length > 0 && known[length - 1] !== times[end - 1]) return false
  for (let i = 0; i < length; i++) if (known[i] !== times[start + i]) return false
  return true
}
