export interface Lane {
  (work: () => Promise<void>): Promise<void>
  /** Resolves when nothing of it is under way any more. */
  idle(): Promise<void>
}

/** Runs at most `width` pieces of work at a time, in the order they came. */
export function createLane(width: number): Lane {
  const waiting: (() => void)[] = []
  const under = new Set<Promise<void>>()
  const lane = async (work: () => Promise<void>) => {
    if (under.size >= width) await new Promise<void>((resolve) => waiting.push(resolve))
    const running = work().finally(() => {
      under.delete(running)
      waiting.shift()?.()
    })
    under.add(running)
    await running
  }
  return Object.assign(lane, {
    async idle() {
      while (under.size > 0) await Promise.allSettled([...under])
    },
  })
}
