import type { FoldTask } from './fold-sql.js'
import { bucketStart, type Level, WEEK_MS } from './levels.js'

/**
 * What has to be folded is decided by counting, not by clocks. The *version* of a bucket is how much it is folded from: of
 * the finest level the number of inserts that touched it, of a coarser one the sum of its finer buckets' versions. A
 * version only grows. A bucket is *dirty* when what there is now is more than what it was folded from; folding it again
 * replaces its rows. So a fold may run twice, be cut off, or run in two monitors at once: the rows of the highest version
 * stay, and they hold everything.
 */
export interface LevelState {
  readonly level: Level
  /** By stamp of the finer level's buckets (of samples: of the finest buckets), what there is now. */
  readonly source: ReadonlyMap<number, number>
  /** By stamp, from what each bucket was folded. */
  readonly folded: ReadonlyMap<number, number>
  /** Stamps of finer buckets that were never folded. */
  readonly sourceUnfolded: ReadonlySet<number>
  /** Before this time what the level is folded from has been dropped: buckets that were folded stay as they are. */
  readonly floor: number
  /** A bucket is closed when its end is before this time. */
  readonly closedBefore: number
}

export interface LevelPlan {
  readonly tasks: readonly FoldTask[]
  /** Stamps of buckets that have samples and were never folded. */
  readonly unfolded: ReadonlySet<number>
  /** Something is left to be done, now or when buckets are closed. */
  readonly dirty: boolean
}

const HOUR = 3_600_000
const DAY = 24 * HOUR

export function planLevel(state: LevelState): LevelPlan {
  const { level, source, folded, sourceUnfolded, floor, closedBefore } = state
  const needed = new Map<number, number>()
  for (const [child, version] of source) {
    const stamp = bucketStart(level, child - 1) + level.ms
    needed.set(stamp, (needed.get(stamp) ?? 0) + version)
  }
  const unfolded = new Set<number>()
  const blocked = new Set<number>()
  for (const child of sourceUnfolded) {
    const stamp = bucketStart(level, child - 1) + level.ms
    if (!folded.has(stamp)) unfolded.add(stamp)
    if (child <= closedBefore) blocked.add(stamp)
  }
  const ready: { stamp: number; version: number; first: boolean }[] = []
  let dirty = unfolded.size > 0
  for (const [stamp, version] of needed) {
    const before = folded.get(stamp)
    if (before === undefined) unfolded.add(stamp)
    else if (before >= version || stamp - level.ms < floor) continue
    dirty = true
    // A bucket that waits for a finer one is not folded twice for it; one that is folded already shows what there is.
    if (stamp <= closedBefore && !(before === undefined && blocked.has(stamp)))
      ready.push({ stamp, version, first: before === undefined })
  }
  return { tasks: tasksOf(level, ready), unfolded, dirty }
}

/**
 * One task for all that is close together (the finer rows of a day lie in the same parts), newest first: that is what people
 * look at.
 */
function tasksOf(level: Level, ready: { stamp: number; version: number; first: boolean }[]): FoldTask[] {
  ready.sort((a, b) => a.stamp - b.stamp)
  const tasks = new Map<string, { level: Level; stamps: number[]; versions: number[]; first: boolean }>()
  for (const { stamp, version, first } of ready) {
    const key = `${Math.floor((stamp - level.ms) / span(level))} ${first}`
    const task = tasks.get(key) ?? { level, stamps: [], versions: [], first }
    task.stamps.push(stamp)
    task.versions.push(version)
    tasks.set(key, task)
  }
  return [...tasks.values()].reverse()
}

/**
 * What one statement folds at most: a quarter of a day of samples (with a million series that takes two minutes), a day of
 * hours, a week of what is coarser.
 */
const span = (level: Level) => (level.ms > HOUR ? WEEK_MS : level.ms === HOUR ? DAY : DAY / 4)

/** Stamps as runs of neighbours, ascending: first and last stamp of each. */
export function stampRuns(stamps: Iterable<number>, ms: number): [first: number, last: number][] {
  const result: [number, number][] = []
  for (const stamp of [...stamps].sort((a, b) => a - b)) {
    const run = result.at(-1)
    if (run !== undefined && run[1] + ms === stamp) run[1] = stamp
    else result.push([stamp, stamp])
  }
  return result
}
