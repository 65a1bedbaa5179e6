import type { Level } from '../../../src/metrics/index.js'

/** A bucket of a rollup as plain loops compute it. */
export interface Bucket {
  stamp: number
  count: number
  min: number
  minTime: number
  max: number
  maxTime: number
  mean: number
  squares: number
  sampleTime: number
  sampleValue: number
  first: number
  drops: number
}

/** Rollups of one series from its samples by time (a later sample of the same time replaces the earlier). */
export function naiveRollup(level: Level, samples: ReadonlyMap<number, number>): Bucket[] {
  const buckets = new Map<number, [number, number][]>()
  for (const sample of [...samples].sort((a, b) => a[0] - b[0])) {
    if (!Number.isFinite(sample[1])) continue
    let start = level.origin
    start += Math.floor((sample[0] - start) / level.ms) * level.ms
    const stamp = start + level.ms
    buckets.set(stamp, [...(buckets.get(stamp) ?? []), sample])
  }
  return [...buckets].map(([stamp, list]) => {
    let min = list[0]!
    let max = list[0]!
    let drops = 0
    list.forEach((sample, i) => {
      if (sample[1] < min[1]) min = sample
      if (sample[1] > max[1]) max = sample
      const before = list[i - 1]
      if (before !== undefined && sample[1] < before[1]) drops += before[1] - sample[1]
    })
    // Differences from the first value, so that the test's own sums keep their digits.
    const origin = list[0]![1]
    const mean = origin + list.reduce((sum, [, v]) => sum + (v - origin), 0) / list.length
    const [sampleTime, sampleValue] = list.at(-1)!
    return {
      stamp,
      count: list.length,
      min: min[1],
      minTime: min[0],
      max: max[1],
      maxTime: max[0],
      mean,
      squares: list.reduce((sum, [, v]) => sum + (v - mean) ** 2, 0),
      sampleTime,
      sampleValue,
      first: list[0]![1],
      drops,
    }
  })
}

/** Says what differs; sums of differently ordered terms may differ in their last digits. */
export function difference(actual: readonly Bucket[], expected: readonly Bucket[]): string {
  if (actual.length !== expected.length) return `${actual.length} buckets instead of ${expected.length}`
  for (const [i, wanted] of expected.entries()) {
    const got = actual[i]!
    const scale = Math.max(Math.abs(wanted.min), Math.abs(wanted.max))
    for (const key of Object.keys(wanted) as (keyof Bucket)[]) {
      const near =
        key === 'mean' || key === 'drops'
          ? 1e-12 * scale * (key === 'drops' ? wanted.count : 1)
          : key === 'squares'
            ? 1e-9 * wanted.squares + wanted.count * (1e-14 * scale) ** 2
            : 0
      if (!(Math.abs(got[key] - wanted[key]) <= near))
        return `bucket ${new Date(wanted.stamp).toISOString()}: ${key} is ${got[key]} instead of ${wanted[key]}`
    }
  }
  return ''
}
