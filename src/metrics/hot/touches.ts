/** Chunks that were asked for and are not in memory: how often, lately. Bounded; the oldest are forgotten first. */
const MOST = 20_000

export class Touches {
  readonly #known = new Map<string, { count: number; at: number; refusedUntil: number }>()

  /** Counts one, and tells how many there were within `within` milliseconds. */
  add(key: string, now: number, within: number): number {
    const known = this.#known.get(key)
    if (known !== undefined && now < known.refusedUntil) return 0
    const count = known === undefined || now - known.at > within ? 1 : known.count + 1
    this.#known.delete(key)
    this.#known.set(key, { count, at: now, refusedUntil: 0 })
    if (this.#known.size > MOST)
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest)
        break
      }
    return count
  }

  /** Not to be counted until then: it cannot be held. */
  refuse(key: string, until: number): void {
    this.#known.set(key, { count: 0, at: Number.NEGATIVE_INFINITY, refusedUntil: until })
  }

  delete(key: string): void {
    this.#known.delete(key)
  }

  clear(): void {
    this.#known.clear()
  }
}
