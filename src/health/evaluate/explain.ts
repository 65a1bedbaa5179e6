import type { HealthTestResult } from '../../wire/health.js'
import { percentHealthy } from '../aggregate/aggregate.js'
import { BAD, CONCERNING, DISABLED, GOOD, type Health, NOT_AVAILABLE, summaryOf } from '../summary.js'
import { formatFigure, formatNumber, formatSpan } from '../tests/figures.js'
import { type Limits, limitBeyond } from '../tests/thresholds.js'
import { busyWith, expectedOf, type Node } from './nodes.js'
import { membersOf, type Now, newObservation, type Observation, observe } from './observe.js'
import type { BoundTest } from './profile.js'
import type { Streams } from './streams.js'
import type { Table } from './table.js'

/** A test's result for people. The summary is the one in force, the figures are those of now. */
export function explainTest(
  node: Node,
  i: number,
  table: Table,
  streams: Streams,
  now: Now,
  scratch: Observation = newObservation(),
): HealthTestResult {
  const test = node.profile.tests[i]!
  const row = node.first + i
  const health = table.summary[row] as Health
  observe(node, i, health, streams, now, scratch)
  const { value, at } = scratch
  const explanation = sentence(node, test, health, scratch, now)
  return {
    test: test.name,
    label: test.definition.label,
    summary: summaryOf(health),
    explanation,
    advice: health === CONCERNING || health === BAD ? test.definition.advice : '',
    ...(Number.isFinite(value) && { value }),
    ...(test.unit !== '' && { unit: test.unit }),
    at: at === 0 ? now.time : at,
    since: table.since[row]!,
    suppressed: node.suppressed.has(test.name),
  }
}

/** The results of an entity: of its tests, and of those that somebody else reports. */
export function explainAll(node: Node, table: Table, streams: Streams, now: Now): HealthTestResult[] {
  const scratch = newObservation()
  const results: HealthTestResult[] = []
  node.profile.tests.forEach((_, i) => {
    // Of a host that no manager knows only what it sends is shown.
    if (node.bare && table.since[node.first + i] === 0) return
    results.push(explainTest(node, i, table, streams, now, scratch))
  })
  for (const {
    name,
    label,
    summary,
    explanation,
    advice,
    suppressed,
    at,
    since,
  } of node.reported?.values() ?? [])
    results.push({
      test: name,
      label,
      summary: summaryOf(summary),
      explanation,
      advice,
      at,
      since,
      suppressed: suppressed || node.suppressed.has(name),
    })
  return results
}

function sentence(node: Node, test: BoundTest, health: Health, seen: Observation, now: Now): string {
  const { reason } = seen
  const before = held(health, seen)
  switch (reason) {
    case 'off':
      return test.definition.source.kind === 'canary'
        ? 'The test is switched off, or there is nothing that it could check.'
        : 'The test is switched off, or its thresholds are "never".'
    case 'stopped':
      return node.category === 'SERVICE' ? 'The service is stopped.' : 'The role is stopped.'
    case 'decommissioned':
      return 'The role is decommissioned.'
    case 'no-path':
      return 'No folder is configured.'
    case 'restarted':
      return 'The check has not been run since the role was started.'
    case 'starting':
      return `The role was started a short while ago; this test counts ${formatSpan(test.toleranceMs || 20_000)} after the start.`
    case 'busy':
      return `The command ${busyWith(node) ?? ''} is running; meanwhile this does not get worse.`
    case 'no-figure':
      if (test.definition.source.kind === 'process' && node.roleFact?.state !== undefined)
        return `The agent of the host has not been heard of for ${formatSpan(Math.max(0, now.factsAt - seen.at))}; then the process was ${node.roleFact.state.toLowerCase()}.`
      return isFresh(health)
        ? `${noFigure(test, seen, now)} The result is the last one that is known.`
        : noFigure(test, seen, now)
    case 'missing':
      return `${noFigure(test, seen, now)}${before}`
    case 'failed':
      return `${message(seen.input?.node ?? node, node, test)}${before}`
    default:
      return `${plain(node, test, seen, now)}${limitText(test.limits, test.unit, health, test)}${before}`
  }
}

const isFresh = (health: Health) => health !== NOT_AVAILABLE && health !== DISABLED

/** The summary in force is another than what is seen: it waits, so as not to flap. */
function held(health: Health, { health: observed, reason }: Observation): string {
  if (health <= observed || health > BAD || reason === 'busy' || reason === 'tolerated') return ''
  return ' It counts as better when it has stayed so for a while.'
}

function noFigure({ definition: { source } }: BoundTest, { at }: Observation, now: Now): string {
  const what =
    source.kind === 'metric' ? source.metric : source.kind === 'canary' ? source.status : 'this test'
  if (source.kind === 'heartbeat') return 'Nothing has been heard of the host yet.'
  return at > 0
    ? `The newest figures of ${what} are ${formatSpan(now.time - at)} old.`
    : `There are no figures of ${what}.`
}

/** What a check said when it ran. */
function message(by: Node, of: Node, { definition: { source } }: BoundTest): string {
  if (source.kind !== 'canary') return 'The check failed.'
  const failures = by.roleFact?.failures ?? by.hostFact?.failures
  const said =
    failures?.find(({ metric }) => metric === source.status)?.message ?? by.messages?.get(source.status)
  const where = by === of ? '' : `, run by ${by.entity.displayName ?? by.entity.name},`
  return said === undefined ? `The check${where} failed.` : `The check${where} failed: ${sentenceOf(said)}`
}

