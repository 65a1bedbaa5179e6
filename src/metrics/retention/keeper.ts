import type { ClickHouseClient } from '@clickhouse/client'
import type { BaseLogger } from 'pino'
import type { Dropped } from '../../wire/retention.js'
import type { Rollup } from '../../wire/timeseries.js'
import { ONE_SERVER, type Placement } from '../cluster/placement.js'
import { LEVELS } from '../rollup/levels.js'
import type { Floors } from '../rollup/week.js'
import { JUMP_MS, retentionTime } from './clock.js'
import { readDisk, readRetained, tableOf } from './partitions.js'
import { type Drop, planDrops } from './plan.js'
import type { RetentionMetrics } from './self-metrics.js'
import { readState, type StoredState, writeState } from './state.js'

export interface KeeperOptions {
  client: () => ClickHouseClient
  logger: BaseLogger
  metrics: RetentionMetrics
  /** Whether all of the time is rolled up into the next level: see `Folder.isFolded`. */
  isFolded: (level: Rollup, from: number, to: number) => Promise<boolean>
  /** Told of what was dropped: all of a level before `to`. */
  onDropped?: (level: Rollup, to: number) => void
  now?: () => number
  monotonic?: () => number
  signal?: AbortSignal
  placement?: Placement
}

export interface Keeper {
  readonly floors: Floors
  /** What the last passes of this monitor have dropped, newest first. */
  readonly dropped: readonly Dropped[]
  /** The retention's time, milliseconds; undefined before the first look. */
  readonly time: number | undefined
  /** It looks after the connected shard of a cluster alone: the others have monitors of their own. */
  readonly isLocal: boolean
  /** Reads what the monitors agree on. */
  read(): Promise<void>
  /** Drops what is due. */
  pass(): Promise<void>
  /** Another monitor drops from now on. */
  rest(): void
}

const REMEMBERED = 50
const STORE_TIME_EVERY_MS = 300_000

export function createKeeper(options: KeeperOptions): Keeper {
  const { client, logger, metrics, isFolded, onDropped, signal, placement = ONE_SERVER } = options
  const isLocal = placement.cluster !== undefined && !placement.everywhere
  // What another monitor dropped elsewhere is not known here, so a shard of its own has no use for the others' parts.
  const looked = isLocal ? { ...placement, perShard: ONE_SERVER.perShard } : placement
  const { now = Date.now, monotonic = () => performance.now() } = options
  let floors: Floors = {}
  let clock: { time: number; at: number } | undefined
  let warnedAt = Number.NEGATIVE_INFINITY
  const dropped: Dropped[] = []

  async function read(): Promise<StoredState> {
    const stored = await readState(client(), logger)
    floors = stored.floors
    return stored
  }

  async function pass(): Promise<void> {
    const stored = await read()
    const at = monotonic()
    const before = clock?.time ?? stored.time
    const time = retentionTime(before, clock === undefined ? 0 : at - clock.at, now())
    clock = { time, at }
    if (stored.time === undefined || Math.abs(time - stored.time) >= STORE_TIME_EVERY_MS)
      await writeState(client(), 'time', time)
    if (now() - time > JUMP_MS && at - warnedAt > 3_600_000) {
      warnedAt = at
      logger.warn(
        { timeOfDay: new Date(now()).toISOString(), retentionTime: new Date(time).toISOString() },
        'retention: the time of day is far ahead of what it was when data was last dropped (a jump of the clock, or a long pause); old data is dropped slowly until that is caught up with. If the clock is wrong, set it right',
      )
    }
    const [partitions, disk] = await Promise.all([
      readRetained(client(), signal, looked),
      readDisk(client(), signal, looked),
    ])
    for (const each of planDrops({ partitions, settings: stored.settings, disk, time })) {
      signal?.throwIfAborted()
      await carryOut(each)
    }
  }

  async function carryOut({ partition, reason }: Drop): Promise<void> {
    const { level, id, from, to, rows, bytes } = partition
    const what = {
      level,
      reason,
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      rows,
      bytes,
    }
    if (!(await isFolded(level, from, to))) {
      logger.info(what, 'retention: a partition is due, and waits until it is rolled up')
      return
    }
    // Before the drop: what comes late for this time must not replace what was folded from all of it.
    await raiseFloor(level, to)
    await client().command({
      query: `ALTER TABLE ${placement.target(tableOf(level))} DROP PARTITION ID {id: String}`,
      query_params: { id },
      clickhouse_settings: { max_partition_size_to_drop: '0' },
      ...(signal && { abort_signal: signal }),
    })
    onDropped?.(level, to)
    dropped.unshift({ level, reason, from: what.from, to: what.to, bytes })
    dropped.length = Math.min(dropped.length, REMEMBERED)
    metrics.dropped(level, reason, bytes)
    logger.info(what, 'retention: dropped a partition')
  }

  async function raiseFloor(level: Rollup, to: number): Promise<void> {
    // Buckets are stamped with their end: the time of those that are left begins a bucket earlier.
    const floor = to - (LEVELS.find(({ name }) => name === level)?.ms ?? 0)
    // Another monitor that takes itself for the only one may have raised that of another level.
    await read()
    if (floor <= (floors[level] ?? 0)) return
    floors = { ...floors, [level]: floor }
    await writeState(client(), 'floors', floors)
  }

  return {
    get floors() {
      return floors
    },
    dropped,
    get time() {
      return clock?.time
    },
    async read() {
      await read()
    },
    isLocal,
    pass,
    rest() {
      clock = undefined
    },
  }
}
