import type { ClickHouseClient } from '@clickhouse/client'
import type { BaseLogger } from 'pino'
import type { Rollup } from '../../wire/timeseries.js'
import { ONE_SERVER, type Placement } from '../cluster/placement.js'
import { FOLD_SETTINGS, type FoldTask, foldSql } from './fold-sql.js'
import { type FoldedLevel, LEVELS, WEEK_MS, weekStart } from './levels.js'
import { stampRuns } from './plan.js'
import { readPartitions, writeFolded } from './records.js'
import type { RollupMetrics } from './self-metrics.js'
import { type Floors, foldWeek, readWeek } from './week.js'

export interface FolderOptions {
  client: () => ClickHouseClient
  logger: BaseLogger
  metrics: RollupMetrics
  /** Before which time each level's data has been dropped. */
  floors: () => Floors
  /** How long after its end a bucket is folded, so that samples that are on their way are in it, milliseconds. */
  closeDelayMs: number
  /** Longest pass over old weeks before the newest one is looked at again, milliseconds. */
  passMs: number
  /** Folding again for late samples takes at most this part of the time. */
  refoldShare: number
  now?: () => number
  signal?: AbortSignal
  placement?: Placement
}

/** Stamps of neighbouring buckets, both inclusive. */
export type StampRun = readonly [first: number, last: number]

export interface Folder {
  /**
   * Looks for what came since the last pass and, where `fold` is true, folds what is closed. False: there is more that
   * could be done at once.
   */
  pass(fold: boolean): Promise<boolean>
  /** The buckets with stamps in [from, to] that no rollup has yet though there may be samples: read those from the samples. */
  unfolded(level: FoldedLevel, from: number, to: number): StampRun[]
  /**
   * Whether everything that the coarser level needs of the stamps (or, of samples, times) in [from, to) is folded; if not,
   * the next passes do it.
   */
  isFolded(source: Rollup, from: number, to: number): Promise<boolean>
  /** Age of the oldest closed bucket that is not folded, milliseconds; 0: none waits. */
  lag(level: FoldedLevel): number
}

interface KnownWeek {
  /** Per level; undefined: not looked at yet, so all of it. */
  unfolded: readonly (readonly StampRun[])[] | undefined
  /** By how many inserts each bucket was touched, when that was read last; undefined: not read yet. */
  touched: ReadonlyMap<number, number> | undefined
  /** Starts of days that have been inserted into since. */
  changed: Set<number>
}

