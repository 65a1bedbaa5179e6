import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Message, MessageCause } from '../../src/alerts/core/index.js'
import {
  renderAlertmanager,
  renderHtml,
  renderScriptJson,
  renderSlack,
  renderText,
} from '../../src/alerts/render/index.js'
import { health } from './support.js'

const cause = (event = health('zk-1', 'RED'), state: MessageCause['state'] = 'new'): MessageCause => ({
  state,
  event,
  since: Date.parse('2026-11-20T03:00:00.000Z'),
  count: 1,
  history: [],
})
const message = (causes: MessageCause[] = [cause()], more: Partial<Message> = {}): Message => ({
  id: 'm1',
  receiver: 'ops',
  at: 1_700_000_000_000,
  kind: 'alert',
  groups: [{ cluster: 'c1', service: 'zk' }],
  causes,
  open: 1,
  ...more,
})

const HOSTILE = `</li><script>alert(1)</script><img src=x onerror=y>" ' & <!channel> <@U1> <http://evil|click>`
const hostile = () => {
  const event = health(HOSTILE, 'RED', { summary: HOSTILE })
  event.tests[0]!.name = event.tests[0]!.sentence = event.tests[0]!.advice = HOSTILE
  event.url = `http://x/?a="onmouseover="y<z>|t`
  return message([cause(event)])
}

test('no text from outside becomes markup in HTML', () => {
  const html = renderHtml(hostile(), true)
  expect(
    html
      .match(/<(\w+)/g)!
      .map((tag) => tag.slice(1))
      .filter((tag) => !ALLOWED.has(tag)),
  ).toEqual([])
  expect(html).not.toMatch(/onerror=y>/)
  expect(html).toContain('href="http://x/?a=&quot;onmouseover=&quot;y&lt;z&gt;|t"')
})
const ALLOWED = new Set('html head meta body p strong h2 div b small br ul li i a'.split(' '))

test('whatever the texts are, the tags of the HTML are the same', () => {
  const tags = (text: string) => {
    const event = health('x', 'RED', { summary: text })
    event.tests[0]!.sentence = text
    return renderHtml(message([cause(event)]), false).match(/<\/?\w+/g)
  }
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', 'b', '/') }), (text) => {
      expect(tags(`a${text}`)).toEqual(tags('a'))
    }),
  )
})

test('no text from outside becomes a mention or a link in chat', () => {
  const { text } = renderSlack(hostile(), false)
  expect(text).not.toContain('<!')
  expect(text).not.toContain('<@')
  expect(text.match(/<[^>]*>/g)).toEqual(['<http://x/?a="onmouseover="y%3Cz%3E%7Ct|details>'])
})

test('a chat text of a storm stays within the limit and names who fits, and how many do not', () => {
  const causes = Array.from({ length: 2_000 }, (_, i) => cause(health(`role-with-a-long-name-${i}`, 'RED')))
  const { text } = renderSlack(message(causes), false)
  expect(text.length).toBeLessThan(40_000)
  const shown = text.match(/• /g)!.length
  expect(text).toContain(`… and ${2_000 - shown} more`)
  expect(shown).toBeGreaterThan(500)
  expect(renderSlack(message(causes.slice(0, 600)), false).text.match(/• /g)).toHaveLength(600)
})

test('the text has every cause with its sentence, advice and address', () => {
  const text = renderText(message([cause(), cause(health('zk-2', 'GREEN'), 'recovered')]), true)
  expect(text).toContain('1 critical, 1 recovered: ZooKeeper (Cluster 1)')
  expect(text).toContain('CRITICAL: The health of role zk-1 has become bad.')
  expect(text).toContain('ZOOKEEPER_SERVER_SCM_HEALTH: The process of zk-1 is RED.\n    Look at its log.')
  expect(text).toContain('RECOVERED: The health of role zk-2 has become good.')
  expect(text).toContain('http://bellwether.example.com:7180/roles/1')
  expect(text).toContain('may have been delivered before')
})

test('what the tests were before is told where it is known', () => {
  const event = health('zk-1', 'RED')
  event.tests[0]!.previous = 'GREEN'
  const [alert] = renderScriptJson(message([cause(event)]), false)
  const { PREVIOUS_COMPLETE_HEALTH_TEST_RESULTS: before } = alert!.body.alert.attributes
  expect(before!.map((text) => JSON.parse(String(text)))).toEqual([
    {
      content: 'The test was GOOD.',
      testName: 'ZOOKEEPER_SERVER_SCM_HEALTH',
      eventCode: 'EV_ROLE_HEALTH_CHECK_GOOD',
      severity: 'INFORMATIONAL',
    },
  ])
})

