import { randomUUID } from 'node:crypto'
import type { EventRecord, EventSeverity } from '../../wire/event.js'

/**
 * What the monitor itself notices, as an event: SYSTEM, of the host on which it runs.
 *
 * @example
 * systemEvent('EV_ENGINE_RESTARTING', 'CRITICAL', 'The embedded ClickHouse has ended; it starts again.', 'node1')
 */
export function systemEvent(
  code: string,
  severity: EventSeverity,
  content: string,
  hostname: string,
): EventRecord {
  return {
    id: `system-${randomUUID()}`,
    time: Date.now(),
    category: 'SYSTEM',
    severity,
    alert: false,
    content,
    attributes: { EVENTCODE: [code], HOSTS: [hostname], ROLE_TYPE: ['MONITOR'] },
  }
}
