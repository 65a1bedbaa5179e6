import type { EntityDefinition, MetricDefinition } from '../../wire/native-batch.js'
import { entityId, type Hash, metricId, sha52, wellFormed } from '../ids.js'
import { limitError, type StoreLimits } from '../limits.js'
import type { Catalogue, EntityIndex, MetricIndex, SeriesIndex } from '../types.js'
import { createEntityList, type EntityList } from './entity-list.js'
import { grown } from './grow.js'
import { createMetricList, type MetricList } from './metric-list.js'
import { createSenders, type Senders } from './senders.js'
import { createSeriesList, type SeriesList } from './series-list.js'

/** What was registered here and is not in ClickHouse yet. */
export interface PendingRows {
  metrics: Set<MetricIndex>
  entities: Set<EntityIndex>
  names: { entity: EntityIndex; name: string; since: number }[]
  series: SeriesIndex[]
}

/** The catalogue with the parts that the store itself needs: lists, pending rows, and the way in for stored rows. */
export interface CatalogueCore extends Catalogue {
  readonly metrics: MetricList
  readonly entities: EntityList
  readonly series: SeriesList
  readonly senders: Senders
  readonly hasPending: boolean
  /** Hands over the pending rows and starts a new list. Give them back with `restore` when they could not be written. */
  takePending(): PendingRows
  restore(rows: PendingRows): void
  /** Time of the newest sample per entity; grows with the entities, so fetch it anew after an `addEntity`. */
  seenTimes(): Float64Array
  loadMetric(definition: MetricDefinition): void
  loadEntity(
    definition: EntityDefinition & { identity: string },
    since: number,
    formerDisplayNames?: readonly string[],
  ): void
  loadName(entity: number, name: string, since: number): void
  loadSeries(metric: number, entity: number, sender: string): void
  loadSeen(entity: number, time: number): void
  /** Takes series without data out of all lists; a sample of one (`revive`), or its registration, brings it back. */
  forget(series: readonly SeriesIndex[]): void
  /** A sample of a forgotten series has come: it is registered anew. */
  revive(series: SeriesIndex): void
}

/** Two names have the same id: the second one cannot be registered. Everything else goes on. */
export class CatalogueCollisionError extends Error {
  override name = 'CatalogueCollisionError'
}

export interface CatalogueOptions {
  limits: StoreLimits
  now?: () => number
  /** For tests: a hash that collides. */
  hash?: Hash
}

