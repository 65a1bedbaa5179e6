import { describe, expect, it } from 'vitest'
import { FASTEST, retentionTime } from '../../../src/metrics/retention/clock.js'
import { type Partition, partitionRange } from '../../../src/metrics/retention/partitions.js'
import { planDrops } from '../../../src/metrics/retention/plan.js'
import { changeSettings, DEFAULT_RETENTION } from '../../../src/metrics/retention/settings.js'
import type { Rollup } from '../../../src/wire/timeseries.js'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 4, 17, 12)
const ROOMY = { freeBytes: 900, totalBytes: 1000 }

/** Days of a level, the newest of them today's, each of 10 bytes. */
function days(level: Rollup, count: number): Partition[] {
  const today = Math.floor(NOW / DAY) * DAY
  return Array.from({ length: count }, (_, i) => {
    const from = today - (count - 1 - i) * DAY
    return { level, id: `${level}${count - 1 - i}`, from, to: from + DAY, rows: 1, bytes: 10 }
  })
}

function ids(state: Partial<Parameters<typeof planDrops>[0]>): string[] {
  return planDrops({
    partitions: [],
    settings: DEFAULT_RETENTION,
    disk: ROOMY,
    time: NOW,
    ...state,
  }).map(({ partition, reason }) => `${partition.id} ${reason}`)
}

describe('what is dropped', () => {
  it('by time: partitions all of which are older than the level is kept, oldest first', () => {
    expect(ids({ partitions: days('RAW', 34) })).toEqual(['RAW33 time', 'RAW32 time', 'RAW31 time'])
    expect(ids({ partitions: days('HOURLY', 34) })).toEqual([])
  })

  it('by size: the oldest, until the rest is within the budget; never the one that takes samples', () => {
    const settings = structuredClone(DEFAULT_RETENTION)
    settings.levels.RAW.maxBytes = 25
    expect(ids({ partitions: days('RAW', 5), settings })).toEqual(['RAW4 size', 'RAW3 size', 'RAW2 size'])
    settings.levels.RAW.maxBytes = 1
    expect(ids({ partitions: days('RAW', 2), settings })).toEqual(['RAW1 size'])
  })

  it('for want of disk: the oldest samples first, then the next level, and nothing young', () => {
    const partitions = [...days('RAW', 6), ...days('TEN_MINUTELY', 12)]
    expect(ids({ partitions, disk: { freeBytes: 95, totalBytes: 1000 } })).toEqual(['RAW5 disk'])
    expect(ids({ partitions, disk: { freeBytes: 0, totalBytes: 1000 } })).toEqual([
      'RAW5 disk',
      'RAW4 disk',
      'TEN_MINUTELY11 disk',
      'TEN_MINUTELY10 disk',
    ])
    const settings = { ...DEFAULT_RETENTION, minFreeShare: 0 }
    expect(ids({ partitions, settings, disk: { freeBytes: 0, totalBytes: 1000 } })).toEqual([])
  })

  it('what goes by time counts for the disk', () => {
    const partitions = days('RAW', 33)
    expect(ids({ partitions, disk: { freeBytes: 80, totalBytes: 1000 } })).toEqual([
      'RAW32 time',
      'RAW31 time',
    ])
  })

  it('samples of a future day, of a wrong clock, stay', () => {
    const future: Partition = {
      level: 'RAW',
      id: 'f',
      from: NOW + DAY,
      to: NOW + 2 * DAY,
      rows: 1,
      bytes: 1e9,
    }
    const settings = structuredClone(DEFAULT_RETENTION)
    settings.levels.RAW.maxBytes = 100
    expect(ids({ partitions: [future], settings, disk: { freeBytes: 0, totalBytes: 1000 } })).toEqual([])
  })
})

describe('the time by which is dropped', () => {
  it('follows the time of day', () => {
    expect(retentionTime(undefined, 0, NOW)).toBe(NOW)
    expect(retentionTime(NOW - 60_000, 60_000, NOW)).toBe(NOW)
  })

  it('after a jump ahead runs on slowly, and stands still over a start', () => {
    const jumped = NOW + 5 * 366 * DAY
    expect(retentionTime(NOW, 0, jumped)).toBe(NOW)
    expect(retentionTime(NOW, 60_000, jumped)).toBe(NOW + FASTEST * 60_000)
  })

  it('after a jump back goes back', () => {
    expect(retentionTime(NOW, 60_000, NOW - DAY)).toBe(NOW - DAY)
  })
})

describe('settings', () => {
  it('a change names what it changes', () => {
    const changed = changeSettings(DEFAULT_RETENTION, {
      levels: { RAW: { keepSeconds: 86_400 } },
      minFreeShare: 0.2,
    })
    expect(changed.levels.RAW).toEqual({ keepSeconds: 86_400, maxBytes: null })
    expect(changed.levels.HOURLY).toEqual(DEFAULT_RETENTION.levels.HOURLY)
    expect(changed.minFreeShare).toBe(0.2)
    expect(DEFAULT_RETENTION.minFreeShare).toBe(0.1)
  })

  it.each([
    [undefined, /JSON object/],
    [[], /JSON object/],
    [{ level: {} }, /no setting "level"/],
    [{ levels: { MONTHLY: {} } }, /no level "MONTHLY"; there are RAW/],
    [{ levels: { RAW: 5 } }, /levels.RAW has to be an object/],
    [{ levels: { RAW: { keep: 5 } } }, /no setting "keep"/],
    [{ levels: { RAW: { keepSeconds: 60 } } }, /whole number from 86400/],
    [{ levels: { RAW: { keepSeconds: '1d' } } }, /whole number/],
    [{ levels: { RAW: { maxBytes: -1 } } }, /whole number/],
    [{ levels: { constructor: { maxBytes: 1e9 } } }, /no level "constructor"/],
    [{ minFreeShare: 1 }, /from 0 to 0.9/],
    [{ levels: { RAW: { keepSeconds: null } } }, /TEN_MINUTELY would be kept for less time than RAW/],
    [{ levels: { WEEKLY: { keepSeconds: 86_400 } } }, /WEEKLY would be kept for less time than DAILY/],
  ])('%j is refused with words', (change, message) => {
    expect(() => changeSettings(DEFAULT_RETENTION, change)).toThrow(message)
  })
})

it('partitions say which time they hold', () => {
  expect(partitionRange('day', '20260228')).toEqual([Date.UTC(2026, 1, 28), Date.UTC(2026, 2, 1)])
  expect(partitionRange('week', '20251229')).toEqual([Date.UTC(2025, 11, 29), Date.UTC(2026, 0, 5)])
  expect(partitionRange('month', '202612')).toEqual([Date.UTC(2026, 11, 1), Date.UTC(2027, 0, 1)])
  expect(partitionRange('year', '2026')).toEqual([Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1)])
})