const sentenceOf = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`)

function plain(node: Node, test: BoundTest, seen: Observation, now: Now): string {
  const { source, sentence } = test.definition
  const judged = seen.health
  switch (source.kind) {
    case 'process':
      return processSentence(node, seen.health)
    case 'host': {
      const { host } = node
      const word = summaryOf(seen.health).toLowerCase().replaceAll('_', ' ')
      return `The health of host ${host?.entity.hostname ?? host?.identity ?? node.entity.host ?? ''} is ${word}.`
    }
    case 'percent': {
      const census = percentHealthy(membersOf(node, test), test.limits!)
      const unknown = census.unknown === 0 ? '' : ` Unknown: ${census.unknown}.`
      return `${test.definition.label}: healthy ${census.good}, concerning ${census.concerning}, bad ${census.bad}, of ${census.total}.${unknown} Percent healthy: ${formatFigure(census.percentGood, 'percent')}. Percent healthy or concerning: ${formatFigure(census.percentGoodOrConcerning, 'percent')}.`
    }
    case 'singleton':
      return singletonSentence(node, source.roleType)
    case 'pair':
      return pairSentence(node, test, seen)
    default: {
      const { input } = seen
      const words: Record<string, string> = {
        value: formatFigure(seen.value, test.unit),
        dividend: formatNumber(seen.dividend),
        divisor: formatNumber(seen.divisor),
        window: formatSpan(test.windowMs),
        part: input?.label ?? '',
      }
      const said = summaryOf(judged) as 'CONCERNING' | 'BAD'
      const text = (test.definition.messages?.[said] ?? sentence).replace(
        /\{(\w+)\}/g,
        (all, name: string) => words[name] ?? all,
      )
      const age = now.time - seen.at
      return age > test.staleMs / 2 && source.kind !== 'heartbeat'
        ? `${text} (${formatSpan(age)} ago.)`
        : text
    }
  }
}

function limitText(limits: Limits | undefined, unit: string, health: Health, test: BoundTest): string {
  if (limits === undefined) return ''
  const limit = limitBeyond(limits, health)
  if (limit === undefined) return ''
  const shown = test.definition.source.kind === 'percent' ? 'percent' : unit
  const name = health === BAD ? 'Critical' : 'Warning'
  return ` ${name} threshold: ${limit === 0 && limits.above ? 'any' : formatFigure(limit, shown)}.`
}

function processSentence(node: Node, health: Health): string {
  const { roleFact } = node
  const state = roleFact?.state
  if (state === undefined)
    return health === GOOD ? 'The process runs.' : 'The process does not run, and it should.'
  const problem = roleFact?.problem ? ` ${roleFact.problem}` : ''
  const { exit } = roleFact ?? {}
  const ended =
    exit === undefined
      ? ''
      : ` It ended at ${new Date(exit.at).toISOString()}${exit.signal ? ` by ${exit.signal}` : exit.code === undefined ? '' : ` with code ${exit.code}`}.`
  if (health === GOOD) return `The process is ${state.toLowerCase()}, as it should be.`
  if (expectedOf(node) === 'STOPPED')
    return `The process is ${state.toLowerCase()} although the role is to be stopped.${problem}`
  const words: Partial<Record<string, string>> = {
    BACKOFF: 'The process has ended and will be started again.',
    EXITED: 'The process has ended by itself.',
    FATAL: 'The process cannot be started, or ended too often.',
    ABSENT: 'The host knows no process of the role.',
    STOPPED: 'The process is stopped, and it should run.',
    STOPPING: 'The process is being stopped, and it should run.',
  }
  return `${words[state] ?? `The process is ${state.toLowerCase()}.`}${state === 'ABSENT' ? '' : ended}${problem}`
}

function singletonSentence(node: Node, roleType: string): string {
  const members = node.members.filter(({ entity }) => entity.type === roleType)
  const [member] = members
  if (member === undefined) return `The service has no role of type ${roleType}.`
  if (member.summary === DISABLED) return `The ${roleType} is not running although the service is.`
  return `The health of the ${roleType} on ${member.host?.entity.hostname ?? member.entity.host ?? ''} is ${summaryOf(member.summary).toLowerCase().replaceAll('_', ' ')}.`
}

function pairSentence(
  node: Node,
  { definition: { source }, windowMs }: BoundTest,
  seen: Observation,
): string {
  if (source.kind !== 'pair') return ''
  const members = node.members.filter(({ entity }) => entity.type === source.roleType)
  const list = members
    .map(
      (member) =>
        `${member.host?.entity.hostname ?? member.entity.name}: ${summaryOf(member.summary).toLowerCase().replaceAll('_', ' ')}`,
    )
    .join(', ')
  const actives = seen.value
  const wait = seen.reason === 'tolerated' ? ` A failover may take ${formatSpan(windowMs)}.` : ''
  if (source.part === 'active')
    return actives === 1
      ? `One ${source.roleType} is active (${list}).`
      : `${actives > 1 ? `${actives} of them are` : 'None is'} active among ${members.length} of type ${source.roleType} (${list}).${wait}`
  if (members.length < 2) return `There is only one ${source.roleType}.`
  return seen.health === CONCERNING
    ? `No ${source.roleType} is ready to take over (${list}).`
    : `Another ${source.roleType} is ready to take over (${list}).${wait}`
}
