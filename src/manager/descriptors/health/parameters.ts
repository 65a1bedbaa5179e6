import {
  type HealthParameter,
  type HealthTestDefinition,
  healthParameters,
} from '../../../wire/health-tests.js'
import { type Parameter, parameter, type Scope, type Unit, units } from '../model/parameter.js'
import { ourHealthTests } from './tests.js'

type Kind = Parameters<typeof healthParameters>[1]

/** What the tests of a kind of entity take from the configuration, as parameters of it. */
export function parametersOfTests(
  kind: Kind,
  scope: Scope,
  also: readonly HealthTestDefinition[] = [],
): Parameter[] {
  return healthParameters([...ourHealthTests(), ...also], kind).map((each) => parameterOf(each, scope))
}

function parameterOf(
  { name, label, description, type, unit, default: standard }: HealthParameter,
  scope: Scope,
): Parameter {
  return parameter({
    name,
    label,
    description,
    type,
    default: standard,
    scope,
    purpose: 'HEALTH',
    emitted: false,
    ...(type === 'long' ? { min: 1, ...unitOf(unit) } : {}),
  })
}

const unitOf = (unit: string | undefined): { unit?: Unit } =>
  units.some((each) => each === unit) ? { unit: unit as Unit } : {}

/** Triggers of what has no descriptor: hosts and clusters. */
export const triggersParameter = (name: string): Parameter =>
  parameter({
    name,
    label: 'Triggers',
    description: 'Conditions of one’s own that change the health, as JSON.',
    type: 'text',
    default: '[]',
    scope: 'SERVICE',
    purpose: 'HEALTH',
    emitted: false,
  })
