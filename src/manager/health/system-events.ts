import { randomUUID } from 'node:crypto'
import type { EventRecord, EventSeverity } from '../../wire/event.js'
import type { EventSource } from './event-sender.js'

/** What a manager notices of itself, until the monitor has it; lost only with the process. */
export interface SystemEvents extends EventSource {
  add(code: string, severity: EventSeverity, content: string): void
}

/** While the monitor is away the oldest go first. */
const MOST = 200

/**
 * SYSTEM events of the host on which the manager runs. It need not be active to notice something, only to tell it.
 *
 * @example
 * const events = createSystemEvents(hostname())
 * events.add('EV_ENGINE_RUNNING', 'INFORMATIONAL', 'PostgreSQL is running again.')
 */
export function createSystemEvents(name: string): SystemEvents {
  let waiting: EventRecord[] = []
  return {
    add(code, severity, content) {
      waiting = [
        ...waiting,
        {
          id: `system-${randomUUID()}`,
          time: Date.now(),
          category: 'SYSTEM' as const,
          severity,
          alert: false,
          content,
          attributes: { EVENTCODE: [code], HOSTS: [name], ROLE_TYPE: ['MANAGER'] },
        },
      ].slice(-MOST)
    },
    async next() {
      const events = waiting
      return {
        events,
        more: false,
        async told() {
          waiting = waiting.filter((each) => !events.includes(each))
        },
      }
    },
  }
}
