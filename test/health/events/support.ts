import type { HealthChangeInput } from '../../../src/health/index.js'
import type { ApiEventQueryResult, EventReceipt, EventRecord } from '../../../src/wire/event.js'

const DAY = 86_400_000
/** Yesterday at 03:00 UTC: what is too old or too far ahead is refused. */
export const NOW = Math.floor(Date.now() / DAY) * DAY - DAY + DAY / 8
export const TODAY = new Date(NOW).toISOString().slice(0, 10)

let events = 0
/** An event of a role's log; times go up by a second. */
export function logEvent(content: string, more: Partial<EventRecord> = {}): EventRecord {
  events++
  const { attributes, ...rest } = more
  return {
    id: `log-${events}`,
    time: NOW + events * 1000,
    category: 'LOG_EVENT',
    severity: 'IMPORTANT',
    alert: false,
    content,
    attributes: {
      CLUSTER: ['Cluster 1'],
      SERVICE: ['hdfs'],
      ROLE: ['hdfs-NAMENODE-1'],
      ROLE_TYPE: ['NAMENODE'],
      HOSTS: ['node1.example.com'],
      LOG_LEVEL: ['WARN'],
      ...attributes,
    },
    ...rest,
  }
}

let changes = 0
export function change(
  role: string,
  from: HealthChangeInput['from'],
  to: HealthChangeInput['to'],
  more: Partial<HealthChangeInput> = {},
): HealthChangeInput {
  changes++
  return {
    id: `change-${changes}`,
    entity: {
      category: 'ROLE',
      identity: role,
      name: role,
      displayName: `Server (${role})`,
      cluster: { name: 'c1', displayName: 'Cluster 1' },
      service: { name: 'zk', displayName: 'ZooKeeper', type: 'ZOOKEEPER' },
      roleType: 'SERVER',
      hosts: [{ identity: `id-${role}`, hostname: `${role}.example.com` }],
    },
    at: NOW + changes,
    from,
    to,
    tests: [
      {
        test: 'ZOOKEEPER_SERVER_SCM_HEALTH',
        summary: to,
        explanation: `The process of ${role} is ${to}.`,
        advice: 'Look at its log.',
        suppressed: false,
        from,
      },
    ],
    maintenance: false,
    startup: false,
    ...more,
  }
}

interface App {
  request(path: string, init?: RequestInit): Response | Promise<Response>
}

export async function post(app: App, events: unknown): Promise<{ status: number; receipt: EventReceipt }> {
  const response = await app.request('/events', { method: 'POST', body: JSON.stringify(events) })
  return { status: response.status, receipt: (await response.json()) as EventReceipt }
}

export async function search(
  app: App,
  query: string,
  more: Record<string, string> = {},
): Promise<ApiEventQueryResult> {
  const response = await app.request(`/api/v45/events?${new URLSearchParams({ query, ...more })}`)
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${response.status}: ${text}`)
  return JSON.parse(text) as ApiEventQueryResult
}

export const idsOf = ({ items }: ApiEventQueryResult): string[] => items.map(({ id }) => id)
