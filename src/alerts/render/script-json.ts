import type { AlertEvent, AlertTest } from '../../wire/alert.js'
import { isFailing, type Message } from '../core/index.js'
import { isoTime } from './words.js'

/**
 * The JSON that alert scripts written for Cloudera Manager read: an array of `{ header, body: { alert } }`. Every attribute
 * is a list of texts, except HEALTH_TEST_RESULTS, a list of objects; the two …_COMPLETE_HEALTH_TEST_RESULTS are lists of
 * texts that hold JSON. Attributes of our own begin with BELLWETHER_.
 */
export interface ScriptAlert {
  header: { type: 'alert'; version: 2 }
  body: {
    alert: {
      content: string
      timestamp: { iso8601: string; epochMs: number }
      source: string
      attributes: Record<string, (string | ScriptTest)[]>
    }
  }
}

export interface ScriptTest {
  content: string
  testName: string
  eventCode: string
  severity: string
}

export function renderScriptJson(message: Message, repeat: boolean): ScriptAlert[] {
  return message.causes.map(({ event, state, since }) => ({
    header: { type: 'alert', version: 2 },
    body: {
      alert: {
        content: contentOf(event),
        timestamp: { iso8601: isoTime(event.time), epochMs: event.time },
        source: event.url,
        attributes: {
          ...attributesOf(event, message.at),
          BELLWETHER_MESSAGE_ID: [message.id],
          BELLWETHER_KIND: [message.kind],
          BELLWETHER_REPEAT: [String(repeat)],
          BELLWETHER_STATE: [state],
          BELLWETHER_SINCE: [String(since)],
        },
      },
    },
  }))
}

const changedOf = (event: AlertEvent): AlertTest[] => {
  const changed = event.tests.filter((test) => test.changed)
  return changed.length > 0 ? changed : event.tests.filter(isFailing)
}

/** The cause: what fails, of what is well what has changed. */
export function contentOf(event: AlertEvent): string {
  const failing = event.tests.filter(isFailing)
  const sentences = (failing.length > 0 ? failing : changedOf(event)).flatMap(({ sentence }) =>
    sentence === '' ? [] : [sentence],
  )
  return sentences.length > 0 ? sentences.join(' ') : event.summary
}

function attributesOf(event: AlertEvent, persisted: number): Record<string, (string | ScriptTest)[]> {
  const { entity } = event
  const changed = changedOf(event).map((test) => testOf(event, test))
  const optional = Object.entries({
    CLUSTER: entity.cluster,
    CLUSTER_DISPLAY_NAME: entity.clusterDisplayName ?? entity.cluster,
    CLUSTER_ID: entity.cluster,
    SERVICE: entity.service,
    SERVICE_DISPLAY_NAME: entity.serviceDisplayName ?? entity.service,
    SERVICE_TYPE: entity.serviceType,
    ROLE: entity.role,
    ROLE_DISPLAY_NAME: entity.roleDisplayName ?? entity.role,
    ROLE_TYPE: entity.roleType,
    CURRENT_HEALTH_SUMMARY: event.health?.current,
    PREVIOUS_HEALTH_SUMMARY: event.health?.previous,
  }).flatMap(([key, value]) => (value === undefined ? [] : [[key, [value]] as const]))
  const hosts = entity.hosts.map((host) => host.name)
  return {
    __uuid: [event.id],
    __persist_timestamp: [String(persisted)],
    ALERT: ['true'],
    ALERT_SUMMARY: [event.summary],
    ALERT_SUPPRESSED: [String(event.suppressed)],
    CATEGORY: [event.category],
    SEVERITY: [event.severity],
    EVENTCODE: event.codes,
    MONITOR_STARTUP: [String(event.monitorStartup)],
    ...Object.fromEntries(optional),
    ...(hosts.length > 0 ? { HOSTS: hosts, HOST_IDS: entity.hosts.map((host) => host.id ?? host.name) } : {}),
    ...(event.health ? healthAttributes(event, changed) : {}),
  }
}

function healthAttributes(event: AlertEvent, changed: ScriptTest[]) {
  const count = (health: string | undefined) => [
    String(event.tests.filter((t) => t.health === health).length),
  ]
  return {
    HEALTH_TEST_NAME: changed.map((test) => test.testName),
    HEALTH_TEST_RESULTS: changed,
    BAD_TEST_RESULTS: count('RED'),
    CONCERNING_TEST_RESULTS: count('YELLOW'),
    GOOD_TEST_RESULTS: count('GREEN'),
    DISABLED_TEST_RESULTS: count('DISABLED'),
    UNKNOWN_TEST_RESULTS: count(undefined),
    CURRENT_COMPLETE_HEALTH_TEST_RESULTS: event.tests.map((test) => JSON.stringify(testOf(event, test))),
    PREVIOUS_COMPLETE_HEALTH_TEST_RESULTS: event.tests.some((test) => test.previous)
      ? event.tests.map((test) => JSON.stringify(beforeOf(event, test)))
      : [],
  }
}

const RESULTS = { RED: 'BAD', YELLOW: 'CONCERNING', GREEN: 'GOOD', DISABLED: 'DISABLED' }

const testOf = ({ entity }: AlertEvent, test: AlertTest): ScriptTest => ({
  content: test.advice === '' ? test.sentence : `${test.sentence} ${test.advice}`.trim(),
  testName: test.name,
  eventCode: `EV_${entity.category}_HEALTH_CHECK_${test.health ? RESULTS[test.health] : 'UNKNOWN'}`,
  severity: test.severity,
})

/** How a test was before: what it said then is not known. */
function beforeOf(event: AlertEvent, test: AlertTest): ScriptTest {
  if (!test.changed) return testOf(event, test)
  const { health: _, ...rest } = test
  const { previous } = test
  const severity = previous === 'RED' ? 'CRITICAL' : previous === 'YELLOW' ? 'IMPORTANT' : 'INFORMATIONAL'
  const sentence = `The test was ${previous ? RESULTS[previous] : 'UNKNOWN'}.`
  return testOf(event, { ...rest, ...(previous ? { health: previous } : {}), severity, sentence, advice: '' })
}
