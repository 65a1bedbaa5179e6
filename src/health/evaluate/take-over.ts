import type { Catalogue } from '../../metrics/index.js'
import type { HealthModel } from '../../wire/health.js'
import { createNode, NONE, type Node, newTally, nodeKey } from './nodes.js'
import { addPart, PARTS } from './parts.js'
import type { Placing } from './place.js'
import { createScene, findIn, type Scene } from './scene.js'

export interface TakeOverOptions {
  readonly catalogue: Pick<Catalogue, 'entityAt' | 'entitiesIn'>
  readonly placing: Placing
  /** What is there; it stays as it is, and goes on getting facts, results and parts. */
  readonly before: Scene
  readonly model: HealthModel | undefined
  readonly tests: Scene['tests']
  readonly now: number
  /** The number of an entity's slots, for ever. */
  readonly idOf: (key: string) => number
  /** Identities of hosts to which parts come meanwhile. */
  readonly grown: Set<string>
}

export interface TakenOver {
  readonly scene: Scene
  /** Nodes of the scene before that have no place in it. */
  readonly gone: Node[]
}

/** Steps in one turn: a millisecond or two, and less than what a listener for samples may take. */
export const TURN = 1_500

/**
 * Makes a scene of a model and what is known from the scene before, turn by turn, so that others get theirs. Results stay with
 * those tests that are still there. No evaluation may go on meanwhile: results that are copied already would be lost.
 */
export function* takeOver(options: TakeOverOptions): Generator<void, TakenOver, void> {
  const { catalogue, placing, before, model, tests, now, idOf, grown } = options
  const scene = createScene(model, tests, Math.max(1024, Math.ceil(before.table.rows * 1.1)))
  const { byKey } = scene
  let steps = 0
  let placed = placing.steps
  const isLong = (): boolean => {
    if (++steps + placing.steps - placed < TURN) return false
    steps = 0
    placed = placing.steps
    return true
  }

  const lists: Record<'HOST' | 'ROLE' | 'SERVICE' | 'CLUSTER', Node[]> = {
    HOST: [],
    ROLE: [],
    SERVICE: [],
    CLUSTER: [],
  }
  const given: [Node['category'], readonly Node['entity'][]][] = [
    ['CLUSTER', model?.clusters ?? []],
    ['SERVICE', model?.services ?? []],
    ['HOST', model?.hosts ?? []],
    ['ROLE', model?.roles ?? []],
  ]
  let hasNewHosts = false
  for (const [category, entities] of given)
    for (const entity of entities) {
      if (isLong()) yield
      const key = nodeKey(category, entity.identity)
      if (byKey.has(key)) continue
      const known = before.byKey.get(key)
      const node = createNode(known?.id ?? idOf(key), category, entity, false, known?.tally ?? newTally(now))
      if (known) carry(node, known)
      else if (category === 'HOST') hasNewHosts = true
      node.suppressed = entity.suppressed?.length ? new Set(entity.suppressed) : NONE
      byKey.set(key, node)
      lists[category].push(node)
    }

  const link = (node: Node, owner: Node | undefined) => {
    owner?.members.push(node)
    return owner
  }
  for (const node of [...lists.SERVICE, ...lists.HOST]) {
    if (isLong()) yield
    node.cluster = link(node, findIn(scene, 'CLUSTER', node.entity.cluster))
  }
  for (const node of lists.ROLE) {
    if (isLong()) yield
    node.service = link(node, findIn(scene, 'SERVICE', node.entity.service))
    node.host = link(node, findIn(scene, 'HOST', node.entity.host))
    node.cluster = node.service?.cluster
  }
  scene.nodes = [...lists.HOST, ...lists.ROLE, ...lists.SERVICE, ...lists.CLUSTER]

  // Hosts that were there have their parts: later ones have come to them as they were seen first.
  if (hasNewHosts)
    for (const category of Object.keys(PARTS))
      for (const index of catalogue.entitiesIn(category)) {
        if (isLong()) yield
        const entity = catalogue.entityAt(index)
        const host = findIn(scene, 'HOST', entity.attributes.hostId)
        if (host !== undefined && addPart(host, entity) && findIn(before, 'HOST', host.identity))
          grown.add(host.identity)
      }

  for (const node of scene.nodes) {
    if (isLong()) yield
    const known = before.byKey.get(nodeKey(node.category, node.identity))
    const host = node.category === 'HOST' ? node : node.host
    const isGrown = host !== undefined && grown.has(host.identity)
    placing.place(
      scene,
      node,
      known?.bare === false ? { node: known, table: before.table, grown: isGrown } : undefined,
    )
  }
  // Without a manager every host that sends metrics is looked after.
  if (model === undefined)
    for (const [key, node] of before.byKey)
      if (node.bare) {
        if (isLong()) yield
        const kept: Node = { ...node }
        byKey.set(key, kept)
        scene.nodes.push(kept)
        placing.place(scene, kept, { node, table: before.table, grown: grown.has(node.identity) })
      }

  const gone: Node[] = []
  for (const [key, node] of before.byKey) {
    if (isLong()) yield
    if (!byKey.has(key)) gone.push(node)
  }
  // Parts that came when their host had its place already. While they are given theirs, more may come.
  for (const identity of grown) {
    grown.delete(identity)
    const host = findIn(scene, 'HOST', identity)
    if (host === undefined) continue
    placing.rebind(host)
    for (const role of host.members) {
      if (isLong()) yield
      placing.rebind(role)
    }
  }
  return { scene, gone }
}

function carry(node: Node, known: Node): void {
  node.summary = known.summary
  node.since = known.since
  node.at = known.at
  node.hostFact = known.hostFact
  // What was wanted when the facts were sent is in the model by now.
  if (known.roleFact) {
    const { expected: _, since: __, busy: ___, ...rest } = known.roleFact
    node.roleFact = rest
  }
  node.messages = known.messages
  node.parts = known.parts
  node.reported = known.reported
  node.maintained = known.maintained
}
