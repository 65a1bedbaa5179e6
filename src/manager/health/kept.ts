/** A copy of what the monitor says, that is kept while somebody asks for it. */
export interface Kept<T> {
  /**
   * At most `freshMs` old; older by as long as the monitor takes to answer, and undefined when it has not answered for
   * `forgetMs`. Takes at most 1 s, and no time while the monitor is away.
   */
  read(): Promise<T | undefined>
  /** Whether the last try failed a moment ago: nobody waits for the next one. */
  isAway(): boolean
  /** Somebody else has found the monitor away. */
  failed(): void
}

export interface KeptOptions<T> {
  /** Asks the monitor; rejects when it does not answer. */
  ask(): Promise<T>
  /** Told at the first failure after a success. */
  onFailure(error: unknown): void
  freshMs: number
  forgetMs: number
  now?: () => number
}

const PATIENCE_MS = 1_000
const AWAY_MS = 3_000

export function keep<T>({ ask, onFailure, freshMs, forgetMs, now = Date.now }: KeptOptions<T>): Kept<T> {
  let copy: T | undefined
  let readAt = Number.NEGATIVE_INFINITY
  let failedAt = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | undefined

  async function readNow(): Promise<void> {
    const at = now()
    try {
      copy = await ask()
      readAt = at
      failedAt = Number.NEGATIVE_INFINITY
    } catch (error) {
      if (failedAt === Number.NEGATIVE_INFINITY) onFailure(error)
      failedAt = now()
    }
  }

  const isAway = () => now() - failedAt < AWAY_MS
  return {
    async read() {
      if (now() - readAt > freshMs) {
        if (!isAway())
          reading ??= readNow().finally(() => {
            reading = undefined
          })
        // Whoever finds it a little old does not wait for a newer one.
        if (reading && failedAt === Number.NEGATIVE_INFINITY) await patiently(reading)
      }
      return now() - readAt > forgetMs ? undefined : copy
    },
    isAway,
    failed() {
      failedAt = now()
    },
  }
}

function patiently(work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PATIENCE_MS)
    void work.finally(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
