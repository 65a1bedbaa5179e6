import type { EntityIndex, MetricIndex, SeriesIndex } from '../types.js'
import { grown } from './grow.js'

/**
 * All series as typed arrays: per series 4 + 4 bytes for the pair, 4 + 4 for its place in the metric's and the entity's
 * chain, 2 for the sender, and 4 a slot for the hash table of pairs. Posting lists are unrolled from the chains only for
 * the metrics and entities that somebody asks for, and then kept up to date.
 */
export interface SeriesList {
  /** Indexes given out: those of removed series are kept for them, so that an index never means another series. */
  readonly count: number
  /** Series that are not removed. */
  readonly live: number
  /** 1 for every series that is removed; undefined while none is. */
  readonly removed: Uint8Array | undefined
  readonly bytes: number
  /** Of every series, by index; longer than `count`. Fetch anew after an `add`: they are replaced when they grow. */
  readonly metrics: Uint32Array
  readonly entities: Uint32Array
  find(metric: MetricIndex, entity: EntityIndex): SeriesIndex | undefined
  /** The pair must not be there already. */
  add(metric: MetricIndex, entity: EntityIndex, sender: number): SeriesIndex
  /** Takes series out of every list and count. They can be found no more, until `restore`. */
  remove(series: Iterable<SeriesIndex>): void
  /** Puts a removed series back. False: it was not removed, or the pair has another index by now. */
  restore(series: SeriesIndex): boolean
  senderOf(series: SeriesIndex): number
  entitiesOf(metric: MetricIndex): readonly EntityIndex[]
  metricsOf(entity: EntityIndex): readonly MetricIndex[]
  /** Series of a metric, counted. */
  countOf(metric: MetricIndex): number
  /** Series of an entity, counted. */
  countOfEntity(entity: EntityIndex): number
}

const NONE = 0xffff_ffff

export function createSeriesList(): SeriesList {
  let count = 0
  let metrics = new Uint32Array(64)
  let entities = new Uint32Array(64)
  let senders = new Uint16Array(64)
  let slots = new Uint32Array(128).fill(NONE)
  const byMetric = createChains()
  const byEntity = createChains()
  let removed: Uint8Array | undefined
  let removedCount = 0

  function slotOf(metric: MetricIndex, entity: EntityIndex): number {
    const mask = slots.length - 1
    let h = Math.imul(metric, 0x9e37_79b1) ^ Math.imul(entity, 0x85eb_ca6b)
    h = Math.imul(h ^ (h >>> 15), 0x2c1b_3c6d)
    let slot = (h ^ (h >>> 13)) & mask
    for (;;) {
      const series = slots[slot]!
      if (series === NONE || (metrics[series] === metric && entities[series] === entity)) return slot
      slot = (slot + 1) & mask
    }
  }

  function growSlots(): void {
    slots = new Uint32Array(slots.length * 2).fill(NONE)
    for (let series = 0; series < count; series++)
      if (removed?.[series] !== 1) slots[slotOf(metrics[series]!, entities[series]!)] = series
  }

  function enlist(series: SeriesIndex): void {
    const metric = metrics[series]!
    const entity = entities[series]!
    slots[slotOf(metric, entity)] = series
    byMetric.add(metric, series, entity)
    byEntity.add(entity, series, metric)
  }

  return {
    get count() {
      return count
    },
    get bytes() {
      return (
        4 * (metrics.length + entities.length + slots.length) +
        2 * senders.length +
        byMetric.bytes +
        byEntity.bytes
      )
    },
    get metrics() {
      return metrics
    },
    get entities() {
      return entities
    },
    find(metric, entity) {
      const series = slots[slotOf(metric, entity)]!
      return series === NONE ? undefined : series
    },
    add(metric, entity, sender) {
      if (count + 1 > slots.length * 0.75) growSlots()
      const series = count
      if (removed !== undefined) removed = grown(removed, series + 1)
      metrics = grown(metrics, series + 1)
      entities = grown(entities, series + 1)
      senders = grown(senders, series + 1)
      metrics[series] = metric
      entities[series] = entity
      senders[series] = sender
      enlist(series)
      count++
      return series
    },
    get live() {
      return count - removedCount
    },
    get removed() {
      return removed
    },
    remove(list) {
      removed ??= new Uint8Array(metrics.length)
      for (const series of list) {
        if (removed[series] === 1) continue
        removed[series] = 1
        removedCount++
      }
      // Chains have no way back; all of them anew takes some 100 ms for a million series.
      slots.fill(NONE)
      byMetric.clear()
      byEntity.clear()
      for (let series = 0; series < count; series++) if (removed[series] !== 1) enlist(series)
    },
    restore(series) {
      if (removed?.[series] !== 1) return false
      if (slots[slotOf(metrics[series]!, entities[series]!)] !== NONE) return false
      removed[series] = 0
      removedCount--
      if (removedCount === 0) removed = undefined
      enlist(series)
      return true
    },
    senderOf: (series) => senders[series]!,
    entitiesOf: (metric) => byMetric.list(metric, entities),
    metricsOf: (entity) => byEntity.list(entity, metrics),
    countOf: (metric) => byMetric.countOf(metric),
    countOfEntity: (entity) => byEntity.countOf(entity),
  }
}

/** For each owner a chain through its series, and the owners' unrolled lists where they were asked for. */
function createChains() {
  let heads = new Uint32Array(64)
  let counts = new Uint32Array(64)
  let owners = 0
  let next = new Uint32Array(64)
  const lists = new Map<number, number[]>()
  return {
    get bytes() {
      let unrolled = 0
      for (const list of lists.values()) unrolled += 8 * list.length
      return 4 * (heads.length + counts.length + next.length) + unrolled
    },
    clear(): void {
      heads.fill(NONE)
      counts.fill(0)
      lists.clear()
    },
    add(owner: number, series: number, other: number): void {
      if (owner >= owners) {
        heads = grown(heads, owner + 1)
        counts = grown(counts, owner + 1)
        heads.fill(NONE, owners, owner + 1)
        owners = owner + 1
      }
      next = grown(next, series + 1)
      next[series] = heads[owner]!
      heads[owner] = series
      counts[owner]!++
      lists.get(owner)?.push(other)
    },
    countOf: (owner: number): number => (owner < owners ? counts[owner]! : 0),
    list(owner: number, others: Uint32Array): readonly number[] {
      const known = lists.get(owner)
      if (known !== undefined) return known
      if (owner >= owners) return []
      const list: number[] = []
      for (let series = heads[owner]!; series !== NONE; series = next[series]!) list.push(others[series]!)
      list.reverse()
      lists.set(owner, list)
      return list
    },
  }
}
