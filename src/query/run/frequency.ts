import { countOf, type Points } from '../functions/points.js'

const LOOKED_AT = 16

/**
 * How often points come, in milliseconds, rounded to whole seconds; null when they come irregularly or fewer than two
 * are there. Judged by the first points of a stream, since most streams are regular.
 */
export function collectionFrequency(points: Points): number | null {
  const { times, start, end } = points
  if (countOf(points) < 2) return null
  const last = Math.min(end, start + LOOKED_AT)
  let usual = Number.POSITIVE_INFINITY
  for (let i = start + 1; i < last; i++)
    usual = Math.min(usual, (times[i] as number) - (times[i - 1] as number))
  // A sample now and then is late or missing; more than a quarter of such gaps is irregular.
  let near = 0
  let sum = 0
  for (let i = start + 1; i < last; i++) {
    const gap = (times[i] as number) - (times[i - 1] as number)
    if (gap > 1.5 * usual) continue
    near++
    sum += gap
  }
  if (near < 0.75 * (last - start - 1)) return null
  const mean = sum / near
  return mean < 1000 ? Math.round(mean) : Math.round(mean / 1000) * 1000
}

/** `collectionFrequency` of many streams: neighbours mostly have the same times, and then the same frequency. */
export function frequencies(): (points: Points) => number | null {
  let count = -1
  let first = 0
  let last = 0
  let known: number | null = null
  return (points) => {
    const { times, start, end } = points
    if (end - start === count && times[start] === first && times[end - 1] === last) return known
    count = end - start
    first = times[start] as number
    last = times[end - 1] as number
    known = collectionFrequency(points)
    return known
  }
}
