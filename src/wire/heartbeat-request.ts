import {
  type CheckFailure,
  type ClientConfigReport,
  type CommandReport,
  type DesiredFault,
  type HeartbeatRequest,
  type HostFacts,
  MAX_TAIL_BYTES,
  type ProcessReport,
  processStates,
} from './heartbeat.js'
import { BIG, id, problem, revision, signalName, time, word } from './heartbeat-checks.js'
import { type Check, finite, list, oneOf, optional, shape, text, truth, whole } from './shape.js'

const facts = shape<HostFacts>({
  hostname: text(255),
  addresses: list(text(64), 1000),
  cores: whole(0, 100_000),
  physicalCores: optional(whole(0, 100_000)),
  memory: whole(0, BIG),
  os: shape({ name: text(200), version: text(200), kernel: text(200), arch: text(64) }),
  mounts: list(
    shape({
      mountpoint: text(4096),
      device: text(4096),
      type: text(64),
      capacity: optional(finite),
      free: optional(finite),
    }) as Check<HostFacts['mounts'][number]>,
    2000,
  ),
  switchesUser: truth,
  cgroups: truth,
})

const failures = optional(list(shape<CheckFailure>({ metric: text(200), message: text(500) }), 50))

const processReport = shape<ProcessReport>({
  id,
  name: text(255),
  state: oneOf(...processStates),
  since: time,
  pid: optional(whole(1, BIG)),
  startedAt: optional(time),
  exit: optional(
    shape({ at: time, code: optional(whole(0, 255)), signal: optional(signalName) }) as Check<
      NonNullable<ProcessReport['exit']>
    >,
  ),
  restarts: revision,
  unexpectedExits: revision,
  revision,
  problem,
  failures,
})

const request = shape<HeartbeatRequest>({
  protocol: whole(0, BIG),
  hostId: word,
  instanceId: word,
  bootId: text(64),
  sequence: whole(1, BIG),
  term: revision,
  deploymentId: optional(text(64)),
  agentVersion: text(64),
  facts: optional(facts),
  generation: revision,
  settled: truth,
  faults: list(shape<DesiredFault>({ path: text(4000), message: text(4000), id: optional(id) }), 1000),
  processes: list(processReport, 10_000),
  failures,
  clientConfigs: list(
    shape<ClientConfigReport>({
      name: text(255),
      revision,
      state: oneOf('DEPLOYED', 'FAILED'),
      problem,
    }),
    1000,
  ),
  commands: list(
    shape<CommandReport>({
      id: text(64),
      ok: truth,
      message: optional(text(4000)),
      output: optional(text(MAX_TAIL_BYTES)),
    }),
    1000,
  ),
  clock: time,
  clockOffset: optional(finite),
  waitMs: whole(0, 600_000),
  holdable: optional(truth),
})

/** What a beat's body holds. Throws ShapeError, which names what is wrong and where. */
export const parseHeartbeatRequest = (value: unknown): HeartbeatRequest => request(value, '')
