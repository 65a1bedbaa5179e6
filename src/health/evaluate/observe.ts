import type { ProcessState } from '../../wire/heartbeat.js'
import { pair, percentHealthy, singleton, tolerated } from '../aggregate/aggregate.js'
import { BAD, CONCERNING, DISABLED, GOOD, type Health, healthOf, isKnown, NOT_AVAILABLE } from '../summary.js'
import { judge, type Limits } from '../tests/thresholds.js'
import { busyWith, expectedOf, expectedSince, type Input, type Node } from './nodes.js'
import type { BoundTest } from './profile.js'
import type { Streams } from './streams.js'

/** Why a test says what it says, for the sentence. */
export type Reason =
  | 'figure'
  | 'off'
  | 'stopped'
  | 'decommissioned'
  | 'no-path'
  | 'no-figure'
  | 'missing'
  | 'silent'
  | 'failed'
  | 'starting'
  | 'restarted'
  | 'busy'
  | 'tolerated'

/** What a test sees at a moment. One is used again and again. */
export interface Observation {
  health: Health
  reason: Reason
  /** The figure that decided, and what it was made of; NaN: none. */
  value: number
  dividend: number
  divisor: number
  /** When the figure is from. */
  at: number
  input: Input | undefined
}

export const newObservation = (): Observation => ({
  health: NOT_AVAILABLE,
  reason: 'no-figure',
  value: Number.NaN,
  dividend: Number.NaN,
  divisor: Number.NaN,
  at: 0,
  input: undefined,
})

export interface Now {
  readonly time: number
  /** The manager's clock at the newest facts; 0: there is no manager. */
  readonly factsAt: number
  /** When the newest sample of a bare host came. */
  readonly lastSeen: (node: Node) => number
}

const NO_LIMITS: Limits = { warning: Number.NaN, critical: Number.NaN, above: true }
/** How long a process may take to be there after it was asked for. */
const START_MS = 20_000
const HEARTBEAT_MS = 15_000
/** After so many missed heartbeats nothing is known of the processes of a host. */
const MOST_MISSED = 10
/** A host without an agent of ours sends samples as often as it likes; missed ones are counted in minutes. */
const BARE_INTERVAL_MS = 60_000

/** What one kind of test, the `i`-th of its entity, sees: into `out`, which is given back. */
type Look = (
  node: Node,
  test: BoundTest,
  i: number,
  before: Health,
  streams: Streams,
  now: Now,
  out: Observation,
) => Observation

/** Looks at the figures of one test of one entity. `before` is its result up to now. */
export function observe(
  node: Node,
  i: number,
  before: Health,
  streams: Streams,
  now: Now,
  out: Observation,
): Observation {
  const test = node.profile.tests[i]!
  out.reason = 'figure'
  out.value = out.dividend = out.divisor = Number.NaN
  out.at = now.time
  out.input = undefined
  if (!test.enabled) return end(out, DISABLED, 'off')
  const { kind } = test.definition.source
  if (node.category === 'ROLE') {
    if (node.entity.commission === 'DECOMMISSIONED') return end(out, DISABLED, 'decommissioned')
    if (expectedOf(node) === 'STOPPED' && kind !== 'process') return end(out, DISABLED, 'stopped')
  } else if (node.category === 'SERVICE' && expectedOf(node) === 'STOPPED')
    return end(out, DISABLED, 'stopped')

  if (kind === 'metric') figure(node, test, i, before, streams, now, out)
  else if (kind === 'canary') canary(node, test, i, before, streams, now, out)
  else if (kind === 'process') process(node, test, i, before, streams, now, out)
  else if (kind === 'heartbeat') heartbeat(node, test, i, before, streams, now, out)
  else if (kind === 'host') out.health = node.host?.summary ?? NOT_AVAILABLE
  else group(node, test, i, before, streams, now, out)

  const { health } = out
  if (health !== BAD && health !== CONCERNING) return out
  if (test.toleranceMs > 0 && node.roleFact?.startedAt !== undefined) {
    if (now.time - node.roleFact.startedAt < test.toleranceMs) return end(out, NOT_AVAILABLE, 'starting')
  }
  // What a command does to a role is no trouble; what was wrong before stays so.
  if ((before > BAD || health > before) && kind !== 'host' && busyWith(node) !== undefined)
    end(out, before === DISABLED ? NOT_AVAILABLE : before, 'busy')
  return out
}

function end(out: Observation, health: Health, reason: Reason): Observation {
  out.health = health
  out.reason = reason
  return out
}

