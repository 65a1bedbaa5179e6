import type { Metric } from '../types.js'
import type { Pace } from './pace.js'

/** How long a load lets queries go first: one that was asked for, and one of idle time. */
const LOAD_WAIT_MS = 250
const IDLE_WAIT_MS = 2_000
const QUEUED_LOADS = 256

/** A run of neighbouring chunks of one metric that are read in one statement. */
export interface Load {
  readonly metric: Metric
  readonly first: number
  readonly last: number
  /** Nobody waits for it: only what has room is kept. */
  readonly idle: boolean
  /** When it begins, however many queries come. Loads that were asked for together do not each let queries go first. */
  readonly due: number
  readonly done: Promise<void>
  readonly finish: () => void
}

export interface LoadQueue {
  readonly isFull: boolean
  /** Resolves when it is done, whatever came of it. What somebody waits for goes before what is idle. */
  add(metric: Metric, first: number, last: number, idle: boolean): Promise<void>
  /** When each is done that reads some of these chunks. */
  reading(metrics: readonly Metric[], first: number, last: number): Promise<void>[]
}

/** Runs one load at a time, which never rejects; with `pace`, when no query is under way. */
export function createLoadQueue(run: (load: Load) => Promise<void>, pace: Pace | undefined): LoadQueue {
  const queue: Load[] = []
  let loading: Load | undefined
  let working = false

  async function work(): Promise<void> {
    working = true
    while (queue.length > 0) {
      // What is asked for meanwhile goes before what is idle.
      if (pace !== undefined) await pace.quiet(() => queue[0]?.due ?? 0)
      loading = queue.shift()
      if (loading === undefined) break
      await run(loading)
      loading.finish()
      loading = undefined
    }
    working = false
  }

  return {
    get isFull() {
      return queue.length >= QUEUED_LOADS
    },
    add(metric, first, last, idle) {
      let finish!: () => void
      const done = new Promise<void>((resolve) => {
        finish = resolve
      })
      const due = performance.now() + (idle ? IDLE_WAIT_MS : LOAD_WAIT_MS)
      const load = { metric, first, last, idle, due, done, finish }
      // Somebody waits for what was asked for.
      const before = idle ? -1 : queue.findIndex((other) => other.idle)
      if (before < 0) queue.push(load)
      else queue.splice(before, 0, load)
      if (!working) void work()
      return done
    },
    reading: (metrics, first, last) =>
      [loading, ...queue].flatMap((each) =>
        each !== undefined && each.first <= last && each.last >= first && metrics.includes(each.metric)
          ? [each.done]
          : [],
      ),
  }
}
