import type { Catalogue, Entity } from '../../metrics/index.js'
import type { HealthConfig, HealthFacts, HealthModel } from '../../wire/health.js'
import type { HealthTestFile } from '../../wire/health-tests.js'
import type { Health } from '../summary.js'
import { createTestCatalogue, type Kind, type TestCatalogue } from '../tests/catalogue.js'
import {
  createNode,
  type Input,
  NONE,
  type Node,
  nodeKey,
  type Part,
  type Profile,
  type Reported,
} from './nodes.js'
import { type BoundTest, bindTest, NO_CONFIG } from './profile.js'
import type { Streams } from './streams.js'
import { createTable, type Table } from './table.js'

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
  /** Takes a model over; results stay with those tests that are still there. Returns who is gone. `undefined`: there is none. */
  apply(model: HealthModel | undefined, now: number): Node[]
  /** Takes facts over; returns how many are of entities that are not there. */
  facts(facts: HealthFacts): number
  /** The owner of the entity's slots, -1 when nobody asks for its figures. A new entity finds its place by this. */
  ownerOf(entity: Entity): number
  /** Gives up bare hosts of which nothing has been heard since. */
  forget(before: number): Node[]
}

const PARTS: Readonly<Record<string, string>> = {
  FILESYSTEM: 'mountpoint',
  NETWORK_INTERFACE: 'iface',
  DISK: 'device',
}
/** Above the numbers of nodes, and small enough to be a quick key. */
const PART_OWNERS = 0x4000_0000
const MOST_MESSAGES = 20

export interface PictureOptions {
  readonly catalogue: Pick<Catalogue, 'entityAt' | 'entitiesIn' | 'findEntity' | 'lastSeen'>
  readonly streams: Streams
  readonly files: readonly HealthTestFile[]
  /** By entity (`nodeKey`) and test what was known before; what has found its entity is taken out. */
  readonly remembered: Map<string, Map<string, RememberedState>>
}

export interface RememberedState {
  readonly health: Health
  readonly since: number
}

