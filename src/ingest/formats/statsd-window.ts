import type { DecodeContext } from '../decode.js'
import type { IngestLimits } from '../limits.js'
import type { Label } from '../naming.js'
import { createSeriesFinder, takePoint } from './json-series.js'
import type { StatsdLine, StatsdType } from './statsd.js'

/**
 * What StatsD lines add up to between two flushes. Pure: no sockets, no clock.
 *
 * Counters become running totals, so that they are counters to tsquery like any other; gauges their last value; sets the number
 * of distinct members in the window; timers `_count` and `_sum` as running totals, and `_min`, `_max`, `_mean`, `_p50`, `_p90`
 * and `_p99` of the window.
 */
export interface StatsdWindow {
  /** Adds a line; a text says why it was not taken. */
  add(line: StatsdLine): string | undefined
  /** Ends the window: what changed in it, ready to be stored (more than once, if the store makes that necessary). */
  flush(): (context: DecodeContext) => void
  readonly size: number
}

interface Entry {
  name: string
  labels: Label[]
  type: StatsdType
  /** Lines since the last flush. */
  touched: number
  /** Flushes without a line. */
  idle: number
  /** Running total of a counter or of a timer's events, last value of a gauge. */
  total: number
  sum: number
  /** A timer's values in the window, a fair sample of them when there are many; and how many there were. */
  values: number[]
  seen: number
  min: number
  max: number
  windowSum: number
  members: Set<string>
}

interface Point {
  name: string
  labels: readonly Label[]
  value: number
  isCounter: boolean
}

const MOST_VALUES = 1000
const MOST_MEMBERS = 10_000
/** Flushes after which a metric that nobody sends any more is forgotten. */
const IDLE_FLUSHES = 360
const QUANTILES = [50, 90, 99]
const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i

export function createStatsdWindow(
  limits: Pick<IngestLimits, 'labelCacheBytes' | 'statsdMetrics'>,
): StatsdWindow {
  const entries = new Map<string, Entry>()
  const find = createSeriesFinder(limits)
  return {
    get size() {
      return entries.size
    },
    add(line) {
      let entry = entries.get(line.key)
      if (entry === undefined) {
        if (entries.size >= limits.statsdMetrics)
          return `more than ${limits.statsdMetrics} metrics at a time (limit statsdMetrics)`
        entry = newEntry(line)
        entries.set(line.key, entry)
      }
      for (const value of line.values) {
        if (line.type !== 's' && !NUMBER.test(value)) return 'the value is not a number'
        addValue(entry, value, line.rate)
      }
      return undefined
    },
    flush() {
      const points: Point[] = []
      for (const [key, entry] of entries) {
        if (entry.touched > 0) {
          points.push(...pointsOf(entry))
          reset(entry)
        } else if (++entry.idle > IDLE_FLUSHES) entries.delete(key)
      }
      return (context) => {
        for (const { name, labels, value, isCounter } of points) {
          const series = find(name, labels, context, () => ({ isCounter }))
          if (series >= 0 && takePoint(context, series, context.now, value) >= 0) continue
          const { reason, detail } = context.registrar
          const excerpt = Buffer.from(name.slice(0, 200))
          context.outcome.refuse(reason, detail, 0, excerpt, 0, excerpt.length)
        }
        context.outcome.timesMissing += points.length
      }
    },
  }
}

function newEntry({ name, labels, type }: StatsdLine): Entry {
  const entry: Entry = {
    name,
    labels,
    type,
    touched: 0,
    idle: 0,
    total: 0,
    sum: 0,
    values: [],
    seen: 0,
    min: 0,
    max: 0,
    windowSum: 0,
    members: new Set(),
  }
  reset(entry)
  return entry
}

function reset(entry: Entry): void {
  entry.touched = 0
  entry.idle = 0
  entry.values = []
  entry.seen = 0
  entry.min = Number.POSITIVE_INFINITY
  entry.max = Number.NEGATIVE_INFINITY
  entry.windowSum = 0
  if (entry.members.size > 0) entry.members = new Set()
}

function addValue(entry: Entry, text: string, rate: number): void {
  entry.touched++
  const value = Number(text)
  if (entry.type === 'c') entry.total += value / rate
  // A sign makes a gauge relative; to set a negative one, it is set to zero first.
  else if (entry.type === 'g') entry.total = /^[-+]/.test(text) ? entry.total + value : value
  else if (entry.type === 's') {
    if (entry.members.size < MOST_MEMBERS) entry.members.add(text)
  } else {
    entry.total += 1 / rate
    entry.sum += value / rate
    entry.windowSum += value
    entry.min = Math.min(entry.min, value)
    entry.max = Math.max(entry.max, value)
    entry.seen++
    if (entry.values.length < MOST_VALUES) entry.values.push(value)
    else {
      const at = Math.floor(Math.random() * entry.seen)
      if (at < MOST_VALUES) entry.values[at] = value
    }
  }
}

function pointsOf(entry: Entry): Point[] {
  const { name, labels, type, total, sum, values, seen, min, max, windowSum, members } = entry
  const point = (suffix: string, value: number, isCounter = false): Point => ({
    name: name + suffix,
    labels,
    value,
    isCounter,
  })
  if (type === 'c') return [point('', total, true)]
  if (type === 'g') return [point('', total)]
  if (type === 's') return [point('', members.size)]
  const sorted = Float64Array.from(values).sort()
  return [
    point('_count', total, true),
    point('_sum', sum, true),
    point('_min', min),
    point('_max', max),
    point('_mean', windowSum / seen),
    ...QUANTILES.map((q) => point(`_p${q}`, sorted[Math.ceil((q / 100) * sorted.length) - 1]!)),
  ]
}
