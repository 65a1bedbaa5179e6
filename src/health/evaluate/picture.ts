import type { Catalogue, Entity } from '../../metrics/index.js'
import type { HealthFacts, HealthModel } from '../../wire/health.js'
import type { HealthTestFile } from '../../wire/health-tests.js'
import { createTestCatalogue, type TestCatalogue } from '../tests/catalogue.js'
import { createNode, type Node, newTally, nodeKey } from './nodes.js'
import { addPart, PARTS, partIndex, partOwner } from './parts.js'
import { createPlacing, type Remembered } from './place.js'
import { createScene, findIn } from './scene.js'
import type { Stream, Streams } from './streams.js'
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
  /** Grows when there are entities that had no place before, and when some have theirs no more. */
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
  /**
   * Gives up bare hosts of which nothing has been heard since, and of hosts with very many parts those of which nothing has been
   * heard. Returns the hosts that are gone. Not while a model is taken over.
   */
  forget(before: number): Node[]
  /**
   * What is looked at no more, and takes room: places of figures of those that are gone, and of settings that are in force
   * nowhere. Call it when nobody holds those places any more, and use each piece up in one turn.
   */
  leftOver(gone: readonly Node[]): (() => void)[]
}

const MOST_MESSAGES = 20
/** A host with more parts has had many that came and went, such as interfaces of containers. */
const MANY_PARTS = 500
/** Owners whose places are given up in one piece of work. */
const A_PIECE = 50

export interface PictureOptions {
  readonly catalogue: Pick<Catalogue, 'entityAt' | 'entitiesIn' | 'findEntity' | 'lastSeen'>
  readonly streams: Streams
  readonly files: readonly HealthTestFile[]
  readonly remembered: Remembered
}

export function createPicture({ catalogue, streams, files, remembered }: PictureOptions): Picture {
  const placing = createPlacing(streams, remembered)
  let scene = createScene(undefined, createTestCatalogue(files))
  /** Numbers are never used again: who comes back begins anew. */
  const ids = new Map<string, number>()
  let lastId = -1
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
      for (const { category, identity } of taken.gone) ids.delete(nodeKey(category, identity))
      return taken.gone
    } finally {
      grown = undefined
    }
  }

  function idOf(key: string): number {
    const known = ids.get(key)
    if (known !== undefined) return known
    ids.set(key, ++lastId)
    return lastId
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
      if (grown !== undefined) return []
      const isSilent = (index: number) => catalogue.lastSeen(index) < before
      const gone = scene.nodes.filter((node) => {
        if (node.category === 'HOST') forgetParts(node, isSilent)
        if (!node.bare) return false
        const entity = catalogue.findEntity('HOST', node.identity)
        return entity !== undefined && isSilent(entity.index)
      })
      if (gone.length > 0) {
        const away = new Set(gone)
        for (const { identity } of gone) {
          const key = nodeKey('HOST', identity)
          scene.byKey.delete(key)
          ids.delete(key)
        }
        scene.nodes = scene.nodes.filter((node) => !away.has(node))
        version++
      }
      return gone
    },
    leftOver,
  }

  function forgetParts(host: Node, isSilent: (index: number) => boolean): void {
    if (host.parts.length <= MANY_PARTS) return
    const silent = host.parts.filter(({ owner }) => isSilent(partIndex(owner)))
    if (silent.length === 0) return
    const away = new Set(silent)
    // It stays the same list as long as the host is there.
    host.parts.splice(0, host.parts.length, ...host.parts.filter((part) => !away.has(part)))
    placing.rebind(host)
    for (const role of host.members) placing.rebind(role)
    for (const { owner } of silent) streams.drop(owner)
    version++
  }

  function leftOver(gone: readonly Node[]): (() => void)[] {
    const pieces: (() => void)[] = []
    for (let start = 0; start < gone.length; start += A_PIECE)
      pieces.push(() => {
        for (const { id, category, identity, parts } of gone.slice(start, start + A_PIECE)) {
          streams.drop(id)
          // A host that is back already has the parts that it had.
          if (category !== 'HOST' || find(category, identity)) continue
          for (const { owner } of parts) streams.drop(owner)
        }
      })
    const used = usedStreams()
    for (const stream of streams.all) {
      const owners = used.has(stream) ? [] : streams.ownersOf(stream)
      for (let start = 0; start < owners.length; start += A_PIECE)
        pieces.push(() => {
          // Somebody who asks for it may have come meanwhile.
          if (usedStreams().has(stream)) return
          for (const owner of owners.slice(start, start + A_PIECE)) streams.dropOne(stream, owner)
        })
    }
    return pieces
  }

  function usedStreams(): Set<Stream | undefined> {
    const tests = [...scene.profiles.values()].flatMap((profile) => profile.tests)
    return new Set(tests.flatMap(({ main, divisor, status }) => [main, divisor, status]))
  }
}
