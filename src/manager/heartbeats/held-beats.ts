/** Beats whose answers wait until there is something to tell. */
export interface HeldBeats {
  /** Until the host (by `host.id`) is woken, `ms` are over, or the agent has hung up. */
  hold(id: number, ms: number, signal: AbortSignal | undefined): Promise<void>
  isHeld(id: number): boolean
  wake(id: number): void
  wakeAll(): void
}

export function createHeldBeats(): HeldBeats {
  const waiters = new Map<number, Set<() => void>>()

  function wake(id: number): void {
    for (const each of [...(waiters.get(id) ?? [])]) each()
  }

  return {
    hold(id, ms, signal) {
      return new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer)
          const all = waiters.get(id)
          if (all?.delete(done) && all.size === 0) waiters.delete(id)
          signal?.removeEventListener('abort', done)
          resolve()
        }
        const timer = setTimeout(done, ms)
        let all = waiters.get(id)
        if (!all) waiters.set(id, (all = new Set()))
        all.add(done)
        signal?.addEventListener('abort', done, { once: true })
        if (signal?.aborted) done()
      })
    },
    isHeld: (id) => (waiters.get(id)?.size ?? 0) > 0,
    wake,
    wakeAll() {
      for (const id of [...waiters.keys()]) wake(id)
    },
  }
}
