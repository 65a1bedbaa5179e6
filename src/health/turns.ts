export interface Turns {
  /** The next turn comes in `ms` milliseconds at the latest. */
  plan(ms: number): void
  stop(): void
}

/** A turn every `pauseMs` milliseconds after the end of the last one, or sooner. `turn` never rejects. */
export function createTurns(turn: () => Promise<void>, pauseMs: number, now: () => number): Turns {
  let timer: NodeJS.Timeout | undefined
  let due = 0
  let isStopped = false

  function plan(ms: number): void {
    if (isStopped) return
    const at = now() + ms
    if (timer !== undefined && due <= at) return
    clearTimeout(timer)
    due = at
    timer = setTimeout(() => {
      timer = undefined
      void turn().finally(() => plan(pauseMs))
    }, ms)
    timer.unref()
  }

  return {
    plan,
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}
