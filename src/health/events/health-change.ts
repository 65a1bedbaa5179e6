import {
  ALERT_LIMITS,
  type AlertEvent,
  type AlertHealth,
  type AlertSeverity,
  cleanText,
} from '../../wire/alert.js'
import type { LoggedEvent } from './log.js'
import type { LookUp } from './look-up.js'
import { formerly, lasting } from './subject.js'

/** How an entity or a test is. */
export type Health = 'GOOD' | 'CONCERNING' | 'BAD' | 'DISABLED' | 'NOT_AVAILABLE' | 'HISTORY_NOT_AVAILABLE'

interface Named {
  name: string
  displayName: string
}

/** An entity whose health, or one of whose tests, has changed: what the evaluation hands over. */
export interface HealthChangeInput {
  /** The same for the same change, whoever sends it again. Printable ASCII. */
  id: string
  entity: Named & {
    category: string
    identity: string
    cluster?: (Named & { identity?: string | undefined }) | undefined
    service?: (Named & { identity?: string | undefined; type: string }) | undefined
    roleType?: string | undefined
    hosts: readonly { identity: string; hostname: string }[]
  }
  /** Milliseconds since the epoch. */
  at: number
  from: Health
  /** Equal to `from` when only a test has changed. */
  to: Health
  tests: readonly {
    test: string
    summary: Health
    explanation: string
    advice: string
    suppressed: boolean
    /** What it was, of a test that has changed. */
    from?: Health | undefined
  }[]
  maintenance: boolean
  /** Whether configuration wants the entity's trouble alerted; undefined: the rules say. */
  alerts?: boolean | undefined
  /** It was seen for the first time: nothing has happened just now. */
  startup: boolean
  /** The entity is no more, and why. */
  gone?: string | undefined
}

export interface AlertRules {
  /** From which health an entity is alerted. */
  threshold: 'BAD' | 'CONCERNING'
  /** Whether the entity is alerted at all, where its configuration does not say so. */
  alerted(entity: HealthChangeInput['entity']): boolean
}

/** The loss of one DataNode is for HDFS to bear; its service says when too many are lost. */
export const DEFAULT_ALERT_RULES: AlertRules = {
  threshold: 'BAD',
  alerted: ({ roleType }) => roleType !== 'DATANODE',
}

const COLOURS: Partial<Record<Health, AlertHealth>> = {
  GOOD: 'GREEN',
  CONCERNING: 'YELLOW',
  BAD: 'RED',
  DISABLED: 'DISABLED',
}
const SEVERITIES: Partial<Record<Health, AlertSeverity>> = { CONCERNING: 'IMPORTANT', BAD: 'CRITICAL' }
const WORDS: Record<Health, string> = {
  GOOD: 'good',
  CONCERNING: 'concerning',
  BAD: 'bad',
  DISABLED: 'disabled',
  NOT_AVAILABLE: 'unknown',
  HISTORY_NOT_AVAILABLE: 'unknown',
}
const severityOf = (health: Health): AlertSeverity => SEVERITIES[health] ?? 'INFORMATIONAL'
const isUnknown = (health: Health) => health === 'NOT_AVAILABLE' || health === 'HISTORY_NOT_AVAILABLE'

/**
 * The event of a change, and the alert if there is to be one; undefined for what is nobody's news: an entity that is seen for
 * the first time and is well, and one that stays as it is while none of its failing tests changes.
 */
export function eventOfChange(
  change: HealthChangeInput,
  one: LookUp['one'],
  rules: AlertRules = DEFAULT_ALERT_RULES,
): LoggedEvent | undefined {
  const { entity, from, to, at, maintenance, startup } = change
  if (startup && to !== 'BAD' && to !== 'CONCERNING') return undefined
  if (from === to && change.gone === undefined && !change.tests.some(isOfFailure)) return undefined
  // The end of what was told before it was switched off is told.
  const wanted = (change.alerts ?? rules.alerted(entity)) || (change.alerts === false && isEnd(change))
  const alert = wanted && isAlerted(change, rules) ? alertOfChange(change, rules, one) : undefined
  const reached = to === 'BAD' || (rules.threshold === 'CONCERNING' && to === 'CONCERNING')
  return {
    record: {
      id: change.id,
      time: at,
      category: 'HEALTH_EVENT',
      severity: severityOf(to),
      // As Cloudera Manager has it: what is over is no alert, and nor is what nobody is to be disturbed with.
      alert: alert !== undefined && reached && !maintenance && (from !== to || change.tests.some(isWorse)),
      content: [summaryOf(change), ...sentencesOf(change)].join(' ').slice(0, 8_000),
      attributes: attributesOf(change, codesOf(change), {
        CURRENT_HEALTH_SUMMARY: [COLOURS[to] ?? 'UNKNOWN'],
        PREVIOUS_HEALTH_SUMMARY: [COLOURS[from] ?? 'UNKNOWN'],
      }),
    },
    ...(alert ? { alert } : {}),
  }
}

