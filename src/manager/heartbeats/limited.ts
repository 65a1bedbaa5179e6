export class BusyError extends Error {}

/** Runs at most `limit` at a time; throws `BusyError` when too many wait. */
export function limited(limit: number, most: number) {
  let running = 0
  const queue: (() => void)[] = []
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= limit) {
      if (queue.length >= most) throw new BusyError('Too many agents ask for their desired state at once.')
      await new Promise<void>((resolve) => queue.push(resolve))
    }
    running++
    try {
      return await work()
    } finally {
      running--
      queue.shift()?.()
    }
  }
}
