import { QueryError, timeLimit } from '../errors.js'

/**
 * Bounds the time of a query: its own work, and each wait for the reader by itself. A reader may be slow, but one that
 * takes nothing any more must not hold a query for ever.
 */
export class Deadline {
  readonly #abort: AbortController
  readonly #seconds: number
  #left: number
  #since = 0
  #timer: NodeJS.Timeout | undefined

  /** `abort`: of this query alone; whoever else ends the query does so by it too. */
  constructor(seconds: number, abort: AbortController) {
    this.#seconds = seconds
    this.#left = seconds * 1000
    this.#abort = abort
    this.#run()
  }

  /** Aborted when the time is over, with the error that says so. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Seconds of work that are left. */
  get left(): number {
    return Math.max(0, this.#left - (performance.now() - this.#since)) / 1000
  }

  /** Waits for the reader; the query's own time stands still. Rejects when the query is ended or the wait is too long. */
  async wait(reader: Promise<void>): Promise<void> {
    const { signal } = this.#abort
    this.#left -= performance.now() - this.#since
    clearTimeout(this.#timer)
    this.#timer = setTimeout(
      () => this.#abort.abort(new QueryError('TIME_LIMIT', `Nobody took the answer for ${this.#seconds} s.`)),
      this.#seconds * 1000,
    )
    const { promise, reject } = withReject()
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      signal.throwIfAborted()
      await Promise.race([reader, promise])
    } finally {
      signal.removeEventListener('abort', onAbort)
      this.#run()
    }
  }

  end(): void {
    clearTimeout(this.#timer)
  }

  #run(): void {
    clearTimeout(this.#timer)
    this.#since = performance.now()
    this.#timer = setTimeout(() => this.#abort.abort(timeLimit(this.#seconds)), Math.max(0, this.#left))
  }
}

function withReject() {
  let reject!: (reason: unknown) => void
  const promise = new Promise<never>((_, no) => {
    reject = no
  })
  promise.catch(() => undefined)
  return { promise, reject }
}
