import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { BaseLogger } from 'pino'
import type { LevelState, RetentionAnswer } from '../../wire/retention.js'
import type { ErrorBody, Rollup } from '../../wire/timeseries.js'
import { readBlocks } from '../native/client.js'
import { LEVELS } from '../rollup/levels.js'
import type { Rollups } from '../rollup/rollups.js'
import { TABLES } from '../schema/tables.js'
import type { Store } from '../store.js'
import { readDisk, readRetained, tableOf } from './partitions.js'
import { changeSettings, RetentionSettingsError, ROLLUPS } from './settings.js'
import { readState, writeState } from './state.js'

export interface RetentionApiOptions {
  store: Pick<Store, 'client'> & Partial<Pick<Store, 'placement'>>
  rollups: Pick<Rollups, 'lag' | 'retention' | 'isLeader'>
  logger: BaseLogger
}

export type { LevelState, RetentionAnswer }

const MOST_BODY_BYTES = 16_384

/**
 * Reading and changing how long each level is kept:
 *
 *     GET  /api/v45/timeseries/retention
 *     PUT  /api/v45/timeseries/retention {"levels":{"RAW":{"keepSeconds":604800,"maxBytes":null}},"minFreeShare":0.1}
 *
 * A PUT names what it changes; both answer with the state, a `RetentionAnswer`. 400 says what is wrong with a change.
 */
export function createRetentionApi({ store, rollups, logger }: RetentionApiOptions): Hono {
  const app = new Hono()
  const path = '/api/:version{v[0-9]{1,3}}/timeseries/retention'

  app.get(path, async (c) => c.json<RetentionAnswer>(await answer()))
  app.put(
    path,
    bodyLimit({
      maxSize: MOST_BODY_BYTES,
      onError: (c) => c.json(problem(`The body is larger than ${MOST_BODY_BYTES} bytes.`), 413),
    }),
    async (c) => {
      const change: unknown = await c.req.json().catch(() => undefined)
      const { settings } = await readState(store.client, logger)
      const changed = changeSettings(settings, change)
      await writeState(store.client, 'settings', changed)
      logger.info({ settings: changed }, 'retention: the settings were changed')
      return c.json<RetentionAnswer>(await answer())
    },
  )
  app.onError((error, c) => {
    if (error instanceof RetentionSettingsError) return c.json(problem(error.message), 400)
    logger.warn({ err: error }, 'retention: a request failed')
    return c.json<ErrorBody>(
      {
        message: 'The metrics database does not answer; the log of the monitor says why.',
        code: 'STORE_UNAVAILABLE',
      },
      503,
    )
  })

  async function answer(): Promise<RetentionAnswer> {
    const client = store.client
    const [{ settings, floors, time }, partitions, disk, folds] = await Promise.all([
      readState(client, logger),
      readRetained(client, undefined, store.placement),
      readDisk(client, undefined, store.placement),
      lastFolds(),
    ])
    const spans = await Promise.all(ROLLUPS.map((level) => span(level)))
    const levels = ROLLUPS.map((level, i): LevelState => {
      const mine = partitions.filter((partition) => partition.level === level)
      const folded = level === 'RAW' ? undefined : folds.get(level)
      return {
        level,
        ...settings.levels[level],
        rows: mine.reduce((sum, { rows }) => sum + rows, 0),
        bytes: mine.reduce((sum, { bytes }) => sum + bytes, 0),
        partitions: mine.length,
        oldest: iso(spans[i]?.[0]),
        newest: iso(spans[i]?.[1]),
        droppedBefore: iso(floors[level]),
        lagSeconds: level === 'RAW' ? null : Math.round(rollups.lag(level) / 1000),
        lastFold: folded ?? null,
      }
    })
    return {
      levels,
      minFreeShare: settings.minFreeShare,
      disk,
      retentionTime: iso(rollups.retention.time ?? time),
      leader: rollups.isLeader,
      dropped: rollups.retention.dropped,
    }
  }

  /** Answered from what the database knows of its parts; no rows are read. */
  async function span(level: Rollup): Promise<[number, number] | undefined> {
    let result: [number, number] | undefined
    await readBlocks(
      store.client,
      `SELECT min(ts), max(ts), count() FROM ${tableOf(level)}`,
      ({ rows, columns }) => {
        const [from, to, count] = columns.map(({ values }) => values[0] as number)
        if (rows > 0 && count! > 0) result = [from!, to!]
      },
    )
    return result
  }

  async function lastFolds(): Promise<Map<Rollup, NonNullable<LevelState['lastFold']>>> {
    const result = new Map<Rollup, NonNullable<LevelState['lastFold']>>()
    await readBlocks(
      store.client,
      `SELECT level, max(folded), argMax(stamp, folded), toFloat64(argMax(seconds, folded)) FROM ${TABLES.rollupFolds} GROUP BY level`,
      ({ rows, columns }) => {
        const [id, time, stamp, seconds] = columns.map(({ values }) => values as Float64Array)
        for (let i = 0; i < rows; i++) {
          const level = LEVELS.find((each) => each.id === id![i])
          if (level)
            result.set(level.name, { time: iso(time![i])!, stamp: iso(stamp![i])!, seconds: seconds![i]! })
        }
      },
    )
    return result
  }

  return app
}

const iso = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString())
const problem = (message: string): ErrorBody => ({ message, code: 'BAD_REQUEST' })
