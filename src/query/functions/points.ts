/**
 * Points of one stream, ascending in time: the columns from `start` up to, not including, `end`. Columns may be shared, so
 * what makes new points makes new columns.
 */
export interface Points {
  /** Milliseconds since the epoch. */
  readonly times: Float64Array
  /** Finite numbers. */
  readonly values: Float64Array
  readonly start: number
  readonly end: number
  /** Of rollup points: what each bucket holds, at the same indexes. */
  readonly statistics?: Statistics
}

/** What aggregate points know besides their mean; columns parallel to the points' own. */
export interface Statistics {
  readonly count: Float64Array
  readonly min: Float64Array
  readonly minTime: Float64Array
  readonly max: Float64Array
  readonly maxTime: Float64Array
  /** Sum of squared differences from the mean: `stdDev` is the root of it over count − 1. */
  readonly squares: Float64Array
  readonly sampleTime: Float64Array
  readonly sampleValue: Float64Array
  /** Of counters: the first value (else NaN), and by how much the values fell in all, from one to the next. */
  readonly first?: Float64Array
  readonly drops?: Float64Array
  /** Of aggregates across entities: the entities of the extremes, as the catalogue's indexes, and how many there were. */
  readonly minEntity?: Float64Array
  readonly maxEntity?: Float64Array
  readonly entities?: Float64Array
  /** Of weighted aggregates: the mean in which every entity counts alike; `squares` are about it. */
  readonly plainMean?: Float64Array
}

const NONE = new Float64Array(0)
export const NO_POINTS: Points = { times: NONE, values: NONE, start: 0, end: 0 }

export function pointsOf(times: Float64Array, values: Float64Array, end = values.length): Points {
  return { times, values, start: 0, end }
}

export function onePoint(time: number, value: number): Points {
  if (!Number.isFinite(value)) return NO_POINTS
  return { times: Float64Array.of(time), values: Float64Array.of(value), start: 0, end: 1 }
}

/** Without the points before `time`; the columns are shared. */
export function pointsFrom(points: Points, time: number): Points {
  const { times, end } = points
  let { start } = points
  if (start >= end || (times[start] as number) >= time) return points
  let after = end
  while (start < after) {
    const middle = (start + after) >> 1
    if ((times[middle] as number) < time) start = middle + 1
    else after = middle
  }
  return { ...points, start }
}

/**
 * As `pointsFrom`; but where nothing lies from there up to `before`, the last point before stays, if it is no more than
 * `reach` milliseconds older: from it the first change after `before` is counted.
 */
export function pointsReaching(points: Points, time: number, before: number, reach: number): Points {
  const { times, start, end } = points
  const cut = pointsFrom(points, time)
  const previous = cut.start - 1
  if (previous < start || (cut.start < end && (times[cut.start] as number) < before)) return cut
  return (times[previous] as number) >= before - reach ? { ...cut, start: previous } : cut
}

export const countOf = (points: Points) => points.end - points.start

/** Applies `f` to each value; results that are no finite number are dropped, with their points. */
export function mapValues(points: Points, f: (value: number) => number): Points {
  const { times, values, start, end } = points
  const out = new Float64Array(end - start)
  let dropped = false
  for (let i = start; i < end; i++) {
    const value = f(values[i] as number)
    out[i - start] = value
    if (value - value !== 0) dropped = true
  }
  const result = {
    times: start === 0 ? times : times.subarray(start, end),
    values: out,
    start: 0,
    end: out.length,
  }
  return dropped ? finiteOnly(result) : result
}

/** Without the points whose value is not finite. */
export function finiteOnly(points: Points): Points {
  const { times, values, start, end } = points
  const outTimes = new Float64Array(end - start)
  const outValues = new Float64Array(end - start)
  let n = 0
  for (let i = start; i < end; i++) {
    const value = values[i] as number
    if (value - value !== 0) continue
    outTimes[n] = times[i] as number
    outValues[n++] = value
  }
  return pointsOf(outTimes, outValues, n)
}

/** The points whose index `keep` wants. */
export function filterPoints(points: Points, keep: (time: number) => boolean): Points {
  const { times, values, start, end, statistics } = points
  const kept: number[] = []
  for (let i = start; i < end; i++) if (keep(times[i] as number)) kept.push(i)
  if (kept.length === end - start) return points
  const pick = (column: Float64Array) => Float64Array.from(kept, (i) => column[i] as number)
  const result: Points = { times: pick(times), values: pick(values), start: 0, end: kept.length }
  return statistics === undefined ? result : { ...result, statistics: mapStatistics(statistics, pick) }
}

export function mapStatistics(s: Statistics, f: (column: Float64Array) => Float64Array): Statistics {
  const entities =
    s.minEntity && s.maxEntity && s.entities
      ? { minEntity: f(s.minEntity), maxEntity: f(s.maxEntity), entities: f(s.entities) }
      : {}
  return {
    count: f(s.count),
    min: f(s.min),
    minTime: f(s.minTime),
    max: f(s.max),
    maxTime: f(s.maxTime),
    squares: f(s.squares),
    sampleTime: f(s.sampleTime),
    sampleValue: f(s.sampleValue),
    ...(s.first && { first: f(s.first) }),
    ...(s.drops && { drops: f(s.drops) }),
    ...entities,
    ...(s.plainMean && { plainMean: f(s.plainMean) }),
  }
}

/** The middle one of the distances between neighbours (the lower of two); 0 with fewer than two points. */
export function medianGap(points: Points): number {
  const { times, start, end } = points
  if (end - start < 2) return 0
  const gaps = new Float64Array(end - start - 1)
  let same = true
  for (let i = start + 1; i < end; i++) {
    gaps[i - start - 1] = (times[i] as number) - (times[i - 1] as number)
    if (gaps[i - start - 1] !== gaps[0]) same = false
  }
  if (!same) gaps.sort()
  return gaps[(gaps.length - 1) >> 1] as number
}
