/** Checks of what comes to the monitor by `PUT /health/model` and `POST /health/facts`. */
import {
  HEALTH_CATEGORIES,
  HEALTH_LIMITS,
  type HealthCluster,
  type HealthConfig,
  type HealthFacts,
  type HealthHost,
  type HealthModel,
  type HealthRole,
  type HealthService,
  type HostFact,
  type RoleFact,
  type ServiceFact,
  type ValueFact,
} from './health.js'
import { testDefinition } from './health-tests.js'
import { type CheckFailure, processStates } from './heartbeat.js'
import { type Check, finite, list, oneOf, optional, record, shape, text, truth, whole } from './shape.js'

const LONGEST = HEALTH_LIMITS.name
const name = text(LONGEST, /./s, 'a text that is not empty')
const optionalText = optional(text(LONGEST))
const time: Check<number> = whole(0, 8.64e15)
const term = whole(0, Number.MAX_SAFE_INTEGER)
const expected = oneOf('RUNNING', 'STOPPED')
const commission = oneOf('COMMISSIONED', 'DECOMMISSIONING', 'DECOMMISSIONED')
const entities = HEALTH_LIMITS.entities
const failures = optional(list(shape<CheckFailure>({ metric: text(200), message: text(500) }), 50))

const base = {
  identity: name,
  name,
  displayName: optionalText,
  config: optional(name),
  suppressed: optional(list(text(200), 1_000)),
  maintenance: optional(truth),
  alerts: optional(truth),
}

const config = shape<HealthConfig>({
  values: record(text(100_000), 5_000),
  paths: optional(record(list(text(4_096), 1_000), 100)),
})

const model = shape<HealthModel>({
  term,
  version: term,
  configs: record(config, HEALTH_LIMITS.configs),
  clusters: list(shape<HealthCluster>(base), entities),
  services: list(
    shape<HealthService>({
      ...base,
      type: name,
      serviceName: name,
      cluster: optional(name),
      expected,
      busy: optionalText,
    }),
    entities,
  ),
  hosts: list(
    shape<HealthHost>({
      ...base,
      hostname: name,
      rackId: optionalText,
      cluster: optional(name),
      commission: optional(commission),
    }),
    entities,
  ),
  roles: list(
    shape<HealthRole>({
      ...base,
      type: name,
      service: name,
      host: name,
      expected,
      since: optional(time),
      busy: optionalText,
      commission: optional(commission),
    }),
    entities,
  ),
  tests: optional(list(testDefinition, HEALTH_LIMITS.tests)),
})

const facts = shape<HealthFacts>({
  term,
  at: time,
  hosts: optional(
    list(
      shape<HostFact>({
        identity: name,
        lastHeartbeat: optional(time),
        heartbeatIntervalMs: optional(whole(1, 86_400_000)),
        clockOffsetMs: optional(finite),
        failures,
      }),
      HEALTH_LIMITS.facts,
    ),
  ),
  roles: optional(
    list(
      shape<RoleFact>({
        identity: name,
        state: optional(oneOf(...processStates, 'ABSENT')),
        startedAt: optional(time),
        exit: optional(
          shape<NonNullable<RoleFact['exit']>>({
            at: time,
            code: optional(whole(-1_000_000, 1_000_000)),
            signal: optional(text(20)),
          }),
        ),
        problem: optional(text(1_000)),
        expected: optional(expected),
        since: optional(time),
        busy: optionalText,
        failures,
      }),
      HEALTH_LIMITS.facts,
    ),
  ),
  services: optional(
    list(
      shape<ServiceFact>({ identity: name, expected: optional(expected), busy: optionalText }),
      HEALTH_LIMITS.facts,
    ),
  ),
  values: optional(
    list(
      shape<ValueFact>({
        category: oneOf(...HEALTH_CATEGORIES),
        identity: name,
        metric: name,
        value: finite,
        at: time,
        message: optional(text(1_000)),
      }),
      HEALTH_LIMITS.facts,
    ),
  ),
})

/** Throws `ShapeError` with the path of what is wrong. What is unknown is left out: a newer manager may send more. */
export const readHealthModel = (value: unknown): HealthModel => model(value, '')

/** Throws `ShapeError` likewise. */
export const readHealthFacts = (value: unknown): HealthFacts => facts(value, '')
