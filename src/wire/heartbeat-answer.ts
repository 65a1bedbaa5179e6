import { each, parseDesired } from './desired-parse.js'
import { type AgentCommand, type DesiredFault, type HeartbeatAnswer, MAX_TAIL_BYTES } from './heartbeat.js'
import { BIG, id, revision, signalName, time } from './heartbeat-checks.js'
import { type Check, oneOf, optional, shape, text, truth, whole } from './shape.js'

const answer = shape<Omit<HeartbeatAnswer, 'desired' | 'commands'>>({
  protocol: whole(0, BIG),
  deploymentId: text(64, /./, 'an id'),
  term: revision,
  sequence: whole(1, BIG),
  generation: revision,
  nextIntervalMs: whole(0, 3_600_000),
  clock: shape({ received: time, sent: time }),
  wantFacts: optional(truth),
  agentToken: optional(text(4000, /^[\x21-\x7e]+$/, 'a token of printable characters')),
})

export interface ParsedAnswer {
  answer: HeartbeatAnswer
  /** What of the desired state could not be read. The rest of it is good. */
  faults: DesiredFault[]
}

/** What an answer's body holds. Throws ShapeError where the answer itself is wrong; see `faults` for the desired state. */
export function parseHeartbeatAnswer(value: unknown): ParsedAnswer {
  const checked: HeartbeatAnswer = answer(value, '')
  const faults: DesiredFault[] = []
  const { desired, commands } = value as { desired?: unknown; commands?: unknown }
  if (desired !== undefined && desired !== null) checked.desired = parseDesired(desired, faults)
  if (commands !== undefined && commands !== null)
    checked.commands = each(commands, command, 'commands', 1000, faults)
  return { answer: checked, faults }
}

const command: Check<AgentCommand> = (value, path) => {
  const { kind } = shape<{ kind: AgentCommand['kind'] }>({ kind: oneOf('signal', 'restart', 'tail') })(
    value,
    path,
  )
  const base = { id: text(64), processId: id }
  if (kind === 'tail')
    return {
      kind,
      ...shape<{ id: string; processId: number; file: string; maxBytes: number }>({
        ...base,
        file: text(
          1000,
          /^(stdout|stderr|\/(?!.*(^|\/)\.\.?(\/|$)).*)$/s,
          'stdout, stderr or an absolute path',
        ),
        maxBytes: whole(1, MAX_TAIL_BYTES),
      })(value, path),
    }
  return kind === 'signal'
    ? {
        kind,
        ...shape<{ id: string; processId: number; signal: string }>({ ...base, signal: signalName })(
          value,
          path,
        ),
      }
    : { kind, ...shape<{ id: string; processId: number }>(base)(value, path) }
}