test("the script's JSON has the shape that scripts for Cloudera Manager read", () => {
  const event = health('zk-1', 'RED', {
    id: 'u-1',
    time: 1_433_994_776_083,
    health: { current: 'RED', previous: 'GREEN' },
  })
  event.tests.push({
    name: 'SWAP',
    health: 'GREEN',
    severity: 'INFORMATIONAL',
    sentence: 'No swap.',
    advice: '',
  })
  const result = {
    content: 'The process of zk-1 is RED. Look at its log.',
    testName: 'ZOOKEEPER_SERVER_SCM_HEALTH',
    eventCode: 'EV_ROLE_HEALTH_CHECK_BAD',
    severity: 'CRITICAL',
  }
  const swap = {
    content: 'No swap.',
    testName: 'SWAP',
    eventCode: 'EV_ROLE_HEALTH_CHECK_GOOD',
    severity: 'INFORMATIONAL',
  }
  expect(renderScriptJson(message([cause(event)]), false)).toEqual([
    {
      header: { type: 'alert', version: 2 },
      body: {
        alert: {
          content: 'The process of zk-1 is RED.',
          timestamp: { iso8601: '2015-06-11T03:52:56Z', epochMs: 1_433_994_776_083 },
          source: 'http://bellwether.example.com:7180/roles/1',
          attributes: {
            __uuid: ['u-1'],
            __persist_timestamp: ['1700000000000'],
            ALERT: ['true'],
            ALERT_SUMMARY: ['The health of role zk-1 has become bad.'],
            ALERT_SUPPRESSED: ['false'],
            CATEGORY: ['HEALTH_CHECK'],
            SEVERITY: ['CRITICAL'],
            EVENTCODE: ['EV_ROLE_HEALTH_CHECK_BAD'],
            MONITOR_STARTUP: ['false'],
            CLUSTER: ['c1'],
            CLUSTER_DISPLAY_NAME: ['Cluster 1'],
            CLUSTER_ID: ['c1'],
            SERVICE: ['zk'],
            SERVICE_DISPLAY_NAME: ['ZooKeeper'],
            SERVICE_TYPE: ['ZOOKEEPER'],
            ROLE: ['zk-1'],
            ROLE_DISPLAY_NAME: ['zk-1'],
            ROLE_TYPE: ['SERVER'],
            HOSTS: ['zk-1.example.com'],
            HOST_IDS: ['id-zk-1'],
            CURRENT_HEALTH_SUMMARY: ['RED'],
            PREVIOUS_HEALTH_SUMMARY: ['GREEN'],
            HEALTH_TEST_NAME: ['ZOOKEEPER_SERVER_SCM_HEALTH'],
            HEALTH_TEST_RESULTS: [result],
            BAD_TEST_RESULTS: ['1'],
            CONCERNING_TEST_RESULTS: ['0'],
            GOOD_TEST_RESULTS: ['1'],
            DISABLED_TEST_RESULTS: ['0'],
            UNKNOWN_TEST_RESULTS: ['0'],
            CURRENT_COMPLETE_HEALTH_TEST_RESULTS: [JSON.stringify(result), JSON.stringify(swap)],
            PREVIOUS_COMPLETE_HEALTH_TEST_RESULTS: [],
            BELLWETHER_MESSAGE_ID: ['m1'],
            BELLWETHER_KIND: ['alert'],
            BELLWETHER_REPEAT: ['false'],
            BELLWETHER_STATE: ['new'],
            BELLWETHER_SINCE: [String(Date.parse('2026-11-20T03:00:00.000Z'))],
          },
        },
      },
    },
  ])
})

test("Alertmanager's format: resolved ends what firing began, by the same fingerprint", () => {
  const event = health('zk-1', 'RED')
  const firing = renderAlertmanager(message([cause(event)]), 'http://console')
  expect(firing).toMatchObject({
    version: '4',
    groupKey: '{}:{cluster="c1", service="zk"}',
    status: 'firing',
    receiver: 'ops',
    groupLabels: { cluster: 'c1', service: 'zk' },
    commonLabels: { alertname: 'ROLE_HEALTH', severity: 'critical', instance: 'zk-1.example.com' },
    externalURL: 'http://console',
    truncatedAlerts: 0,
  })
  expect(firing.alerts[0]).toMatchObject({
    startsAt: '2026-11-20T03:00:00.000Z',
    endsAt: '0001-01-01T00:00:00Z',
  })
  const resolved = renderAlertmanager(message([cause(health('zk-1', 'GREEN'), 'recovered')]), '')
  expect(resolved.status).toBe('resolved')
  expect(resolved.alerts[0]!.fingerprint).toBe(firing.alerts[0]!.fingerprint)
})