export function createPicture({ catalogue, streams, files, remembered }: PictureOptions): Picture {
  let tests = createTestCatalogue(files)
  let model: HealthModel | undefined
  let nodes: Node[] = []
  let table = createTable()
  let byKey = new Map<string, Node>()
  let profiles = new Map<string, Profile>()
  let configs = new Map<string, ReadonlyMap<string, string>>()
  /** Numbers are never used again: slots of what is gone stay as they are. */
  const ids = new Map<string, number>()
  /** Hosts to which parts have come. */
  const grown = new Set<Node>()
  let factsAt = 0
  let version = 0

  const configOf = (key: string | undefined): HealthConfig =>
    (key !== undefined && model?.configs[key]) || NO_CONFIG

  function profileOf(kind: Kind, config: string | undefined): Profile {
    const key = [kind.on, kind.serviceType, kind.roleType, kind.roleTypes?.join(), config].join('\0')
    let profile = profiles.get(key)
    if (profile === undefined) {
      const settings = configOf(config)
      let values = config === undefined ? undefined : configs.get(config)
      if (values === undefined) {
        values = new Map(Object.entries(settings.values).map(([name, value]) => [name.toLowerCase(), value]))
        if (config !== undefined) configs.set(config, values)
      }
      const given = values
      profile = { tests: tests.testsOf(kind).map((test) => bindTest(test, settings, given, streams)) }
      profiles.set(key, profile)
    }
    return profile
  }

  function kindOf(node: Node): Kind {
    const { category, entity, members, service } = node
    if (category === 'ROLE')
      return {
        on: 'ROLE',
        ...(service?.entity.type !== undefined && { serviceType: service.entity.type }),
        ...(entity.type !== undefined && { roleType: entity.type }),
      }
    if (category !== 'SERVICE') return { on: category }
    const roleTypes = [...new Set(members.map((member) => member.entity.type ?? ''))].sort()
    return { on: 'SERVICE', ...(entity.type !== undefined && { serviceType: entity.type }), roleTypes }
  }

  function apply(next: HealthModel | undefined, now: number): Node[] {
    if (next?.tests !== model?.tests) tests = createTestCatalogue(files, next?.tests)
    const before = byKey
    const oldTable = table
    model = next
    version++
    byKey = new Map()
    profiles = new Map()
    configs = new Map()
    nodes = []
    table = createTable(Math.max(1024, Math.ceil(oldTable.rows * 1.1)))
    const lists: Record<'clusters' | 'services' | 'hosts' | 'roles', Node[]> = {
      clusters: [],
      services: [],
      hosts: [],
      roles: [],
    }
    const add = (list: Node[], category: Node['category'], entity: Node['entity']) => {
      const key = nodeKey(category, entity.identity)
      if (byKey.has(key)) return
      const known = before.get(key)
      const node = createNode(known?.id ?? idOf(key), category, entity, false, now)
      if (known) carry(node, known)
      node.suppressed = entity.suppressed?.length ? new Set(entity.suppressed) : NONE
      byKey.set(key, node)
      list.push(node)
    }
    for (const each of next?.clusters ?? []) add(lists.clusters, 'CLUSTER', each)
    for (const each of next?.services ?? []) add(lists.services, 'SERVICE', each)
    for (const each of next?.hosts ?? []) add(lists.hosts, 'HOST', each)
    for (const each of next?.roles ?? []) add(lists.roles, 'ROLE', each)
    const link = (node: Node, owner: Node | undefined) => {
      owner?.members.push(node)
      return owner
    }
    for (const node of lists.services) node.cluster = link(node, find('CLUSTER', node.entity.cluster))
    for (const node of lists.hosts) node.cluster = link(node, find('CLUSTER', node.entity.cluster))
    for (const node of lists.roles) {
      node.service = link(node, find('SERVICE', node.entity.service))
      node.host = link(node, find('HOST', node.entity.host))
      node.cluster = node.service?.cluster
    }
    nodes = [...lists.hosts, ...lists.roles, ...lists.services, ...lists.clusters]
    // Hosts that were there have their parts: later ones have come to them as they were seen first.
    grown.clear()
    if (lists.hosts.some(({ identity }) => !before.has(nodeKey('HOST', identity))))
      for (const category of Object.keys(PARTS))
        for (const index of catalogue.entitiesIn(category)) addPart(catalogue.entityAt(index))
    for (const node of nodes) {
      const known = before.get(nodeKey(node.category, node.identity))
      place(node, known?.bare === false ? known : undefined, oldTable)
    }
    // Without a manager every host that sends metrics is looked after.
    if (next === undefined) for (const [key, node] of before) if (node.bare) keepBare(key, node, oldTable)
    return [...before].filter(([key]) => !byKey.has(key)).map(([, node]) => node)
  }

  function idOf(key: string): number {
    const known = ids.get(key)
    if (known !== undefined) return known
    ids.set(key, ids.size)
    return ids.size - 1
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
    node.spent.set(known.spent)
    node.countedAt = known.countedAt
  }

  /** Gives the node its tests and rows; results of tests that it had before stay. */
  function place(node: Node, known: Node | undefined, oldTable: Table): void {
    node.profile = profileOf(kindOf(node), node.entity.config)
    node.first = table.add(node.profile.tests.length)
    node.inputs = node.profile.tests.map((test, i) => sameInputs(node, known, i) ?? inputsOf(node, test))
    if (known !== undefined) {
      const rows = new Map(known.profile.tests.map(({ name }, i) => [name, known.first + i]))
      node.profile.tests.forEach(({ name }, i) => {
        const row = rows.get(name)
        if (row !== undefined) table.copy(node.first + i, oldTable, row)
      })
      if (known.badSince?.size) node.badSince = moved(known, node)
    }
    restore(node)
  }

  /** Where the figures of a test came from before, if that cannot have changed. */
  function sameInputs(node: Node, known: Node | undefined, i: number): readonly Input[] | undefined {
    const before = known?.profile.tests[i]
    const test = node.profile.tests[i]!
    if (known === undefined || before === undefined || node.category === 'SERVICE') return undefined
    const host = node.category === 'HOST' ? node : node.host
    const oldHost = node.category === 'HOST' ? known : known.host
    // The list of a host's parts stays the same one as long as the host is there.
    if (host?.parts !== oldHost?.parts || (host !== undefined && grown.has(host))) return undefined
    const isSame =
      before.definition === test.definition &&
      before.main === test.main &&
      before.divisor === test.divisor &&
      before.status === test.status &&
      before.paths?.join('\0') === test.paths?.join('\0')
    return isSame ? known.inputs[i] : undefined
  }

  /** What was known of it when the monitor ran last, or when it was last here. */
  function restore(node: Node): void {
    const key = nodeKey(node.category, node.identity)
    const states = remembered.get(key)
    if (states === undefined) return
    remembered.delete(key)
    const whole = states.get('')
    if (whole !== undefined) {
      node.summary = whole.health
      node.since = whole.since
    }
    node.profile.tests.forEach(({ name }, i) => {
      const state = states.get(name)
      if (state === undefined) return
      table.summary[node.first + i] = state.health
      table.since[node.first + i] = state.since
    })
    const own = new Set(['', ...node.profile.tests.map(({ name }) => name)])
    for (const [name, { health, since }] of states) {
      if (own.has(name) || node.reported?.has(name)) continue
      node.reported ??= new Map()
      node.reported.set(name, recalled(name, health, since))
    }
  }

  function keepBare(key: string, node: Node, oldTable: Table): void {
    const kept: Node = { ...node, parts: node.parts }
    byKey.set(key, kept)
    nodes.push(kept)
    place(kept, node, oldTable)
  }

  function inputsOf(node: Node, test: BoundTest): readonly Input[] {
    const { source } = test.definition
    const { main, divisor, status } = test
    if (main === undefined && status === undefined) return []
    const input = (owner: number, label: string, member?: Node): Input => ({
      main: main === undefined ? -1 : streams.slot(main, owner),
      divisor: divisor === undefined ? -1 : streams.slot(divisor, owner),
      status: status === undefined ? -1 : streams.slot(status, owner),
      label,
      ...(member && { node: member }),
    })
    if (source.kind === 'pair')
      return node.members
        .filter((member) => member.entity.type === source.roleType)
        .map((member) => input(member.id, label(member), member))
    const roleTypes =
      source.kind === 'metric'
        ? source.from?.roleTypes
        : source.kind === 'canary'
          ? source.roleTypes
          : undefined
    if (roleTypes !== undefined && node.category === 'SERVICE')
      return [
        input(node.id, ''),
        ...node.members
          .filter((member) => roleTypes.includes(member.entity.type ?? ''))
          .map((member) => input(member.id, label(member), member)),
      ]
    if (source.kind === 'metric' && source.of !== undefined)
      return partsOf(node, test).map((part) => input(part.owner, part.label))
    return [input(node.id, '')]
  }

  function partsOf(node: Node, { definition: { source }, paths }: BoundTest): Part[] {
    if (source.kind !== 'metric') return []
    const host = node.category === 'HOST' ? node : node.host
    const parts = (host?.parts ?? []).filter(({ category }) => category === source.of)
    if (paths !== undefined) return holding(parts, paths)
    const { except = [] } = source
    return parts.filter(
      ({ attributes }) =>
        !except.some(({ attribute, prefixes }) =>
          prefixes.some((prefix) => attributes[attribute]?.startsWith(prefix)),
        ),
    )
  }

  function addPart(entity: Entity): number {
    const attribute = PARTS[entity.category]
    const { hostId } = entity.attributes
    if (attribute === undefined || hostId === undefined) return -1
    const host = find('HOST', hostId)
    if (host === undefined) return -1
    const owner = PART_OWNERS + entity.index
    if (!host.parts.some((part) => part.owner === owner)) {
      grown.add(host)
      host.parts.push({
        owner,
        category: entity.category,
        label: entity.attributes[attribute] ?? entity.name,
        attributes: entity.attributes,
      })
    }
    return owner
  }

  const find = (category: string, identity: string | undefined) =>
    identity === undefined ? undefined : byKey.get(nodeKey(category, identity))

  function rebind(node: Node): void {
    node.inputs = node.profile.tests.map((test, i) =>
      'of' in test.definition.source && test.definition.source.kind === 'metric'
        ? inputsOf(node, test)
        : (node.inputs[i] ?? []),
    )
  }

  function ownerOf(entity: Entity): number {
    const { category, identity, name } = entity
    if (category in PARTS) {
      const host = find('HOST', entity.attributes.hostId)
      const had = host?.parts.length
      const owner = addPart(entity)
      if (host !== undefined && host.parts.length !== had) {
        grown.delete(host)
        rebind(host)
        for (const role of host.members) rebind(role)
      }
      return owner
    }
    const node = find(category, identity) ?? find(category, name)
    if (node !== undefined) return node.id
    if (category !== 'HOST' || model !== undefined) return -1
    return addBare(entity).id
  }

  function addBare({ identity, name, displayName, attributes }: Entity): Node {
    const key = nodeKey('HOST', identity)
    const hostname = attributes.hostname ?? displayName
    const node = createNode(idOf(key), 'HOST', { identity, name, displayName, hostname }, true, Date.now())
    byKey.set(key, node)
    nodes.push(node)
    version++
    place(node, undefined, table)
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
      return nodes
    },
    get table() {
      return table
    },
    get tests() {
      return tests
    },
    get model() {
      return model
    },
    get version() {
      return version
    },
    get factsAt() {
      return factsAt
    },
    find,
    apply,
    facts,
    ownerOf,
    forget(before) {
      const gone = nodes.filter((node) => {
        if (!node.bare) return false
        const entity = catalogue.findEntity('HOST', node.identity)
        return entity !== undefined && catalogue.lastSeen(entity.index) < before
      })
      if (gone.length > 0) {
        const away = new Set(gone)
        for (const node of gone) byKey.delete(nodeKey('HOST', node.identity))
        nodes = nodes.filter((node) => !away.has(node))
      }
      return gone
    },
  }
}

const label = ({ entity }: Node) => entity.displayName ?? entity.name

/** The file systems that hold the folders: of each the one with the longest mount point that leads to it. */
function holding(parts: readonly Part[], paths: readonly string[]): Part[] {
  const found = new Set<Part>()
  for (const path of paths) {
    let best: Part | undefined
    for (const part of parts) {
      const inside = part.label === '/' || path === part.label || path.startsWith(`${part.label}/`)
      if (inside && (best === undefined || part.label.length > best.label.length)) best = part
    }
    if (best !== undefined) found.add(best)
  }
  return [...found]
}

/** Since when tests have been bad, by their new places. */
function moved(from: Node, to: Node): Map<number, number> {
  const since = new Map<number, number>()
  to.profile.tests.forEach(({ name }, i) => {
    const before = from.badSince?.get(from.profile.tests.findIndex((test) => test.name === name))
    if (before !== undefined) since.set(i, before)
  })
  return since
}

const recalled = (name: string, summary: Health, since: number): Reported => ({
  name,
  label: name,
  summary,
  explanation: 'As it was when it was evaluated last.',
  advice: '',
  suppressed: false,
  at: since,
  since,
  recalled: true,
})
