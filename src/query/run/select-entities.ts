import type { Catalogue, Entity, EntityIndex, Metric } from '../../metrics/index.js'
import { isMadeUp } from '../check/ancestors.js'
import type { Candidates } from '../check/selection.js'
import { type Filter, selects } from '../check/statement.js'
import type { Window } from '../plan/leaf.js'
import type { AttributeIndex } from './attribute-index.js'

/** An entity under one of its names, and the part of the window in which it had that name. */
export interface Subject {
  readonly entity: Entity
  /** Undefined: the whole window. */
  readonly part?: Window
  /** Whether conditions on its streams are still to be looked at. */
  readonly open: boolean
}

export interface SelectionRequest {
  readonly catalogue: Catalogue
  readonly filter: Filter | undefined
  readonly candidates: Candidates
  readonly window: Window
  /** True: an entity is one stream under its present name, whatever it was called before. */
  readonly joinRenamed: boolean
  readonly index: AttributeIndex
}

/** Entities that have all of the metrics and that the predicate selects, in the order of their ids. */
export function selectEntities(request: SelectionRequest, metrics: readonly Metric[]): Subject[] {
  const { catalogue } = request
  const subjects: Subject[] = []
  for (const index of withAllMetrics(request, metrics))
    addSubjects(catalogue.entityAt(index), request, subjects)
  return subjects.sort((a, b) => a.entity.id - b.entity.id)
}

/** Those of the entities that have all of the metrics and that the predicate selects. */
export function selectFrom(
  entities: readonly Entity[],
  request: SelectionRequest,
  metrics: readonly Metric[],
): Subject[] {
  const subjects: Subject[] = []
  for (const entity of entities) {
    if (metrics.length > 0) {
      if (isMadeUp(entity)) continue
      const has = request.catalogue.metricsOf(entity.index)
      if (!metrics.every((metric) => has.includes(metric.index))) continue
    }
    addSubjects(entity, request, subjects)
  }
  return subjects
}

/** Entities that the predicate selects, whatever metrics they have. */
export function selectAll(request: SelectionRequest): Subject[] {
  const { catalogue, candidates } = request
  const subjects: Subject[] = []
  const pinned = pinnedEntities(request)
  if (pinned !== undefined)
    for (const index of pinned) addSubjects(catalogue.entityAt(index), request, subjects)
  else
    for (const category of candidates.category === undefined ? catalogue.categories() : [candidates.category])
      for (const index of catalogue.entitiesIn(category))
        addSubjects(catalogue.entityAt(index), request, subjects)
  return subjects.sort((a, b) => a.entity.id - b.entity.id)
}

function withAllMetrics(request: SelectionRequest, metrics: readonly Metric[]): EntityIndex[] {
  const { catalogue } = request
  const pinned = pinnedEntities(request)
  if (pinned !== undefined)
    return pinned.filter((entity) => {
      const has = catalogue.metricsOf(entity)
      return metrics.every((metric) => has.includes(metric.index))
    })
  const [first, ...rest] = metrics.map((metric) => catalogue.entitiesOf(metric.index))
  if (first === undefined) return []
  if (rest.length === 0) return [...first]
  const seen = new Uint8Array(catalogue.entityCount)
  for (const entity of first) seen[entity] = 1
  rest.forEach((list, i) => {
    for (const entity of list) if (seen[entity] === i + 1) seen[entity] = i + 2
  })
  return first.filter((entity) => seen[entity] === metrics.length)
}

/** The few entities that a predicate on the name leaves; undefined when it does not name one. */
function pinnedEntities({ catalogue, candidates, index }: SelectionRequest): EntityIndex[] | undefined {
  const { category, entityName, pins } = candidates
  if (pins !== undefined) {
    const found = index.find(catalogue, pins)
    if (found !== undefined) return found
  }
  if (entityName === undefined) return undefined
  const found: EntityIndex[] = []
  for (const each of category === undefined ? catalogue.categories() : [category]) {
    const entity = catalogue.findEntity(each, entityName)
    if (entity !== undefined) found.push(entity.index)
  }
  // Names are compared without case; the catalogue finds them with case. So nothing found does not mean there is none.
  return found.length > 0 ? found : undefined
}

function addSubjects(entity: Entity, request: SelectionRequest, into: Subject[]): void {
  const { filter, window, joinRenamed } = request
  if (entity.names.length < 2 || joinRenamed) {
    const selected = selects(filter, entity)
    if (selected !== false) into.push({ entity, open: selected === undefined })
    return
  }
  entity.names.forEach((name, i) => {
    // Before its first name an entity had that name too: its oldest samples may be older than the catalogue's knowledge.
    const from = i === 0 ? Number.NEGATIVE_INFINITY : name.since
    const to = (entity.names[i + 1]?.since ?? Number.POSITIVE_INFINITY) - 1
    if (from > window.to || to < window.from) return
    const view: Entity = {
      ...entity,
      name: name.name,
      names: [name],
      displayName: entity.displayName === entity.name ? name.name : entity.displayName,
    }
    const selected = selects(filter, view)
    if (selected === false) return
    const open = selected === undefined
    if (from <= window.from && to >= window.to) into.push({ entity: view, open })
    else
      into.push({
        entity: view,
        open,
        part: { from, to },
      })
  })
}
