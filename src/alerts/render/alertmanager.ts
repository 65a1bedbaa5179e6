import { createHash } from 'node:crypto'
import type { Message, MessageCause } from '../core/index.js'
import { isFailing } from '../core/index.js'
import { contentOf } from './script-json.js'

/** Version 4 of what Prometheus' Alertmanager posts to webhooks, for the many receivers that know it. */
export function renderAlertmanager(message: Message, externalUrl: string) {
  const alerts = message.causes.map(alertOf)
  return {
    version: '4',
    groupKey: message.groups.map((labels) => `{}:${braces(labels)}`).join(';'),
    truncatedAlerts: 0,
    status: alerts.every(({ status }) => status === 'resolved') ? 'resolved' : 'firing',
    receiver: message.receiver,
    groupLabels: message.groups.length === 1 ? withoutEmpty(message.groups[0]!) : {},
    commonLabels: commonOf(alerts.map(({ labels }) => labels)),
    commonAnnotations: commonOf(alerts.map(({ annotations }) => annotations)),
    externalURL: externalUrl,
    alerts,
  }
}

const SEVERITIES = { CRITICAL: 'critical', IMPORTANT: 'warning', INFORMATIONAL: 'info' }

function alertOf({ event, state, since }: MessageCause) {
  const { entity } = event
  const labels = withoutEmpty({
    alertname:
      event.category === 'HEALTH_CHECK' ? `${entity.category}_HEALTH` : (event.codes[0] ?? event.category),
    entity: entity.name,
    entity_category: entity.category,
    cluster: entity.cluster,
    service: entity.service,
    service_type: entity.serviceType,
    role: entity.role,
    role_type: entity.roleType,
    instance: entity.hosts[0]?.name,
  })
  const resolved = state === 'recovered'
  return {
    status: resolved ? 'resolved' : 'firing',
    // Not among the labels of the fingerprint: it would make a new alert of one that got worse.
    labels: { ...labels, severity: SEVERITIES[event.severity] },
    annotations: withoutEmpty({
      summary: event.summary,
      description: contentOf(event),
      advice: event.tests
        .filter((test) => isFailing(test) && test.advice)
        .map((test) => test.advice)
        .join(' '),
      state,
    }),
    startsAt: new Date(since).toISOString(),
    endsAt: resolved ? new Date(event.time).toISOString() : '0001-01-01T00:00:00Z',
    generatorURL: event.url,
    fingerprint: createHash('sha256').update(JSON.stringify(labels)).digest('hex').slice(0, 16),
  }
}

const withoutEmpty = (labels: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).filter((entry): entry is [string, string] => !!entry[1]))

const braces = (labels: Record<string, string>) =>
  `{${Object.entries(labels)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(', ')}}`

function commonOf(all: Record<string, string>[]): Record<string, string> {
  const [first = {}, ...rest] = all
  return Object.fromEntries(
    Object.entries(first).filter(([key, value]) => rest.every((each) => each[key] === value)),
  )
}
