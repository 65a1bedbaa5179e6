import { monotonic } from './collector.js'
import type { FileSystemStats, StatFs } from './statfs.js'

export interface Probe {
  answers: Map<string, FileSystemStats>
  /** Those that did not answer in time, in this round or an earlier one. */
  hung: string[]
}

export interface ProberOptions {
  statfs: StatFs
  /** How long all of them may take together before they are asked one by one; milliseconds. */
  batchTimeoutMs?: number
  /** How long one of them may take before it counts as hung; milliseconds. */
  singleTimeoutMs?: number
  /** Calls that may be left without an answer at one time; beyond it no hung one is asked again. */
  maxOutstanding?: number
  /** A hung one is asked again after this time, twice as long after each failure, at most five minutes; milliseconds. */
  retryMs?: number
}

const PARALLEL = 8
const RETRY_MAX_MS = 300_000

/**
 * Asks file systems without ever waiting long for one that hangs. A new one is asked by itself, those that have answered
 * before in one call. If that does not return, each is asked by itself, and those that do not answer are put aside: asked
 * again now and then in the background, never with more than one call outstanding, and taken back when they answer.
 */
export function createProber(options: ProberOptions) {
  const {
    statfs,
    batchTimeoutMs = 2000,
    singleTimeoutMs = 1000,
    maxOutstanding = 32,
    retryMs = 10_000,
  } = options
  const hung = new Map<string, { outstanding: boolean; failures: number; nextAt: number }>()
  /** Came back when they were last asked; only they are asked together, so that a new mount cannot harm the others. */
  const proven = new Set<string>()
  const aborts = new Set<AbortController>()

  /** The answers, or undefined after the time; the call itself may go on. */
  async function ask(mountpoints: string[], timeoutMs: number, settled?: () => void) {
    const abort = new AbortController()
    aborts.add(abort)
    const call = statfs(mountpoints, abort.signal).finally(() => {
      aborts.delete(abort)
      settled?.()
    })
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), timeoutMs)
    })
    try {
      const answers = await Promise.race([call, late])
      if (!answers) abort.abort()
      return answers
    } finally {
      clearTimeout(timer)
      call.catch(() => {})
    }
  }

  async function askHung(mountpoint: string) {
    const state = hung.get(mountpoint)!
    state.outstanding = true
    const answers = await ask([mountpoint], singleTimeoutMs, () => {
      state.outstanding = false
    }).catch(() => undefined)
    if (answers) {
      hung.delete(mountpoint)
      proven.add(mountpoint)
    } else putAside(mountpoint, state.failures + 1)
  }

  function putAside(mountpoint: string, failures: number) {
    const state = hung.get(mountpoint) ?? { outstanding: false, failures, nextAt: 0 }
    proven.delete(mountpoint)
    state.failures = failures
    state.nextAt = monotonic() + Math.min(RETRY_MAX_MS, retryMs * 2 ** (failures - 1))
    hung.set(mountpoint, state)
    return state
  }

  async function askOneByOne(mountpoints: string[], answers: Map<string, FileSystemStats>) {
    const deadline = monotonic() + 4 * singleTimeoutMs
    const queue = [...mountpoints]
    const worker = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        // What is not reached in time is asked in the next round, then without those that hang.
        if (monotonic() >= deadline || aborts.size >= maxOutstanding) return
        const mountpoint = next
        let unanswered = true
        const got = await ask([mountpoint], singleTimeoutMs, () => {
          unanswered = false
          const state = hung.get(mountpoint)
          if (state) state.outstanding = false
        })
        for (const [path, stats] of got ?? []) answers.set(path, stats)
        if (got) proven.add(mountpoint)
        else putAside(mountpoint, 1).outstanding = unanswered
      }
    }
    await Promise.all(Array.from({ length: PARALLEL }, worker))
  }

  return {
    /** Resolves within `batchTimeoutMs` and some `singleTimeoutMs`. Rejects if `statfs` itself cannot be had. */
    async probe(mountpoints: string[]): Promise<Probe> {
      const wanted = new Set(mountpoints)
      for (const mountpoint of proven) if (!wanted.has(mountpoint)) proven.delete(mountpoint)
      for (const [mountpoint, state] of hung) {
        if (!wanted.has(mountpoint)) {
          if (!state.outstanding) hung.delete(mountpoint)
        } else if (!state.outstanding && state.nextAt <= monotonic() && aborts.size < maxOutstanding)
          void askHung(mountpoint)
      }
      const healthy = mountpoints.filter((mountpoint) => !hung.has(mountpoint))
      const together = healthy.filter((mountpoint) => proven.has(mountpoint))
      const alone = healthy.filter((mountpoint) => !proven.has(mountpoint))
      const answers = new Map<string, FileSystemStats>()
      if (together.length > 0 && aborts.size < maxOutstanding + PARALLEL) {
        const got = await ask(together, batchTimeoutMs)
        for (const [path, stats] of got ?? []) answers.set(path, stats)
        if (!got) await askOneByOne(together, answers)
      }
      if (alone.length > 0) await askOneByOne(alone, answers)
      return { answers, hung: mountpoints.filter((mountpoint) => hung.has(mountpoint)) }
    },
    /** Gives up on every call that is outstanding. */
    stop() {
      for (const abort of aborts) abort.abort()
    },
  }
}
