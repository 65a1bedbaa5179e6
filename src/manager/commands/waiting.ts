import type { Core } from '../core.js'
import type { HostState, ProcessState, Runtime } from '../heartbeats/index.js'

export type WaitEnd =
  | { readonly end: 'reached'; readonly process: ProcessState }
  | { readonly end: 'timeout' | 'silent' | 'gone' }

export interface Waiting {
  /**
   * Waits until a process is as asked. Ends as well after `timeoutMs`, when its host has not been heard of for too long, and
   * when the process is gone. Rejects when the signal is aborted.
   */
  until(
    processId: number,
    reached: (process: ProcessState) => boolean,
    options: { timeoutMs: number; signal: AbortSignal },
  ): Promise<WaitEnd>
  stop(): void
}

/** Hosts are given this much time after a change of managers before their silence counts. */
export function createWaiting(
  runtime: Runtime,
  options: { silentMs: () => number; now?: () => number; logger: Core['logger'] },
): Waiting {
  const now = options.now ?? Date.now
  const began = now()
  const waiters = new Map<number, Set<() => void>>()
  const off = runtime.onProcess((process) => {
    for (const each of [...(waiters.get(process.id) ?? [])]) each()
  })
  // Silence and time-outs are no events: they are looked for.
  const timer = setInterval(() => {
    for (const all of [...waiters.values()]) for (const each of [...all]) each()
  }, 1_000)
  timer.unref()

  const isSilent = (host: HostState | undefined) =>
    now() - Math.max(host?.lastHeartbeat ?? 0, began) > options.silentMs()

  return {
    until(processId, reached, { timeoutMs, signal }) {
      const deadline = now() + timeoutMs
      return new Promise((resolve, reject) => {
        const look = (): WaitEnd | undefined => {
          const process = runtime.process(processId)
          if (!process) return { end: 'gone' }
          if (reached(process)) return { end: 'reached', process }
          if (isSilent(runtime.host(process.hostId))) return { end: 'silent' }
          return now() > deadline ? { end: 'timeout' } : undefined
        }
        const stop = () => {
          waiters.get(processId)?.delete(check)
          if (waiters.get(processId)?.size === 0) waiters.delete(processId)
          signal.removeEventListener('abort', onAbort)
        }
        const check = () => {
          const end = look()
          if (!end) return
          stop()
          resolve(end)
        }
        const onAbort = () => {
          stop()
          reject(signal.reason)
        }
        let all = waiters.get(processId)
        if (!all) waiters.set(processId, (all = new Set()))
        all.add(check)
        signal.addEventListener('abort', onAbort, { once: true })
        if (signal.aborted) onAbort()
        else check()
      })
    },
    stop() {
      clearInterval(timer)
      off()
    },
  }
}
