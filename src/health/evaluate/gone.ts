import { createHash } from 'node:crypto'
import type { HealthCategory, HealthChange, HealthEntityRef, HealthTestResult } from '../../wire/health.js'
import { BAD, CONCERNING, DISABLED, type Health, summaryOf } from '../summary.js'
import { maintenanceOwners, type Node } from './nodes.js'
import type { Remembered } from './place.js'
import { refOf } from './ref.js'
import type { Table } from './table.js'

const isTrouble = (health: Health) => health === BAD || health === CONCERNING

/** An entity that is no more, with what was known of it. */
export interface Gone {
  readonly entity: HealthEntityRef
  readonly summary: Health
  readonly since: number
  readonly tests: readonly { name: string; label: string; summary: Health }[]
  readonly maintenance: boolean
  readonly alerts?: boolean | undefined
}

/** `table`: the one that the node's rows are in. */
export function goneOf(node: Node, table: Table): Gone {
  const tests = node.profile.tests.map(({ name, definition }, i) => ({
    name,
    label: definition.label,
    summary: table.summary[node.first + i] as Health,
  }))
  return {
    entity: refOf(node),
    summary: node.summary,
    since: node.since,
    tests: [...tests, ...(node.reported?.values() ?? [])],
    maintenance: maintenanceOwners(node).length > 0,
    alerts: node.entity.alerts,
  }
}

/**
 * The last change of an entity that is no more: its trouble ends with it. Undefined when it had none. Has the same id when it is
 * found again after a crash.
 */
export function lastChange(gone: Gone, why: string, at: number): HealthChange | undefined {
  const { entity, summary, since, alerts } = gone
  if (!isTrouble(summary)) return undefined
  const from = summaryOf(summary)
  const id = createHash('sha256')
    .update(`${entity.category}\0${entity.identity}\0${since}\0${from}\0gone`)
    .digest('hex')
    .slice(0, 32)
  const tests = gone.tests
    .filter((test) => isTrouble(test.summary))
    .map((test): HealthTestResult & { from: HealthChange['from'] } => ({
      test: test.name,
      label: test.label,
      summary: 'DISABLED',
      explanation: why,
      advice: '',
      at,
      since: at,
      suppressed: false,
      from: summaryOf(test.summary),
    }))
  return {
    id,
    entity,
    at,
    from,
    to: 'DISABLED',
    since: at,
    tests,
    maintenance: gone.maintenance,
    ...(alerts === undefined ? {} : { alerts }),
    startup: false,
    gone: why,
  }
}

/** What was remembered and nobody has claimed. */
export const goneOfRemembered = (remembered: Remembered): Gone[] =>
  [...remembered].map(([key, states]): Gone => {
    const [category = '', identity = ''] = key.split('\0')
    const whole = states.get('')
    return {
      entity: {
        category: category as HealthCategory,
        identity,
        name: identity,
        displayName: identity,
        hosts: [],
      },
      summary: whole?.health ?? DISABLED,
      since: whole?.since ?? 0,
      tests: [...states]
        .filter(([name]) => name !== '')
        .map(([name, { health }]) => ({ name, label: name, summary: health })),
      maintenance: false,
    }
  })
