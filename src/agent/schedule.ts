/**
 * When rounds happen: on a grid of wall-clock times `k · interval + phase`, so that stamps are regular to the millisecond
 * (which is what lets a column of them compress to next to nothing) and do not drift. `phase` differs from host to host so
 * that a cluster's agents do not all send at once.
 */
export interface Grid {
  intervalMs: number
  /** From 0 to `intervalMs`, exclusive. */
  phaseMs: number
}

/** Phase of a host: whole seconds where the interval is whole seconds, spread evenly over hosts. */
export function phaseOf(hostId: string, intervalMs: number): number {
  let hash = 2166136261
  for (let i = 0; i < hostId.length; i++) hash = Math.imul(hash ^ hostId.charCodeAt(i), 16777619) >>> 0
  // FNV-1a's low bits mix badly for short keys.
  hash = Math.imul(hash ^ (hash >>> 15), 2246822519) >>> 0
  const step = intervalMs % 1000 === 0 ? 1000 : 1
  return (hash % Math.max(1, Math.floor(intervalMs / step))) * step
}

/** The first point of the grid that is not before `soonest`. */
export function nextTick({ intervalMs, phaseMs }: Grid, soonest: number): number {
  return Math.ceil((soonest - phaseMs) / intervalMs) * intervalMs + phaseMs
}

/**
 * The time of the round after one that started at `started` and ended at `now`. At least a quarter of the interval lies
 * between two rounds, so that one off the grid (the first, one after a suspend or after the clock was set) is not followed
 * by another at once.
 */
export function nextRound(grid: Grid, started: number, now: number): number {
  const soonest = started + grid.intervalMs / 4
  // A clock that was set back during the round must not make us wait for the old time.
  return nextTick(grid, started > now ? now : Math.max(now, soonest))
}

/**
 * The stamp of a round that starts at `now`: the nearest point of the grid if it is near (a timer is always a little late),
 * otherwise the second in which the round starts.
 */
export function stampOf({ intervalMs, phaseMs }: Grid, now: number): number {
  const nearest = Math.round((now - phaseMs) / intervalMs) * intervalMs + phaseMs
  if (Math.abs(now - nearest) <= Math.min(1000, intervalMs / 4)) return nearest
  return Math.floor((now + EARLY_MS) / 1000) * 1000
}

/** Timers may fire this early. */
const EARLY_MS = 20

export interface Schedule {
  /** Ends it; resolves when the round under way is over. May be called twice. */
  stop(): Promise<void>
}

/** Longest sleep: a clock that is set back or forth is noticed after this time at the latest. */
const MAX_SLEEP_MS = 60_000

/**
 * Calls `round` at the next whole second and then on the grid, never two at a time: a round that takes longer than the
 * interval costs the points that it covers, and `skipped` gets their number. What `round` throws goes to `failed`. (Not at
 * once: a process that is started again in the same second would give its first round the stamp of its forerunner's last.)
 */
export function startSchedule(
  grid: Grid,
  round: (stamp: number) => Promise<void>,
  { failed, skipped }: { failed: (error: unknown) => void; skipped: (count: number) => void },
): Schedule {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let running = Promise.resolve()

  async function run() {
    const started = Date.now()
    const began = performance.now()
    try {
      await round(stampOf(grid, started))
    } catch (error) {
      failed(error)
    }
    const missed = Math.floor((performance.now() - began) / grid.intervalMs)
    if (missed > 0) skipped(missed)
    sleep(nextRound(grid, started, Date.now()))
  }

  function sleep(until: number) {
    if (stopped) return
    const wake = () => {
      const now = Date.now()
      // Not there yet (a long interval, or the clock was set back): sleep on, but never past the next point of the grid.
      if (now < until - EARLY_MS) sleep(Math.min(until, nextTick(grid, now)))
      else running = run()
    }
    timer = setTimeout(wake, Math.min(MAX_SLEEP_MS, Math.max(0, until - Date.now())))
  }

  sleep(Math.floor(Date.now() / 1000) * 1000 + 1000)
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