const badness = (health: Health): number => (health <= BAD ? health : -1)

const figure: Look = (node, test, i, before, streams, now, out) => {
  const inputs = node.inputs[i]!
  const limits = test.limits ?? NO_LIMITS
  const oldest = now.time - test.staleMs - (test.main!.windowMs >> 1)
  const preferred = test.status !== undefined && inputs.some((input) => isActive(input, streams, oldest))
  let found = false
  for (const input of inputs) {
    if (preferred && !isActive(input, streams, oldest)) continue
    if (input.node !== undefined && input.node.summary === DISABLED) continue
    const at = streams.timeOf(input.main)
    if (at < oldest) continue
    const dividend = streams.valueOf(input.main, now.time)
    let divisor = test.constant
    if (input.divisor >= 0) {
      if (streams.timeOf(input.divisor) < oldest) continue
      divisor = streams.valueOf(input.divisor, now.time)
    }
    // Nothing of nothing: no packets, no broken ones.
    const value = divisor === 0 && dividend === 0 ? 0 : (dividend / divisor) * test.scale
    if (!Number.isFinite(value)) continue
    const health = judge(value, limits, before)
    if (found && !isWorse(health, value, out, limits)) continue
    found = true
    out.health = health
    out.value = value
    out.dividend = dividend
    out.divisor = divisor
    out.at = at
    out.input = input
  }
  if (found) return out
  if (test.paths !== undefined && test.paths.length === 0) return end(out, DISABLED, 'no-path')
  const { source } = test.definition
  const missing = source.kind === 'metric' ? healthOf(source.missing ?? 'NOT_AVAILABLE') : undefined
  out.at = newest(inputs, streams)
  if (missing !== undefined && isKnown(missing)) {
    // Figures may be missing because nothing was heard of anything yet.
    if (node.roleFact?.startedAt !== undefined || out.at > 0) return end(out, missing, 'missing')
  }
  end(out, NOT_AVAILABLE, 'no-figure')
  return out
}

function isActive({ status }: Input, streams: Streams, oldest: number): boolean {
  return status >= 0 && streams.timeOf(status) >= oldest && streams.valueOf(status, 0) >= 1
}

function isWorse(health: Health, value: number, { health: than, value: other }: Observation, limits: Limits) {
  if (health !== than) return badness(health) > badness(than)
  return limits.above ? value > other : value < other
}

function newest(inputs: readonly Input[], streams: Streams): number {
  let at = 0
  for (const { main, status } of inputs)
    at = Math.max(at, main < 0 ? 0 : streams.timeOf(main), status < 0 ? 0 : streams.timeOf(status))
  return at
}

/** How the check went, then how long it took. Of several senders the newest counts. */
const canary: Look = (node, test, i, before, streams, now, out) => {
  const inputs = node.inputs[i]!
  const { source } = test.definition
  let input: Input | undefined
  for (const each of inputs)
    if (input === undefined || streams.timeOf(each.status) > streams.timeOf(input.status)) input = each
  const at = input === undefined ? 0 : streams.timeOf(input.status)
  out.at = at
  out.input = input
  if (input === undefined || at < now.time - test.staleMs) return end(out, NOT_AVAILABLE, 'no-figure')
  // What was found before a restart says nothing of what runs now.
  if (at < ((input.node ?? node).roleFact?.startedAt ?? 0)) return end(out, NOT_AVAILABLE, 'restarted')
  const duration = input.main < 0 ? Number.NaN : streams.valueOf(input.main, now.time)
  out.value = duration
  if (streams.valueOf(input.status, now.time) < 1)
    return end(out, (source.kind === 'canary' && healthOf(source.failure ?? 'BAD')) || BAD, 'failed')
  out.health = Number.isNaN(duration) ? GOOD : judge(duration, test.limits ?? NO_LIMITS, before)
  return out
}

const WELL: ReadonlySet<ProcessState | 'ABSENT'> = new Set(['PREPARING', 'STARTING', 'RUNNING'])
const GONE: ReadonlySet<ProcessState | 'ABSENT'> = new Set([
  'STOPPED',
  'EXITED',
  'FATAL',
  'ABSENT',
  'STOPPING',
])

