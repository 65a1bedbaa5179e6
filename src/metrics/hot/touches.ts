/** Chunks that were asked for and are not in memory: how often, lately. Bounded; the oldest are forgotten first. */
const MOST = 20_000

export class Touches {
  readonly #known = new Map<string, { count: number; at: number }>()

  /** Counts one, and tells how many there were within `within` milliseconds. */
  add(key: string, now: number, within: number): number {
    const known = this.#known.get(key)
    const count = known === undefined || now - known.at > within ? 1 : known.count + 1
    this.#known.delete(key)
    this.#known.set(key, { count, at: now })
    if (this.#known.size > MOST)
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest)
        break
      }
    return count
  }

  /** Not to be counted for a while: it cannot be held. */
  refuse(key: string, now: number): void {
    this.#known.set(key, { count: Number.NEGATIVE_INFINITY, at: now })
  }

  delete(key: string): void {
    this.#known.delete(key)
  }

  clear(): void {
    this.#known.clear()
  }
}