export function createCatalogue({ limits, now = Date.now, hash = sha52 }: CatalogueOptions): CatalogueCore {
  const metrics = createMetricList()
  const entities = createEntityList()
  const series = createSeriesList()
  const senders = createSenders()
  let seen = new Float64Array(64)
  let version = 0
  /** Entities that had only series that are forgotten: they may be gone from the tables, and are stored again with a new series. */
  const bare = new Set<EntityIndex>()
  /** The name that senders gave last, of entities whose identity they give. */
  const sentNames = new Map<EntityIndex, string>()
  let pending = noRows()

  function knownMetric(name: string) {
    const id = metricId(name, hash)
    const metric = metrics.byId(id)
    if (metric !== undefined && metric.name !== name) throw collision('metric', metric.name, name)
    return { id, metric }
  }

  function knownEntity(category: string, identity: string) {
    const id = entityId(category, identity, hash)
    const index = entities.byId(id)
    if (index !== undefined && !entities.is(index, category, identity)) {
      const other = entities.at(index)
      throw collision('entity', `${other.category} ${other.identity}`, `${category} ${identity}`)
    }
    return { id, index }
  }

  /** Who has the name now, under another identity: a sender that gives a name alone means that entity, and goes on with its history. */
  function bearer(nameId: number, category: string, name: string): EntityIndex | undefined {
    const index = entities.find(nameId, category, name)
    return index !== undefined && entities.isNamed(index, name) ? index : undefined
  }

  function newEntity(definition: EntityDefinition, id: number, since: number): EntityIndex {
    const category = definition.category.toUpperCase()
    const { name, identity = name, displayName = '', attributes } = definition
    const nameId = name === identity ? id : entityId(category, name, hash)
    const index = entities.add({ id, category, identity, name, nameId, displayName, attributes, since })
    seen = grown(seen, index + 1)
    return index
  }

  /** Who may bring no more series must not fill the lists of what they would be of either. */
  function checkSender(sender: string): number {
    if (series.live >= limits.series) throw limitError('series', limits.series)
    const from = senders.indexOf(sender)
    if (senders.seriesOf(from) >= limits.seriesPerSender)
      throw limitError('seriesPerSender', limits.seriesPerSender, sender)
    return from
  }

  function rename(index: EntityIndex, name: string, since: number): boolean {
    return entities.addName(index, name, since, entityId(entities.at(index).category, name, hash))
  }

  const former = (category: string) =>
    [...entities.former.keys()]
      .map((index) => entities.at(index))
      .filter((each) => each.category === category)

  function wanted(entity: EntityIndex): void {
    if (!bare.delete(entity)) return
    pending.entities.add(entity)
    for (const { name, since } of entities.at(entity).names.slice(1))
      pending.names.push({ entity, name, since })
  }

  function revive(index: SeriesIndex): void {
    if (!series.restore(index)) return
    senders.count(series.senderOf(index))
    pending.series.push(index)
    wanted(series.entities[index]!)
    version++
  }

  function nameNow(index: EntityIndex, name: string): void {
    const { names } = entities.at(index)
    if (names.length >= limits.namesPerEntity) throw limitError('namesPerEntity', limits.namesPerEntity, name)
    const since = Math.max(now(), names[names.length - 1]!.since + 1)
    rename(index, name, since)
    pending.names.push({ entity: index, name, since })
    version++
  }

  /**
   * Whether a sender who gives identity and name has renamed the entity. One who goes on under the name that he gave before,
   * or, after a start, under one that the entity has had, does not undo what somebody else has renamed.
   */
  function isNewFromSender(index: EntityIndex, name: string): boolean {
    const before = sentNames.get(index)
    if (before === name) return false
    sentNames.set(index, name)
    if (entities.isNamed(index, name)) return false
    return before !== undefined || !entities.at(index).names.some((known) => known.name === name)
  }

  return {
    metrics,
    entities,
    series,
    senders,
    revive,
    forget(list) {
      const dead = list.filter((index) => series.removed?.[index] !== 1)
      if (dead.length === 0) return
      for (const index of dead) senders.count(series.senderOf(index), -1)
      series.remove(dead)
      for (const index of dead) {
        const entity = series.entities[index]!
        if (series.countOfEntity(entity) === 0) bare.add(entity)
      }
      version++
    },

    addMetric(definition, sender) {
      const name = wellFormed(definition.name).toLowerCase()
      const { id, metric } = knownMetric(name)
      if (metric !== undefined) {
        if (metrics.update(metric, definition)) {
          pending.metrics.add(metric.index)
          version++
        }
        return metric.index
      }
      if (metrics.count >= limits.metrics) throw limitError('metrics', limits.metrics)
      if (sender !== undefined) checkSender(sender)
      const { index } = metrics.add(id, name, definition)
      pending.metrics.add(index)
      version++
      return index
    },

    addEntity(given, sender) {
      const name = wellFormed(given.name)
      const identity = wellFormed(given.identity ?? given.name)
      const category = wellFormed(given.category).toUpperCase()
      const definition = { ...given, category, name, identity }
      const known = knownEntity(category, identity)
      const { id, index = given.identity === undefined ? bearer(id, category, name) : undefined } = known
      if (index === undefined) {
        if (entities.count >= limits.entities) throw limitError('entities', limits.entities)
        if (entities.in(category).length === 0 && entities.categories().length >= limits.categories)
          throw limitError('categories', limits.categories)
        if (sender !== undefined) checkSender(sender)
        const added = newEntity(definition, id, now())
        if (given.identity !== undefined) sentNames.set(added, name)
        pending.entities.add(added)
        version++
        return added
      }
      wanted(index)
      if (entities.update(index, definition.attributes, definition.displayName)) {
        pending.entities.add(index)
        version++
      }
      // Who gives no identity calls the entity by it, whatever its name is now: that does not undo a rename.
      if (given.identity !== undefined && isNewFromSender(index, name)) nameNow(index, name)
      return index
    },

    renameEntity(index, given) {
      const name = wellFormed(given)
      if (!entities.isNamed(index, name)) nameNow(index, name)
    },

    addSeries(metric, entity, sender = '') {
      const known = series.find(metric, entity)
      if (known !== undefined) return known
      if (metric >= metrics.count || entity >= entities.count)
        throw new RangeError(`no such metric (${metric}) or entity (${entity})`)
      const from = checkSender(sender)
      const index = series.add(metric, entity, from)
      senders.count(from)
      pending.series.push(index)
      wanted(entity)
      version++
      return index
    },

    findMetric: (name) => metrics.find(name),
    findEntity(category, name) {
      const folded = category.toUpperCase()
      const index = entities.find(entityId(folded, name, hash), folded, name)
      return index === undefined ? undefined : entities.at(index)
    },
    findByIdentity(category, identity) {
      const folded = category.toUpperCase()
      const index = entities.byId(entityId(folded, identity, hash))
      return index !== undefined && entities.is(index, folded, identity) ? entities.at(index) : undefined
    },
    formerlyShownAs(category, displayName) {
      if (entities.former.size === 0) return []
      const folded = category.toUpperCase()
      const wanted = displayName.toLowerCase()
      const found = former(folded).filter(({ formerDisplayNames = [] }) =>
        formerDisplayNames.some((name) => name.toLowerCase() === wanted),
      )
      if (found.length === 0) return found
      // Whoever goes by the name now is meant by it.
      const taken = entities
        .in(folded)
        .some((index) => entities.at(index).displayName.toLowerCase() === wanted)
      return taken ? [] : found
    },
    shownOtherwise: (category) => (entities.former.size === 0 ? [] : former(category.toUpperCase())),
    metricAt: (index) => metrics.at(index),
    entityAt: (index) => entities.at(index),
    get metricCount() {
      return metrics.count
    },
    get entityCount() {
      return entities.count
    },
    get seriesCount() {
      return series.live
    },
    entitiesOf: (metric) => series.entitiesOf(metric),
    metricsOf: (entity) => series.metricsOf(entity),
    entitiesIn: (category) => entities.in(category.toUpperCase()),
    categories: () => entities.categories(),
    seriesAt(index) {
      if (index >= series.count) throw new RangeError(`no series has index ${index}`)
      return { metric: series.metrics[index]!, entity: series.entities[index]! }
    },
    lastSeen: (entity) => seen[entity] ?? 0,
    get version() {
      return version
    },

    get hasPending() {
      return (
        pending.series.length > 0 ||
        pending.entities.size > 0 ||
        pending.metrics.size > 0 ||
        pending.names.length > 0
      )
    },
    takePending() {
      const rows = pending
      pending = noRows()
      return rows
    },
    restore(rows) {
      for (const metric of rows.metrics) pending.metrics.add(metric)
      for (const entity of rows.entities) pending.entities.add(entity)
      pending.names = rows.names.concat(pending.names)
      pending.series = rows.series.concat(pending.series)
    },
    seenTimes: () => seen,

    loadMetric(definition) {
      const { id, metric } = knownMetric(definition.name)
      if (metric === undefined) metrics.add(id, definition.name, definition)
      else if (!metrics.update(metric, definition)) return
      version++
    },
    loadEntity(definition, since, formerDisplayNames = []) {
      const { id, index } = knownEntity(definition.category, definition.identity)
      if (index === undefined) entities.addFormer(newEntity(definition, id, since), formerDisplayNames)
      else {
        const changed = entities.update(index, definition.attributes, definition.displayName)
        if (!entities.addFormer(index, formerDisplayNames) && !changed) return
      }
      version++
    },
    loadName(id, name, since) {
      const index = entities.byId(id)
      if (index !== undefined && rename(index, name, since)) version++
    },
    loadSeries(metricOf, entityOf, sender) {
      const metric = metrics.byId(metricOf)?.index
      const entity = entities.byId(entityOf)
      if (metric === undefined || entity === undefined || series.find(metric, entity) !== undefined) return
      bare.delete(entity)
      const from = senders.indexOf(sender)
      series.add(metric, entity, from)
      senders.count(from)
      version++
    },
    loadSeen(id, time) {
      const index = entities.byId(id)
      if (index !== undefined && time > seen[index]!) seen[index] = time
    },
  }
}

function noRows(): PendingRows {
  return { metrics: new Set(), entities: new Set(), names: [], series: [] }
}

function collision(what: string, known: string, added: string): CatalogueCollisionError {
  return new CatalogueCollisionError(
    `${what} ${JSON.stringify(added.slice(0, 200))} has the same id as ${JSON.stringify(known.slice(0, 200))}: rename one of them`,
  )
}