const process: Look = (node, test, i, _before, streams, now, out) => {
  const state = node.roleFact?.state
  const wanted = expectedOf(node) === 'RUNNING'
  const waited = now.time - expectedSince(node)
  if (state !== undefined) {
    // What a silent agent said last is an old figure like any other.
    const { lastHeartbeat, heartbeatIntervalMs = HEARTBEAT_MS } = node.host?.hostFact ?? {}
    const oldest = now.factsAt - Math.max(test.staleMs, MOST_MISSED * heartbeatIntervalMs)
    if (wanted && lastHeartbeat !== undefined && lastHeartbeat < oldest) {
      out.at = lastHeartbeat
      return end(out, NOT_AVAILABLE, 'no-figure')
    }
    if (wanted) {
      if (WELL.has(state)) return end(out, GOOD, 'figure')
      // It has been asked for just now, and its agent has not got to it yet.
      if ((state === 'ABSENT' || state === 'STOPPED') && waited < START_MS)
        return end(out, NOT_AVAILABLE, 'starting')
      return end(out, BAD, 'figure')
    }
    return GONE.has(state) || waited < 120_000
      ? end(out, DISABLED, 'stopped')
      : end(out, CONCERNING, 'figure')
  }
  if (!wanted) return end(out, DISABLED, 'stopped')
  const slot = node.inputs[i]![0]!.main
  const at = streams.timeOf(slot)
  out.at = at
  if (at < now.time - test.staleMs) return end(out, NOT_AVAILABLE, 'no-figure')
  end(out, streams.valueOf(slot, now.time) >= 1 ? GOOD : BAD, 'figure')
  return out
}

const heartbeat: Look = (node, test, _i, before, _streams, now, out) => {
  const { hostFact } = node
  if (hostFact?.lastHeartbeat !== undefined) {
    const age = Math.max(0, now.factsAt - hostFact.lastHeartbeat)
    out.at = hostFact.lastHeartbeat
    out.value = age / (hostFact.heartbeatIntervalMs ?? HEARTBEAT_MS)
  } else {
    const seen = node.bare ? now.lastSeen(node) : 0
    if (seen === 0) return end(out, NOT_AVAILABLE, 'no-figure')
    out.at = seen
    out.value = Math.max(0, now.time - seen) / BARE_INTERVAL_MS
  }
  out.health = judge(out.value, test.limits ?? NO_LIMITS, before)
  // It may be us who did not listen.
  if (hostFact?.lastHeartbeat === undefined && out.health !== GOOD) out.reason = 'silent'
  out.value = Math.floor(out.value)
  return out
}

const group: Look = (node, test, i, before, streams, now, out) => {
  const { source } = test.definition
  if (source.kind === 'percent') {
    const census = percentHealthy(membersOf(node, test), test.limits ?? NO_LIMITS)
    out.health = census.health
    out.value = census.percentGood
    return out
  }
  if (source.kind === 'singleton') {
    out.health = singleton(
      node.members.filter(({ entity }) => entity.type === source.roleType).map((member) => runs(member)),
    )
    return out
  }
  if (source.kind !== 'pair') return out
  const oldest = now.time - test.staleMs
  const members = node.inputs[i]!.map(({ main, node: member }) => ({
    health: member!.summary,
    active: isGone(member!)
      ? false
      : streams.timeOf(main) < oldest
        ? undefined
        : streams.valueOf(main, now.time) >= 1,
  }))
  const observed = pair(members, source.part)
  out.health = observed
  const actives = members.filter(({ active }) => active).length
  out.value = actives
  // A failover may take its time; an active one that is unwell is no failover.
  const mayPass = source.part === 'active' ? observed === BAD && actives !== 1 : observed === CONCERNING
  if (!mayPass) {
    node.badSince?.delete(i)
    return out
  }
  node.badSince ??= new Map()
  const since = node.badSince.get(i) ?? now.time
  node.badSince.set(i, since)
  if (tolerated(observed, since, test.windowMs, now.time))
    end(out, isKnown(before) ? before : NOT_AVAILABLE, 'tolerated')
  return out
}

/** What its metrics said last is not so any more. */
const isGone = ({ roleFact }: Node): boolean => roleFact?.state !== undefined && !WELL.has(roleFact.state)

/** A singleton that is not running although its service should is bad, even when it is stopped on purpose. */
const runs = (member: Node): Health => (member.summary === DISABLED ? BAD : member.summary)

/** The healths that a percentage is of. */
export function* membersOf(node: Node, { definition: { source }, roleType }: BoundTest): Generator<Health> {
  if (source.kind !== 'percent') return
  const types = source.roleTypes ?? (node.category === 'SERVICE' ? [roleType] : undefined)
  for (const { category, entity, summary } of node.members)
    if (category === source.of && (types === undefined || types.includes(entity.type ?? ''))) yield summary
}
