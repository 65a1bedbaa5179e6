import type { ClickHouseClient } from '@clickhouse/client'
import type { Rollup } from '../../wire/timeseries.js'
import type { FoldTask } from './fold-sql.js'
import { LEVELS, WEEK_MS } from './levels.js'
import { type LevelPlan, planLevel } from './plan.js'
import { readFolded, readTouched } from './records.js'

/** What one week holds and what of it is folded. Weeks hold whole buckets of every level, so each is looked at by itself. */
export interface Week {
  readonly touched: ReadonlyMap<number, number>
  /** Per level, in their order. */
  readonly folded: readonly Map<number, number>[]
}

export type Floors = Readonly<Partial<Record<Rollup, number>>>

/**
 * Reads a week. `known`: what it was touched by when it was read last, which holds but for the `changed` days (their
 * starts): so a day's record of inserts is not read again for every look at its week.
 */
export async function readWeek(
  client: ClickHouseClient,
  start: number,
  {
    known,
    changed,
    signal,
  }: { known?: ReadonlyMap<number, number>; changed?: Iterable<number>; signal?: AbortSignal } = {},
): Promise<Week> {
  const touched = new Map(known)
  const days = known === undefined ? [start] : [...(changed ?? [])].sort((a, b) => a - b)
  if (days.length > 0) {
    const end = known === undefined ? start + WEEK_MS : (days.at(-1) as number) + DAY
    // In this order: what is folded may grow in between, what was touched is then less than it, never more.
    for (const [stamp, count] of await readTouched(client, days[0] as number, end, signal))
      touched.set(stamp, count)
  }
  const folded = await readFolded(client, start, start + WEEK_MS, signal)
  return { touched, folded }
}

const DAY = 86_400_000

export interface WeekOptions {
  readonly floors: Floors
  readonly closedBefore: number
  /** Folds, and says whether it did; without it the week is only looked at. */
  readonly fold?: (task: FoldTask) => Promise<boolean>
}

/** Plans and folds level by level: a coarser one is planned from what the finer ones are by then. */
export async function foldWeek(
  { touched, folded }: Week,
  { floors, closedBefore, fold }: WeekOptions,
): Promise<LevelPlan[]> {
  const plans: LevelPlan[] = []
  let source: ReadonlyMap<number, number> = touched
  let sourceUnfolded: ReadonlySet<number> = new Set()
  for (const [i, level] of LEVELS.entries()) {
    const mine = folded[i] as Map<number, number>
    const state = {
      level,
      source,
      sourceUnfolded,
      folded: mine,
      floor: floors[level.from] ?? 0,
      closedBefore,
    }
    let plan = planLevel(state)
    if (fold !== undefined && plan.tasks.length > 0) {
      for (const task of plan.tasks) {
        if (!(await fold(task))) continue
        task.stamps.forEach((stamp, b) => {
          mine.set(stamp, task.versions[b] as number)
        })
      }
      plan = planLevel(state)
    }
    plans.push(plan)
    source = mine
    sourceUnfolded = plan.unfolded
  }
  return plans
}
