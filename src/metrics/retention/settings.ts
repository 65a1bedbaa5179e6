import type { LevelRetention } from '../../wire/retention.js'
import type { Rollup } from '../../wire/timeseries.js'

export type { LevelRetention }

export interface RetentionSettings {
  levels: Record<Rollup, LevelRetention>
  /** The part of the disk that is kept free, by dropping the oldest samples early; 0: nothing is dropped for it. */
  minFreeShare: number
}

export const ROLLUPS: readonly Rollup[] = ['RAW', 'TEN_MINUTELY', 'HOURLY', 'SIX_HOURLY', 'DAILY', 'WEEKLY']

const DAY = 86_400
const keep = (days: number): LevelRetention => ({ keepSeconds: days * DAY, maxBytes: null })

export const DEFAULT_RETENTION: Readonly<RetentionSettings> = {
  levels: {
    RAW: keep(30),
    TEN_MINUTELY: keep(90),
    HOURLY: keep(366),
    SIX_HOURLY: keep(2 * 366),
    DAILY: keep(5 * 366),
    WEEKLY: keep(10 * 366),
  },
  minFreeShare: 0.1,
}

const SHORTEST_S = DAY
const LONGEST_S = 200 * 366 * DAY
const LEAST_BYTES = 1024 ** 2

/** What somebody sent as settings is not what they can be; the message is for that person. */
export class RetentionSettingsError extends Error {
  override name = 'RetentionSettingsError'
}

const wrong = (message: string) => new RetentionSettingsError(message)

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Settings with a change applied. The change may name some of the levels and some of their settings only:
 *
 *     changeSettings(DEFAULT_RETENTION, { levels: { RAW: { keepSeconds: 7 * 86400 } } })
 *
 * Throws `RetentionSettingsError` for names it does not know, for values that cannot be, and where a coarser level would
 * be kept for less time than a finer one.
 */
export function changeSettings(settings: RetentionSettings, change: unknown): RetentionSettings {
  if (!isObject(change))
    throw wrong('The body has to be a JSON object such as {"levels":{"RAW":{"keepSeconds":2592000}}}.')
  const result = structuredClone(settings)
  for (const [name, value] of Object.entries(change)) {
    if (name === 'minFreeShare') result.minFreeShare = share(value)
    else if (name === 'levels') changeLevels(result, value)
    else throw wrong(`There is no setting ${quote(name)}; there are levels and minFreeShare.`)
  }
  checkOrder(result)
  return result
}

function changeLevels(settings: RetentionSettings, levels: unknown): void {
  if (!isObject(levels)) throw wrong('levels has to be an object with the names of levels.')
  for (const [name, value] of Object.entries(levels)) {
    if (!(ROLLUPS as readonly string[]).includes(name))
      throw wrong(`There is no level ${quote(name)}; there are ${ROLLUPS.join(', ')}.`)
    if (!isObject(value))
      throw wrong(`levels.${name} has to be an object with keepSeconds, maxBytes or both.`)
    const level = settings.levels[name as Rollup]
    for (const [setting, number] of Object.entries(value)) {
      const where = `levels.${name}.${setting}`
      if (setting === 'keepSeconds') level.keepSeconds = whole(where, number, SHORTEST_S, LONGEST_S)
      else if (setting === 'maxBytes')
        level.maxBytes = whole(where, number, LEAST_BYTES, Number.MAX_SAFE_INTEGER)
      else
        throw wrong(`There is no setting ${quote(setting)} of a level; there are keepSeconds and maxBytes.`)
    }
  }
}

function whole(where: string, value: unknown, least: number, most: number): number | null {
  if (value === null) return null
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value
  throw wrong(`${where} has to be a whole number from ${least} to ${most}, or null for no limit.`)
}

function share(value: unknown): number {
  if (typeof value === 'number' && value >= 0 && value <= 0.9) return value
  throw wrong('minFreeShare has to be a number from 0 to 0.9: the part of the disk to keep free.')
}

/** Coarser levels outlive finer ones: else there would be times of which only the detail is kept. */
function checkOrder({ levels }: RetentionSettings): void {
  const time = (level: Rollup) => levels[level].keepSeconds ?? Number.POSITIVE_INFINITY
  ROLLUPS.forEach((level, i) => {
    const finer = ROLLUPS[i - 1]
    if (finer === undefined || time(level) >= time(finer)) return
    throw wrong(
      `${level} would be kept for less time than ${finer}: a coarser level has to be kept at least as long as the finer ones.`,
    )
  })
}

const quote = (text: string) => JSON.stringify(text.slice(0, 100))
