/** Counts what is under way, so that a stop can wait for it. */
export interface Work {
  readonly stopping: boolean
  begin(): void
  end(): void
  /** Resolves when nothing is under way any more. May be called twice. */
  stop(): Promise<void>
}

export function createWork(): Work {
  let underWay = 0
  let stopping = false
  let idle: () => void = () => undefined
  const ended = new Promise<void>((resolve) => {
    idle = resolve
  })
  const check = () => {
    if (stopping && underWay === 0) idle()
  }
  return {
    get stopping() {
      return stopping
    },
    begin() {
      underWay++
    },
    end() {
      underWay--
      check()
    },
    stop() {
      stopping = true
      check()
      return ended
    },
  }
}