type ChangedTest = HealthChangeInput['tests'][number]
const isFailing = ({ summary, suppressed }: ChangedTest) =>
  !suppressed && severityOf(summary) !== 'INFORMATIONAL'
/** It has changed, and failed before. */
const hasFailed = ({ from, suppressed }: ChangedTest) =>
  !suppressed && from !== undefined && severityOf(from) !== 'INFORMATIONAL'
const isOfFailure = (test: ChangedTest) => hasFailed(test) || (test.from !== undefined && isFailing(test))
const isWorse = (test: ChangedTest) =>
  test.from !== undefined && isFailing(test) && RANK[severityOf(test.summary)] > RANK[severityOf(test.from)]

/** The cause first: of what is not well the tests that fail, the worst first; then those that have ceased to. */
function sentencesOf({ gone, to, tests }: HealthChangeInput): string[] {
  if (gone !== undefined) return [gone]
  const failing = tests
    .filter(isFailing)
    .toSorted((a, b) => RANK[severityOf(b.summary)] - RANK[severityOf(a.summary)])
  const over = tests.filter((test) => hasFailed(test) && !isFailing(test))
  const others =
    to === 'GOOD' || failing.length + over.length > 0 ? [] : tests.filter(({ from }) => from !== undefined)
  return [...new Set([...failing, ...over, ...others].map(({ explanation }) => explanation))]
}

/**
 * What the publisher has to hear: trouble from the threshold on, all that follows on such trouble, and every end, because it
 * knows who was told of the beginning. That a health is not known any more ends nothing: the trouble stays open, and what is told
 * of it the next time says that its figures have stopped.
 */
function isAlerted(change: HealthChangeInput, { threshold }: AlertRules): boolean {
  const { from, to } = change
  if (isUnknown(to)) return from === 'BAD' || (from === 'CONCERNING' && threshold === 'CONCERNING')
  if (to === 'GOOD' || to === 'DISABLED') return isEnd(change)
  return to === 'BAD' || threshold === 'CONCERNING' || from === 'BAD' || isUnknown(from)
}

const isEnd = ({ from, to }: HealthChangeInput): boolean =>
  (to === 'GOOD' || to === 'DISABLED') && from !== to

function summaryOf({ entity, from, to, gone }: HealthChangeInput): string {
  if (gone !== undefined)
    return `The ${entity.category.toLowerCase()} ${entity.displayName} is no more; its health was ${WORDS[from]}.`
  const what = `The health of ${entity.category.toLowerCase()} ${entity.displayName}`
  if (isUnknown(to) && (from === 'BAD' || from === 'CONCERNING'))
    return `${what} is not known any more; it was ${WORDS[from]}.`
  return from === to ? `${what} is ${WORDS[to]}.` : `${what} has become ${WORDS[to]}.`
}

const codesOf = ({ entity, to }: HealthChangeInput): string[] => [
  `EV_${entity.category}_HEALTH_CHECK_${isUnknown(to) ? 'UNKNOWN' : to}`,
]