export function createFolder(options: FolderOptions): Folder {
  const {
    client,
    logger,
    metrics,
    floors,
    closeDelayMs,
    passMs,
    refoldShare,
    now = Date.now,
    signal,
    placement = ONE_SERVER,
  } = options
  const partitions = new Map<string, number>()
  /** Weeks of which something is left to be done. */
  const weeks = new Map<number, KnownWeek>()
  /** Until when nothing is folded again, by the monotonic clock. */
  let refoldAfter = 0
  let looked = false

  async function findChanges(): Promise<void> {
    const found = await readPartitions(client(), signal, placement)
    for (const name of partitions.keys()) if (!found.has(name)) partitions.delete(name)
    for (const [name, number] of found) {
      if (partitions.get(name) === number) continue
      touch(weekStart(dayOf(name))).changed.add(dayOf(name))
      partitions.set(name, number)
    }
  }

  function touch(week: number): KnownWeek {
    // Of a week that was clean all is folded but for the newest: which is known after a look at it.
    const known = weeks.get(week) ?? {
      unfolded: looked ? [] : undefined,
      touched: undefined,
      changed: new Set(),
    }
    weeks.set(week, known)
    return known
  }

  async function pass(fold: boolean): Promise<boolean> {
    const started = performance.now()
    await findChanges()
    const current = now()
    let failure: unknown
    let done = true
    for (const week of [...weeks.keys()].sort((a, b) => b - a)) {
      signal?.throwIfAborted()
      // Of a sender's wrong clock: it is looked at when its time has come.
      if (week > current + WEEK_MS) continue
      if (performance.now() - started > passMs) {
        done = false
        break
      }
      try {
        await visit(week, fold)
      } catch (error) {
        signal?.throwIfAborted()
        failure ??= error
      }
    }
    looked = true
    if (failure !== undefined) throw failure
    return done
  }

  async function visit(start: number, fold: boolean): Promise<void> {
    const known = touch(start)
    const changed = [...known.changed]
    known.changed.clear()
    const week = await readWeek(client(), start, {
      changed,
      ...(known.touched && { known: known.touched }),
      ...(signal && { signal }),
    }).catch((error: unknown) => {
      for (const day of changed) known.changed.add(day)
      throw error
    })
    known.touched = week.touched
    const plans = await foldWeek(week, {
      floors: floors(),
      closedBefore: now() - closeDelayMs,
      ...(fold && { fold: execute }),
    })
    known.unfolded = plans.map((plan, i) => stampRuns(plan.unfolded, LEVELS[i]!.ms))
    if (!plans.some((plan) => plan.dirty)) weeks.delete(start)
  }

  async function execute(task: FoldTask): Promise<boolean> {
    signal?.throwIfAborted()
    if (!task.first && performance.now() < refoldAfter) return false
    const started = performance.now()
    const { summary } = await client().command({
      query: foldSql(task, placement),
      clickhouse_settings: FOLD_SETTINGS,
      ...(signal && { abort_signal: signal }),
    })
    const seconds = (performance.now() - started) / 1000
    const series = Number(summary?.written_rows ?? 0)
    await writeFolded(client(), task, { series, seconds })
    if (!task.first) refoldAfter = performance.now() + (seconds * 1000 * (1 - refoldShare)) / refoldShare
    metrics.folded(task.level.name, series, seconds)
    logger.debug(
      { level: task.level.name, stamp: task.stamps[0], buckets: task.stamps.length, series, seconds },
      'rollups: folded',
    )
    return true
  }

  function unfolded(level: FoldedLevel, from: number, to: number): StampRun[] {
    const i = LEVELS.findIndex(({ name }) => name === level)
    const { ms } = LEVELS[i]!
    const result: [number, number][] = []
    const add = (first: number, last: number) => {
      const clipped: [number, number] = [Math.max(first, from), Math.min(last, to)]
      if (clipped[0] <= clipped[1]) result.push(clipped)
    }
    if (!looked) return [[from, to]]
    for (const [start, known] of weeks)
      if (known.unfolded === undefined) add(start + ms, start + WEEK_MS)
      else for (const [first, last] of known.unfolded[i] ?? []) add(first, last)
    return result.sort((a, b) => a[0] - b[0])
  }

  return {
    pass,
    unfolded,
    async isFolded(source, from, to) {
      const i = LEVELS.findIndex((level) => level.from === source)
      const level = LEVELS[i]
      if (level === undefined) return true
      let clean = true
      for (let week = weekStart(from - 1); week < to; week += WEEK_MS) {
        const plans = await foldWeek(await readWeek(client(), week, signal && { signal }), {
          floors: floors(),
          closedBefore: Number.POSITIVE_INFINITY,
        })
        const { tasks, unfolded } = plans[i]!
        const waiting = [...tasks.flatMap(({ stamps }) => stamps), ...unfolded]
        if (!waiting.some((stamp) => stamp - level.ms < to && stamp >= from)) continue
        touch(week)
        clean = false
      }
      return clean
    },
    lag(level) {
      if (!looked) return 0
      const closed = now() - closeDelayMs
      const [first] = unfolded(level, 0, closed)
      return first === undefined ? 0 : Math.max(0, now() - first[0])
    },
  }
}

/** Start of the day that a partition of `samples` holds. */
const dayOf = (partition: string) =>
  Date.UTC(Number(partition.slice(0, 4)), Number(partition.slice(4, 6)) - 1, Number(partition.slice(6, 8)))
