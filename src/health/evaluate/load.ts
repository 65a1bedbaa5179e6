import { type Catalogue, type Metric, readBlocks, type Store, TABLES } from '../../metrics/index.js'
import type { Feed } from './feed.js'
import type { Picture } from './picture.js'
import type { Stream } from './streams.js'

/** How far back the last sample of a metric may be; and how much further than its window a windowed one is looked at. */
const LAST_MS = 300_000
const MOST_METRICS = 500

export interface LoadOptions {
  readonly store: Pick<Store, 'client' | 'catalogue'>
  readonly picture: Picture
  readonly feed: Feed
  readonly streams: readonly Stream[]
  readonly now: number
  /** Only samples of the last so many milliseconds: of a monitor that others write beside. */
  readonly recentMs?: number
  readonly signal?: AbortSignal
}

/**
 * Reads what tests need of the past, in one statement for all metrics with the same window and one for last samples. What is
 * there already stays as it is. Returns how many samples were read.
 */
export async function loadFigures(options: LoadOptions): Promise<number> {
  const { store, streams, recentMs, now } = options
  const { catalogue } = store
  const windows = new Map<string, number>()
  for (const { metric, windowMs } of streams)
    windows.set(metric, Math.max(windows.get(metric) ?? 0, windowMs))
  /** A test may know a metric by an alias: it is given back by the name that the test uses. */
  const groups = new Map<number, Metric[]>()
  for (const [name, windowMs] of windows) {
    const metric = catalogue.findMetric(name)
    if (metric === undefined) continue
    const span = recentMs ?? windowMs
    groups.set(span, [...(groups.get(span) ?? []), { ...metric, name }])
  }
  let read = 0
  for (const [span, metrics] of groups)
    for (let i = 0; i < metrics.length; i += MOST_METRICS)
      read += await readGroup(
        metrics.slice(i, i + MOST_METRICS),
        now - (span || LAST_MS),
        span === 0,
        options,
      )
  return read
}

async function readGroup(
  metrics: readonly Metric[],
  from: number,
  lastOnly: boolean,
  { store, picture, feed, signal }: LoadOptions,
): Promise<number> {
  const names = new Map(metrics.map(({ id, name }) => [id, name]))
  const owners = ownersOf(store.catalogue, picture, metrics)
  const where = `metric IN (${metrics.map(({ id }) => id).join(', ')}) AND ts >= fromUnixTimestamp64Milli(${Math.floor(from)}, 'UTC')`
  const query = lastOnly
    ? `SELECT metric, entity, max(ts) AS time, argMax(v, ts) AS value FROM ${TABLES.samples} WHERE ${where} GROUP BY metric, entity`
    : `SELECT metric, entity, ts AS time, v AS value FROM ${TABLES.samples} WHERE ${where} ORDER BY metric, entity, ts`
  let rows = 0
  await readBlocks(
    store.client,
    query,
    ({ rows: count, columns }) => {
      const [metric, entity, time, value] = columns.map((column) => column.values as Float64Array)
      for (let i = 0; i < count; i++) {
        const owner = owners.get(entity![i]!)
        if (owner === undefined) continue
        feed.put(names.get(metric![i]!)!, owner, time![i]!, value![i]!)
      }
      rows += count
    },
    { ...(signal && { signal }) },
  )
  return rows
}

/** By the durable id of an entity who owns its slots. */
function ownersOf(catalogue: Catalogue, picture: Picture, metrics: readonly Metric[]): Map<number, number> {
  const seen = new Set<number>()
  const owners = new Map<number, number>()
  for (const { index } of metrics)
    for (const entity of catalogue.entitiesOf(index)) {
      if (seen.has(entity)) continue
      seen.add(entity)
      const known = catalogue.entityAt(entity)
      const owner = picture.ownerOf(known)
      if (owner >= 0) owners.set(known.id, owner)
    }
  return owners
}
