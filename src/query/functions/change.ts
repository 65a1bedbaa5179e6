import { medianGap, NO_POINTS, type Points, pointsOf } from './points.js'

/**
 * Change per second between neighbours, stamped at the later one; so the first point has none. However long the gap
 * between the two is, the change is spread over it.
 */
export function derivative(points: Points): Points {
  return change(points, true, false)
}

/** As `derivative`, but where the value fell (a counter that started anew) there is no point. */
export function derivativeOfCounter(points: Points): Points {
  return change(points, true, true)
}

/**
 * Growth between neighbours, stamped at the later one. After a restart a counter begins at zero, so the value itself is
 * the growth then.
 */
export function increase(points: Points): Points {
  const { times, values, start, end } = points
  const n = end - start - 1
  if (n < 1) return NO_POINTS
  const out = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    const before = values[start + i] as number
    const value = values[start + i + 1] as number
    out[i] = value < before ? value : value - before
  }
  return pointsOf(times.subarray(start + 1, end), out)
}

/**
 * Growth over the `seconds` before each point: the sum of the growths (as `increase`) between the points of that time and
 * the one before them; or, as a rate, divided by the time between. A point with none before it gives none.
 */
export function increaseOver(points: Points, seconds: number, perSecond: boolean): Points {
  const { times, values, start, end } = points
  const n = end - start
  if (n < 2) return NO_POINTS
  const grown = new Float64Array(n)
  for (let i = 1; i < n; i++) {
    const before = values[start + i - 1] as number
    const value = values[start + i] as number
    grown[i] = (grown[i - 1] as number) + (value < before ? value : value - before)
  }
  const out = new Float64Array(n - 1)
  // The last point that is not inside the window, or the first of all.
  let first = 0
  for (let i = 1; i < n; i++) {
    const time = times[start + i] as number
    while (first + 1 < i && (times[start + first + 1] as number) <= time - seconds * 1000) first++
    const sum = (grown[i] as number) - (grown[first] as number)
    out[i - 1] = perSecond ? sum / ((time - (times[start + first] as number)) / 1000) : sum
  }
  return pointsOf(times.subarray(start + 1, end), out)
}

/** Differences between neighbours; where the value fell there is no point. */
export function counterDelta(points: Points): Points {
  return change(points, false, true)
}

function change(points: Points, perSecond: boolean, skipFalls: boolean): Points {
  const { times, values, start, end } = points
  if (end - start < 2) return NO_POINTS
  const outTimes = new Float64Array(end - start - 1)
  const out = new Float64Array(end - start - 1)
  let n = 0
  for (let i = start + 1; i < end; i++) {
    const delta = (values[i] as number) - (values[i - 1] as number)
    if (skipFalls && delta < 0) continue
    const time = times[i] as number
    const value = perSecond ? delta / ((time - (times[i - 1] as number)) / 1000) : delta
    if (value - value !== 0) continue
    outTimes[n] = time
    out[n++] = value
  }
  return pointsOf(outTimes, out, n)
}

/**
 * The integral of each point by itself, not a running total: value × seconds since the point before. The first point
 * takes the usual distance between points; a single point has none and gives none. Points of buckets of `bucketMs` hold
 * for the whole bucket.
 */
export function integral(points: Points, bucketMs = 0): Points {
  const { times, values, start, end } = points
  const usual = bucketMs > 0 ? bucketMs : medianGap(points)
  if (usual === 0) return NO_POINTS
  const out = new Float64Array(end - start)
  for (let i = start; i < end; i++) {
    const interval = bucketMs > 0 || i === start ? usual : (times[i] as number) - (times[i - 1] as number)
    out[i - start] = (values[i] as number) * (interval / 1000)
  }
  return pointsOf(start === 0 ? times : times.subarray(start, end), out)
}
