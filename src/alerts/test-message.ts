import type { Message } from './core/index.js'

/** A message that says of itself that it is a test, for the test button of a receiver. */
export function testMessage(receiver: string, id: string, hostname: string): Message {
  const now = Date.now()
  const entity = {
    category: 'ROLE',
    name: `mgmt-ALERTPUBLISHER-${hostname}`,
    displayName: `Alert publisher on ${hostname}`,
    service: 'mgmt',
    serviceDisplayName: 'Management',
    serviceType: 'MGMT',
    role: `mgmt-ALERTPUBLISHER-${hostname}`,
    roleDisplayName: `Alert publisher on ${hostname}`,
    roleType: 'ALERTPUBLISHER',
    hosts: [{ name: hostname }],
  }
  const event = {
    id,
    time: now,
    entity,
    severity: 'INFORMATIONAL' as const,
    category: 'SYSTEM' as const,
    codes: ['EV_ALERT_TEST'],
    summary: `This is a test alert for the receiver ${receiver}.`,
    tests: [],
    suppressed: false,
    monitorStartup: false,
    url: '',
  }
  const cause = { state: 'event' as const, event, since: now, count: 1, history: [] }
  return { id, receiver, at: now, kind: 'test', groups: [], causes: [cause], open: 0 }
}
