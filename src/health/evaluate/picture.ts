import type { Catalogue, Entity } from '../../metrics/index.js'
import type { HealthFacts, HealthModel } from '../../wire/health.js'
import type { HealthTestFile } from '../../wire/health-tests.js'
import { createTestCatalogue, type TestCatalogue } from '../tests/catalogue.js'
import { createNode, type Node, newTally, nodeKey } from './nodes.js'
import { addPart, PARTS, partOwner } from './parts.js'
import { createPlacing, type Remembered } from './place.js'
import { createScene, findIn } from './scene.js'
import type { Streams } from './streams.js'
import type { Table } from './table.js'
import { takeOver } from './take-over.js'

/** What there is, as evaluation sees it: entities in the order in which they are looked at, and where their figures are. */
export interface Picture {
  /** Hosts, roles, services, clusters: who depends on another comes after it. */
  readonly nodes: readonly Node[]
  readonly table: Table
  readonly tests: TestCatalogue
  readonly model: HealthModel | undefined
  /** The manager's clock at the newest facts; 0: none. */
  readonly factsAt: number
  /** Grows when there are entities that had no place before. */
  readonly version: number
  find(category: string, identity: string): Node | undefined
  /**
   * Takes a model over (`undefined`: there is none), turn by turn: a short piece of work for each `next()`. Until the last one
   * everything is as it was before; then all is new at once. Results stay with those tests that are still there. Returns who is
   * gone. No evaluation, and no other model, may come in between; facts and samples may.
   */
  takeOver(model: HealthModel | undefined, now: number): Generator<void, Node[], void>
  /** Takes facts over; returns how many are of entities that are not there. */
  facts(facts: HealthFacts): number
  /** The owner of the entity's slots, -1 when nobody asks for its figures. A new entity finds its place by this. */
  ownerOf(entity: Entity): number
  /** Gives up bare hosts of which nothing has been heard since. */
  forget(before: number): Node[]
}

const MOST_MESSAGES = 20

export interface PictureOptions {
  readonly catalogue: Pick<Catalogue, 'entityAt' | 'entitiesIn' | 'findEntity' | 'lastSeen'>
  readonly streams: Streams
  readonly files: readonly HealthTestFile[]
  readonly remembered: Remembered
}

export function createPicture({ catalogue, streams, files, remembered }: PictureOptions): Picture {
  const placing = createPlacing(streams, remembered)
  let scene = createScene(undefined, createTestCatalogue(files))
  /** Numbers are never used again: slots of what is gone stay as they are. */
  const ids = new Map<string, number>()
  /** While a model is taken over: hosts to which parts have come. */
  let grown: Set<string> | undefined
  let factsAt = 0
  let version = 0

  const find = (category: string, identity: string | undefined) => findIn(scene, category, identity)

  function* take(model: HealthModel | undefined, now: number): Generator<void, Node[], void> {
    const tests = model?.tests === scene.model?.tests ? scene.tests : createTestCatalogue(files, model?.tests)
    grown = new Set()
    try {
      const taken = yield* takeOver({ catalogue, placing, before: scene, model, tests, now, idOf, grown })
      scene = taken.scene
      version++
      return taken.gone
    } finally {
      grown = undefined
    }
  }

  function idOf(key: string): number {
    const known = ids.get(key)
    if (known !== undefined) return known
    ids.set(key, ids.size)
    return ids.size - 1
  }

  function ownerOf(entity: Entity): number {
    const { category, identity, name } = entity
    if (category in PARTS) {
      const host = find('HOST', entity.attributes.hostId)
      if (host === undefined) return -1
      if (addPart(host, entity)) {
        grown?.add(host.identity)
        placing.rebind(host)
        for (const role of host.members) placing.rebind(role)
      }
      return partOwner(entity)
    }
    const node = find(category, identity) ?? find(category, name)
    if (node !== undefined) return node.id
    if (category !== 'HOST' || scene.model !== undefined) return -1
    return addBare(entity).id
  }

  function addBare({ identity, name, displayName, attributes }: Entity): Node {
    const key = nodeKey('HOST', identity)
    const hostname = attributes.hostname ?? displayName
    const entity = { identity, name, displayName, hostname }
    const node = createNode(idOf(key), 'HOST', entity, true, newTally(Date.now()))
    scene.byKey.set(key, node)
    scene.nodes.push(node)
    version++
    placing.place(scene, node)
    return node
  }

  function facts(given: HealthFacts): number {
    factsAt = Math.max(factsAt, given.at)
    let unknown = 0
    for (const fact of given.hosts ?? []) {
      const node = find('HOST', fact.identity)
      if (node === undefined) unknown++
      else {
        const { failures: _, ...before } = node.hostFact ?? fact
        node.hostFact = { ...before, ...fact }
        if (fact.clockOffsetMs !== undefined)
          put(node, 'clock_offset', Math.abs(fact.clockOffsetMs), given.at)
      }
    }
    for (const fact of given.roles ?? []) {
      const node = find('ROLE', fact.identity)
      if (node === undefined) unknown++
      else {
        const { problem: _, exit: __, failures: ___, ...before } = node.roleFact ?? fact
        node.roleFact = { ...before, ...fact }
      }
    }
    for (const fact of given.services ?? []) {
      const node = find('SERVICE', fact.identity)
      if (node === undefined) unknown++
      else node.serviceFact = { ...node.serviceFact, ...fact }
    }
    for (const { category, identity, metric, value, at, message } of given.values ?? []) {
      const node = find(category, identity)
      if (node === undefined) unknown++
      else put(node, metric.toLowerCase(), value, at, message)
    }
    return unknown
  }

  function put(node: Node, metric: string, value: number, at: number, message?: string): void {
    for (let slot = streams.firstSlot(metric, node.id); slot >= 0; slot = streams.next(slot))
      streams.put(slot, at, value)
    if (message === undefined) node.messages?.delete(metric)
    else {
      node.messages ??= new Map()
      if (node.messages.size < MOST_MESSAGES || node.messages.has(metric)) node.messages.set(metric, message)
    }
  }

  return {
    get nodes() {
      return scene.nodes
    },
    get table() {
      return scene.table
    },
    get tests() {
      return scene.tests
    },
    get model() {
      return scene.model
    },
    get version() {
      return version
    },
    get factsAt() {
      return factsAt
    },
    find,
    takeOver: take,
    facts,
    ownerOf,
    forget(before) {
      const gone = scene.nodes.filter((node) => {
        if (!node.bare) return false
        const entity = catalogue.findEntity('HOST', node.identity)
        return entity !== undefined && catalogue.lastSeen(entity.index) < before
      })
      if (gone.length > 0) {
        const away = new Set(gone)
        for (const node of gone) scene.byKey.delete(nodeKey('HOST', node.identity))
        scene.nodes = scene.nodes.filter((node) => !away.has(node))
      }
      return gone
    },
  }
}
