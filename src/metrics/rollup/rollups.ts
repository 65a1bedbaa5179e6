import { setTimeout as sleep } from 'node:timers/promises'
import type { BaseLogger } from 'pino'
import type { Registry } from 'prom-client'
import type { Rollup } from '../../wire/timeseries.js'
import { createKeeper, type Keeper } from '../retention/keeper.js'
import { createRetentionMetrics, NO_RETENTION_METRICS } from '../retention/self-metrics.js'
import type { Store } from '../store.js'
import { createFolder, type Folder, type StampRun } from './folder.js'
import { createLeader } from './leader.js'
import type { FoldedLevel } from './levels.js'
import { createRollupMetrics, NO_ROLLUP_METRICS } from './self-metrics.js'

export interface RollupTuning {
  /** How often is looked for what is to be folded, milliseconds; 0: only when `pass` is called. */
  everyMs: number
  /** How long after its end a bucket is folded, milliseconds: samples on their way still get in. */
  closeDelayMs: number
  /** How often is looked for what is to be dropped, milliseconds. */
  retentionMs: number
  /** How long a monitor counts as alive after it was last seen, milliseconds. */
  leaseMs: number
  /** Longest pass over old weeks before the newest one is looked at again, milliseconds. */
  passMs: number
  /** Folding again for late samples takes at most this part of the time. */
  refoldShare: number
}

export const DEFAULT_ROLLUP_TUNING: Readonly<RollupTuning> = {
  everyMs: 15_000,
  closeDelayMs: 60_000,
  retentionMs: 60_000,
  leaseMs: 60_000,
  passMs: 60_000,
  refoldShare: 0.1,
}

export interface RollupOptions {
  store: Pick<Store, 'client'> & Partial<Pick<Store, 'hot' | 'placement'>>
  logger: BaseLogger
  registry?: Registry
  signal?: AbortSignal
  tuning?: Partial<RollupTuning>
  /** Time of day, milliseconds. */
  now?: () => number
}

export interface Rollups {
  /**
   * Buckets with stamps in [from, to] that may have samples but no rollup yet: compute those from the samples, all others
   * are in the level's table. Runs of neighbours, first and last stamp, ascending; usually the newest bucket or none.
   */
  unfolded(level: FoldedLevel, from: number, to: number): StampRun[]
  /** Before which time the level's data has been dropped, milliseconds since the epoch; 0: none has. */
  keptSince(level: Rollup): number
  /** Age of the oldest closed bucket that waits for its rollup, milliseconds. */
  lag(level: FoldedLevel): number
  readonly retention: Pick<Keeper, 'dropped' | 'time' | 'floors'>
  /** Whether this monitor is the one that folds and drops. */
  readonly isLeader: boolean
  /** Folds and drops what is due, now. Rejects when the store does; what is left is done by the next pass. */
  pass(): Promise<void>
  /** Ends; what is being folded is folded again by the next monitor. May be called twice. */
  stop(): Promise<void>
}

/**
 * Keeps the rollups of a store up to date and drops what is too old, from now until `stop`.
 *
 *     const rollups = startRollups({ store, logger, registry })
 *     rollups.unfolded('HOURLY', from, to) // [] or the newest hour
 */
export function startRollups(options: RollupOptions): Rollups {
  const { store, logger, registry, now = Date.now } = options
  const tuning = { ...DEFAULT_ROLLUP_TUNING, ...options.tuning }
  const stopping = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, stopping.signal]) : stopping.signal
  const client = () => store.client
  const leader = createLeader(client, tuning.leaseMs)
  let isLeader = false
  let retainedAt = Number.NEGATIVE_INFINITY
  const lag = (level: FoldedLevel) => folder.lag(level)
  const metrics = registry
    ? createRollupMetrics(registry, { lag, isLeader: () => isLeader })
    : NO_ROLLUP_METRICS
  const retentionMetrics = registry ? createRetentionMetrics(registry) : NO_RETENTION_METRICS
  const keeper = createKeeper({
    client,
    logger,
    metrics: retentionMetrics,
    isFolded: (level, from, to) => folder.isFolded(level, from, to),
    onDropped(level, to) {
      if (level === 'RAW') store.hot?.dropBefore(to)
    },
    now,
    signal,
    ...(store.placement && { placement: store.placement }),
  })
  const { closeDelayMs, passMs, refoldShare } = tuning
  const folder: Folder = createFolder({
    client,
    logger,
    metrics,
    floors: () => keeper.floors,
    closeDelayMs,
    passMs,
    refoldShare,
    now,
    signal,
    ...(store.placement && { placement: store.placement }),
  })

  /** False: there is more to be folded at once. */
  async function pass(everything: boolean): Promise<boolean> {
    const led = isLeader
    isLeader = await leader.beat()
    const due = everything || led !== isLeader || performance.now() - retainedAt >= tuning.retentionMs
    // What has been dropped must be known before anything is folded.
    if (due) await keeper.read()
    try {
      return await folder.pass(isLeader)
    } finally {
      // Also when folding fails: a full disk must not keep what makes room from being dropped.
      // Where statements cannot be run on all shards at once each monitor drops from its own.
      if (!isLeader && !keeper.isLocal) keeper.rest()
      else if (due) await keeper.pass()
      if (due) retainedAt = performance.now()
    }
  }

  async function beat(): Promise<void> {
    while (!signal.aborted) {
      await sleep(tuning.leaseMs / 3, undefined, { signal, ref: false }).catch(() => undefined)
      if (!signal.aborted) await leader.beat().catch(() => undefined)
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      let wait = tuning.everyMs
      try {
        if (!(await pass(false))) wait = 0
      } catch (error) {
        if (signal.aborted) break
        metrics.failed()
        logger.warn({ err: error }, 'rollups: a pass failed; it is tried again')
      }
      await sleep(wait, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }

  const running = tuning.everyMs > 0 ? Promise.all([run(), beat()]) : Promise.resolve()
  let stopped: Promise<void> | undefined
  return {
    unfolded: folder.unfolded,
    keptSince: (level) => keeper.floors[level] ?? 0,
    lag,
    retention: keeper,
    get isLeader() {
      return isLeader
    },
    async pass() {
      while (!(await pass(true))) signal.throwIfAborted()
    },
    stop() {
      stopped ??= (async () => {
        stopping.abort()
        await running
        await leader.leave().catch(() => undefined)
      })()
      return stopped
    },
  }
}
