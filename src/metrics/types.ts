import type { EntityDefinition, MetricDefinition } from '../wire/native-batch.js'

/**
 * The metrics store, as ingest, query and health see it.
 *
 * Durable ids (`MetricId`, `EntityId`) are 52-bit hashes of canonical names, so that any number of monitors agree
 * without talking; they are safe integers and go into SQL as UInt64 literals. Dense indexes (`MetricIndex`,
 * `EntityIndex`, `SeriesIndex`) count up from 0 in one process and are for arrays; they never leave it.
 */
export type MetricId = number
export type EntityId = number
export type MetricIndex = number
export type EntityIndex = number
export type SeriesIndex = number

export interface Metric extends Required<MetricDefinition> {
  id: MetricId
  index: MetricIndex
}

export interface EntityName {
  name: string
  /** Milliseconds since the epoch from which the name held. */
  since: number
}

export interface Entity extends Required<EntityDefinition> {
  id: EntityId
  index: EntityIndex
  /** Every name it has had, oldest first; the last one is `name`. */
  names: readonly EntityName[]
  /** Display names that it had before (of a host its host names), oldest first. */
  formerDisplayNames?: readonly string[]
  /** When the catalogue first saw it, milliseconds since the epoch. */
  since: number
}

/** Metrics, entities, names and series: all of it in memory, written through to ClickHouse before any sample of it is. */
export interface Catalogue {
  /**
   * Registers a metric, or updates what is known of it. Names are folded to lower case. Throws `CatalogueLimitError` at the limit; with
   * `sender` also for a new one of a sender who may not bring another series of it.
   */
  addMetric(definition: MetricDefinition, sender?: string): MetricIndex
  /**
   * Registers an entity, its new attributes or its new name. A name without an identity is that of the entity with this identity, else
   * of who was renamed to it. Throws like `addMetric`.
   */
  addEntity(definition: EntityDefinition, sender?: string): EntityIndex
  /** Gives an entity a new name from now on; senders that go on under the old one do not undo it. Throws `CatalogueLimitError`. */
  renameEntity(entity: EntityIndex, name: string): void
  /** Registers a series. `sender` is for the cardinality figures. Throws `CatalogueLimitError` at the limit. */
  addSeries(metric: MetricIndex, entity: EntityIndex, sender?: string): SeriesIndex

  /** By name or alias, in any case. */
  findMetric(name: string): Metric | undefined
  /** By category and any name it has or had. */
  findEntity(category: string, name: string): Entity | undefined
  /** By category and what stays of it whatever its name is. */
  findByIdentity(category: string, identity: string): Entity | undefined
  /**
   * Hosts, roles, services or clusters that had this display name before, in any case; empty as long as another entity of the
   * category goes by it now.
   */
  formerlyShownAs(category: string, displayName: string): readonly Entity[]
  /** All of the category that had another display name before, with these. */
  shownOtherwise(category: string): readonly Entity[]
  metricAt(index: MetricIndex): Metric
  entityAt(index: EntityIndex): Entity
  readonly metricCount: number
  readonly entityCount: number
  readonly seriesCount: number
  /** Entities that have the metric, in no order; do not change the array. */
  entitiesOf(metric: MetricIndex): readonly EntityIndex[]
  metricsOf(entity: EntityIndex): readonly MetricIndex[]
  /** Entities of a category (upper case). */
  entitiesIn(category: string): readonly EntityIndex[]
  categories(): string[]
  /** What a series is of. */
  seriesAt(index: SeriesIndex): { metric: MetricIndex; entity: EntityIndex }
  /** Time of the newest sample of an entity that this process knows of, milliseconds; 0 when it knows none. */
  lastSeen(entity: EntityIndex): number
  /** Grows with every change: a key for caches of resolved names. */
  readonly version: number
}

/** Samples of one sender's batch, decoded, as columns; `length` of them are filled. */
export interface SampleColumns {
  length: number
  series: Uint32Array
  /** Milliseconds since the epoch. */
  time: Float64Array
  value: Float64Array
}

/**
 * Samples that ClickHouse has acknowledged (a time's part below a millisecond is not stored), for who wants to see them as they come: the memory of who wrote them, so look at
 * them before anything is awaited, and change nothing.
 */
export type StoredSamples = Readonly<SampleColumns>

export interface WriteOutcome {
  /** Samples stored by this call; 0 when the batch had been stored before. */
  stored: number
  duplicate: boolean
}

export interface Writer {
  /**
   * Takes a batch and resolves after ClickHouse has acknowledged it. The columns may be reused by the caller only after
   * that. `key` is a hash of the batch as it was sent (`batchKey`): the same key again is not stored again, even after a
   * crash of monitor or engine in between. Give none for a batch whose samples were stamped on arrival: the same bytes are
   * other samples then. Rejects with RangeError for a time before 1970 or after 2286, with `StoreFullError` or
   * `StoreUnavailableError` (503, Retry-After).
   */
  write(columns: SampleColumns, key?: EntityId): Promise<WriteOutcome>
}

/** Thrown when a limit of the catalogue would be passed; the message names the limit and its setting. */
export class CatalogueLimitError extends Error {
  override name = 'CatalogueLimitError'
}

/** The buffer before ClickHouse is full; the sender should keep the batch and come back after `retryAfterSeconds`. */
export class StoreFullError extends Error {
  override name = 'StoreFullError'
  readonly retryAfterSeconds: number
  constructor(message: string, retryAfterSeconds: number) {
    super(message)
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** ClickHouse is away, or refuses (disk full): the sender should keep the batch and come back. */
export class StoreUnavailableError extends Error {
  override name = 'StoreUnavailableError'
  readonly retryAfterSeconds: number
  constructor(message: string, retryAfterSeconds: number, options?: ErrorOptions) {
    super(message, options)
    this.retryAfterSeconds = retryAfterSeconds
  }
}
