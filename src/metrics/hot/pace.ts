import { setTimeout as sleep } from 'node:timers/promises'

/** No query for so long: it is quiet. */
const QUIET_MS = 25

/** Lets work beside the queries wait for a moment without them. */
export class Pace {
  #last = Number.NEGATIVE_INFINITY

  /** A query has come. */
  query(): void {
    this.#last = performance.now()
  }

  /**
   * Resolves when there was none for a moment, or at `until` (of `performance.now()`, asked again and again, for it may be
   * brought forward): work that is put off for ever helps nobody.
   */
  async quiet(until: () => number): Promise<void> {
    for (;;) {
      const now = performance.now()
      const left = Math.min(this.#last + QUIET_MS, until()) - now
      if (left <= 0) return
      await sleep(left, undefined, { ref: false })
    }
  }
}
