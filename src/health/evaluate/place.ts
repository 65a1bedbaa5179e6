import type { HealthConfig } from '../../wire/health.js'
import type { Health } from '../summary.js'
import type { Kind } from '../tests/catalogue.js'
import { type Input, type Node, nodeKey, type Profile, type Reported } from './nodes.js'
import { partsOf } from './parts.js'
import { type BoundTest, bindTest, NO_CONFIG } from './profile.js'
import type { Scene } from './scene.js'
import type { Streams } from './streams.js'
import type { Table } from './table.js'

export interface RememberedState {
  readonly health: Health
  readonly since: number
}

/** By entity (`nodeKey`) and test what was known when the monitor ran last; what has found its entity is taken out. */
export type Remembered = Map<string, Map<string, RememberedState>>

/** The same entity in the scene before. */
export interface Known {
  readonly node: Node
  readonly table: Table
  /** Parts have come to the host of the entity since. */
  readonly grown: boolean
}

/** Gives entities their tests, their rows, and the places of their figures. */
export interface Placing {
  /** Results of tests that the entity had before stay. */
  place(scene: Scene, node: Node, known?: Known): void
  /** Parts have come: tests that look at parts find theirs anew. */
  rebind(node: Node): void
  /** Grows with the work done: by one for about a microsecond. */
  readonly steps: number
}

export function createPlacing(streams: Streams, remembered: Remembered): Placing {
  let steps = 0

  function profileOf(scene: Scene, kind: Kind, config: string | undefined): Profile {
    const key = [kind.on, kind.serviceType, kind.roleType, kind.roleTypes?.join(), config].join('\0')
    let profile = scene.profiles.get(key)
    if (profile === undefined) {
      const settings: HealthConfig = (config !== undefined && scene.model?.configs[config]) || NO_CONFIG
      const values = valuesOf(scene, settings, config)
      const tests = scene.tests.testsOf(kind).map((test) => bindTest(test, settings, values, streams))
      steps += 4 * tests.length
      profile = { tests }
      scene.profiles.set(key, profile)
    }
    return profile
  }

  function valuesOf({ configs }: Scene, settings: HealthConfig, config: string | undefined) {
    const known = config === undefined ? undefined : configs.get(config)
    if (known !== undefined) return known
    const values = new Map(
      Object.entries(settings.values).map(([name, value]) => [name.toLowerCase(), value] as const),
    )
    steps += values.size
    if (config !== undefined) configs.set(config, values)
    return values
  }

  function place(scene: Scene, node: Node, known?: Known): void {
    const { table } = scene
    node.profile = profileOf(scene, kindOf(node), node.entity.config)
    const { tests } = node.profile
    node.first = table.add(tests.length)
    node.inputs = tests.map((test, i) => sameInputs(node, known, i) ?? inputsOf(node, test))
    steps += 1 + 2 * tests.length
    if (known !== undefined) {
      const rows = new Map(known.node.profile.tests.map(({ name }, i) => [name, known.node.first + i]))
      tests.forEach(({ name }, i) => {
        const row = rows.get(name)
        if (row !== undefined) table.copy(node.first + i, known.table, row)
      })
      if (known.node.badSince?.size) node.badSince = moved(known.node, node)
    }
    restore(scene, node)
  }

  function inputsOf(node: Node, test: BoundTest): readonly Input[] {
    const { source } = test.definition
    const { main, divisor, status } = test
    if (main === undefined && status === undefined) return []
    const input = (owner: number, label: string, member?: Node): Input => {
      steps++
      return {
        main: main === undefined ? -1 : streams.slot(main, owner),
        divisor: divisor === undefined ? -1 : streams.slot(divisor, owner),
        status: status === undefined ? -1 : streams.slot(status, owner),
        label,
        ...(member && { node: member }),
      }
    }
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

  /** What was known of it when the monitor ran last, or when it was last here. */
  function restore({ table }: Scene, node: Node): void {
    const key = nodeKey(node.category, node.identity)
    const states = remembered.get(key)
    if (states === undefined) return
    remembered.delete(key)
    steps += states.size
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

  return {
    place,
    rebind(node) {
      node.inputs = node.profile.tests.map((test, i) =>
        'of' in test.definition.source && test.definition.source.kind === 'metric'
          ? inputsOf(node, test)
          : (node.inputs[i] ?? []),
      )
      steps += node.inputs.length
    },
    get steps() {
      return steps
    },
  }
}

function kindOf({ category, entity, members, service }: Node): Kind {
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

/** Where the figures of a test came from before, if that cannot have changed. */
function sameInputs(node: Node, known: Known | undefined, i: number): readonly Input[] | undefined {
  const before = known?.node.profile.tests[i]
  const test = node.profile.tests[i]!
  if (known === undefined || before === undefined || node.category === 'SERVICE') return undefined
  const host = node.category === 'HOST' ? node : node.host
  const oldHost = node.category === 'HOST' ? known.node : known.node.host
  // The list of a host's parts stays the same one as long as the host is there.
  if (host?.parts !== oldHost?.parts || known.grown) return undefined
  const isSame =
    before.definition === test.definition &&
    before.main === test.main &&
    before.divisor === test.divisor &&
    before.status === test.status &&
    before.paths?.join('\0') === test.paths?.join('\0')
  return isSame ? known.node.inputs[i] : undefined
}

const label = ({ entity }: Node) => entity.displayName ?? entity.name

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
