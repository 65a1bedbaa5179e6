/** What was used lately, by a text: bounded by the number of entries and by the length of their texts together. */
export class Recent<Value> {
  readonly #known = new Map<string, Value>()
  readonly #most: number
  readonly #mostLength: number
  #length = 0

  constructor(most: number, mostLength: number) {
    this.#most = most
    this.#mostLength = mostLength
  }

  /** Undefined when it is not known. What is asked for is given up last. */
  get(text: string): Value | undefined {
    const value = this.#known.get(text)
    if (value === undefined) return undefined
    this.#known.delete(text)
    this.#known.set(text, value)
    return value
  }

  /** A text longer than a tenth of the bound is not kept. */
  set(text: string, value: Value): void {
    if (text.length > this.#mostLength / 10) return
    if (!this.#known.has(text)) this.#length += text.length
    this.#known.set(text, value)
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= this.#most && this.#length <= this.#mostLength) return
      this.#length -= oldest.length
      this.#known.delete(oldest)
    }
  }

  clear(): void {
    this.#known.clear()
    this.#length = 0
  }

  get size(): number {
    return this.#known.size
  }
}
