/**
 * TSBS's query types as its code has them, free of any system's language: which metrics and hosts, folded how, in which
 * buckets, over which window. Windows and hosts are drawn from a seeded generator, the same for every system.
 */
import { createRandom, type Random } from '../random.js'
import { CPU_FIELDS } from './hosts.js'
import { type DataParameters, queryEnd } from './simulation.js'

export interface QueryCase {
  /** Names as all systems make them from measurement and field: `cpu_usage_user`. */
  metrics: string[]
  /** Host names; empty: all. */
  hosts: string[]
  /** Seconds since the epoch, both included. */
  from: number
  to: number
  /** Bucket in seconds; 0 for a query without buckets. */
  step: number
  /** `rows`: the samples themselves, at times at which the first metric is above `HIGH`; `step` is their distance. */
  fold: 'max' | 'avg' | 'last' | 'rows'
  /** One answer for each metric, or one for each metric and host. */
  by: 'metric' | 'host'
}

export interface QueryType {
  name: string
  /** Touches all hosts: the bars differ. */
  wide: boolean
  metrics: number
  /** 0: all. */
  hosts: number
  windowSeconds: number
  step: number
  fold: QueryCase['fold']
  by: QueryCase['by']
  /** The window is the end of a random time, not of the data (groupby-orderby-limit), or the whole data (lastpoint). */
  window?: 'all'
}

const HOUR = 3600

/** What TSBS calls high. */
export const HIGH = 90

const type = (
  name: string,
  metrics: number,
  hosts: number,
  hours: number,
  step: number,
  fold: QueryCase['fold'],
  by: QueryCase['by'],
): QueryType => ({
  name,
  wide: hosts === 0,
  metrics,
  hosts,
  windowSeconds: hours * HOUR,
  step,
  fold,
  by,
})

/** TSBS's types for `cpu-only`, then `fleet-average`, which is ours. */
export const QUERY_TYPES: QueryType[] = [
  type('single-groupby-1-1-1', 1, 1, 1, 60, 'max', 'metric'),
  type('single-groupby-1-1-12', 1, 1, 12, 60, 'max', 'metric'),
  type('single-groupby-1-8-1', 1, 8, 1, 60, 'max', 'metric'),
  type('single-groupby-5-1-1', 5, 1, 1, 60, 'max', 'metric'),
  type('single-groupby-5-1-12', 5, 1, 12, 60, 'max', 'metric'),
  type('single-groupby-5-8-1', 5, 8, 1, 60, 'max', 'metric'),
  type('cpu-max-all-1', 10, 1, 8, HOUR, 'max', 'metric'),
  type('cpu-max-all-8', 10, 8, 8, HOUR, 'max', 'metric'),
  type('cpu-max-all-32-24', 10, 32, 24, HOUR, 'max', 'metric'),
  type('double-groupby-1', 1, 0, 12, HOUR, 'avg', 'host'),
  type('double-groupby-5', 5, 0, 12, HOUR, 'avg', 'host'),
  type('double-groupby-all', 10, 0, 12, HOUR, 'avg', 'host'),
  { ...type('lastpoint', 10, 0, 0, 0, 'last', 'host'), window: 'all' },
  // The newest five minutes before a random time: with samples in every minute, that is the window that ends there.
  type('groupby-orderby-limit', 1, 0, 5 / 60, 60, 'max', 'metric'),
  type('high-cpu-1', 10, 1, 12, 10, 'rows', 'host'),
  type('high-cpu-all', 10, 0, 12, 10, 'rows', 'host'),
  type('fleet-average', 1, 0, 1, 60, 'avg', 'metric'),
]

/**
 * The type as the data allows: a window longer than the data becomes five sixths of it (so that windows still differ), and
 * then a bucket of which less than six would fit becomes one of 5 min, 1 min or 10 s; not more hosts than there are.
 */
export function fitType(type: QueryType, data: DataParameters): QueryType {
  const span = data.epochs * data.intervalSeconds
  const hosts = Math.min(type.hosts, data.hosts)
  if (type.fold === 'rows') {
    const windowSeconds = Math.min(type.windowSeconds, windowWithin(span))
    return { ...type, hosts, windowSeconds, step: data.intervalSeconds }
  }
  if (type.window === 'all') return { ...type, hosts, windowSeconds: span }
  if (type.windowSeconds <= span) return { ...type, hosts }
  const windowSeconds = windowWithin(span)
  const step = [type.step, 300, 60].find((s) => s <= type.step && s * 6 <= windowSeconds) ?? 10
  return { ...type, hosts, windowSeconds, step }
}

const windowWithin = (span: number) => Math.max(60, Math.floor((span * 5) / 6 / 60) * 60)

/** Draws `count` cases of a type; the same seed, type and data give the same cases. */
export function drawCases(type: QueryType, data: DataParameters, seed: number, count: number): QueryCase[] {
  const random = createRandom(seed ^ hash(type.name))
  const end = queryEnd(data)
  return Array.from({ length: count }, () => {
    const latest = end - type.windowSeconds * 1000
    const from =
      type.window === 'all' ? data.start : data.start + random.uniform() * Math.max(0, latest - data.start)
    const fromSeconds = Math.floor(from / 1000)
    return drawCase(type, data, random, fromSeconds, fromSeconds + type.windowSeconds)
  })
}

/**
 * Cases whose window begins and ends on a bucket's edge, so that systems whose buckets are open on different sides can be
 * asked for exactly the same samples.
 */
export function drawAlignedCases(
  type: QueryType,
  data: DataParameters,
  seed: number,
  count: number,
): QueryCase[] {
  const random = createRandom(~seed ^ hash(type.name))
  const step = type.step || 1
  const first = Math.ceil(data.start / 1000 / step)
  const last = Math.floor((data.start / 1000 + data.epochs * data.intervalSeconds) / step)
  const buckets = Math.max(1, Math.min(Math.floor(type.windowSeconds / step), last - first))
  return Array.from({ length: count }, () => {
    const from = type.window === 'all' ? first : first + random.below(last - first - buckets + 1)
    return drawCase(type, data, random, from * step, (from + buckets) * step)
  })
}

function drawCase(
  type: QueryType,
  data: DataParameters,
  random: Random,
  from: number,
  to: number,
): QueryCase {
  const hosts = new Set<string>()
  while (hosts.size < type.hosts) hosts.add(`host_${random.below(data.hosts)}`)
  const metrics = CPU_FIELDS.slice(0, type.metrics).map((field) => `cpu_${field}`)
  return { metrics, hosts: [...hosts], from, to, step: type.step, fold: type.fold, by: type.by }
}

/** FNV-1a over the characters, so that every type has windows of its own. */
function hash(text: string): number {
  let h = 0x811c9dc5
  for (const c of text) h = Math.imul(h ^ c.charCodeAt(0), 0x01000193)
  return h
}