function alertOfChange(change: HealthChangeInput, { threshold }: AlertRules, one: LookUp['one']): AlertEvent {
  const { entity, from, to, at, tests, maintenance, startup } = change
  const { category, cluster, service, roleType } = entity
  const name = nameOf(entity.name)
  const previous = COLOURS[from]
  // What is not known is as bad as it was.
  const last = isUnknown(to) ? from : to
  const known = lasting(one, category, entity.identity)
  const owners = formerly(one, {
    cluster: cluster?.identity,
    service: service?.identity,
    hosts: entity.hosts.map(({ identity }) => identity),
  })
  return {
    id: change.id,
    time: at,
    entity: {
      category,
      name,
      displayName: nameOf(entity.displayName),
      ...known,
      ...owners,
      identity: nameOf(entity.identity),
      ...(cluster ? { cluster: nameOf(cluster.name), clusterDisplayName: nameOf(cluster.displayName) } : {}),
      ...(service
        ? {
            service: nameOf(service.name),
            serviceDisplayName: nameOf(service.displayName),
            serviceType: nameOf(service.type),
          }
        : {}),
      ...(category === 'ROLE' ? { role: name, roleDisplayName: nameOf(entity.displayName) } : {}),
      ...(roleType ? { roleType: nameOf(roleType) } : {}),
      hosts: entity.hosts
        .slice(0, ALERT_LIMITS.hosts)
        .map(({ identity, hostname }) => ({ name: nameOf(hostname), id: nameOf(identity) })),
    },
    severity: severityOf(last),
    category: 'HEALTH_CHECK',
    codes: codesOf(change),
    summary: cleanText(summaryOf(change), ALERT_LIMITS.sentence),
    health: { current: COLOURS[last] ?? 'DISABLED', ...(previous ? { previous } : {}) },
    tests: tests
      .filter(({ suppressed }) => !suppressed)
      // The worst first: there is a limit to how many go along.
      .toSorted((a, b) => RANK[severityOf(b.summary)] - RANK[severityOf(a.summary)])
      .slice(0, ALERT_LIMITS.tests)
      .map(({ test, summary, explanation, advice, from: before }) => {
        const health = COLOURS[summary]
        return {
          name: nameOf(test),
          ...(health ? { health } : {}),
          ...(before && COLOURS[before] ? { previous: COLOURS[before] } : {}),
          severity: severityOf(summary),
          sentence: explanation.slice(0, ALERT_LIMITS.sentence),
          advice: advice.slice(0, ALERT_LIMITS.sentence),
          changed: before !== undefined,
        }
      }),
    suppressed: maintenance,
    // Below the threshold it is news only to who knows of something worse.
    ...(last === 'CONCERNING' && threshold === 'BAD' ? { begins: false } : {}),
    monitorStartup: startup,
    url: '',
  }
}

const RANK: Record<AlertSeverity, number> = { INFORMATIONAL: 0, IMPORTANT: 1, CRITICAL: 2 }

function attributesOf(
  { entity, tests, maintenance, startup }: HealthChangeInput,
  codes: string[],
  more: Record<string, string[]>,
): Record<string, string[]> {
  const { cluster, service, roleType, hosts, category } = entity
  const changed = tests.filter((test) => test.from !== undefined)
  return {
    EVENTCODE: codes,
    ENTITY_CATEGORY: [category],
    ENTITY_ID: [entity.identity],
    ENTITY_NAME: [entity.name],
    ...(cluster ? { CLUSTER: [cluster.name], CLUSTER_DISPLAY_NAME: [cluster.displayName] } : {}),
    ...(cluster?.identity ? { CLUSTER_ID: [cluster.identity] } : {}),
    ...(category === 'CLUSTER' ? { CLUSTER: [entity.name], CLUSTER_DISPLAY_NAME: [entity.displayName] } : {}),
    ...(service
      ? {
          SERVICE: [service.name],
          SERVICE_DISPLAY_NAME: [service.displayName],
          SERVICE_TYPE: [service.type],
          ...(service.identity ? { SERVICE_ID: [service.identity] } : {}),
        }
      : {}),
    ...(category === 'SERVICE' && !service
      ? { SERVICE: [entity.name], SERVICE_DISPLAY_NAME: [entity.displayName] }
      : {}),
    ...(category === 'ROLE' ? { ROLE: [entity.name], ROLE_DISPLAY_NAME: [entity.displayName] } : {}),
    ...(roleType ? { ROLE_TYPE: [roleType] } : {}),
    ...(hosts.length > 0
      ? {
          HOSTS: hosts.slice(0, 100).map(({ hostname }) => hostname),
          HOST_IDS: hosts.slice(0, 100).map(({ identity }) => identity),
        }
      : {}),
    HEALTH_TEST_NAME: changed.slice(0, 100).map(({ test }) => test),
    HEALTH_TEST_RESULTS: changed.slice(0, 30).map(({ test, summary, explanation, advice }) =>
      JSON.stringify({
        testName: test,
        summary,
        content: `${explanation} ${advice}`.trim().slice(0, 1_000),
      }),
    ),
    ALERT_SUPPRESSED: [String(maintenance)],
    MONITOR_STARTUP: [String(startup)],
    ...more,
  }
}

const nameOf = (text: string) => cleanText(text, ALERT_LIMITS.name) || '-'
