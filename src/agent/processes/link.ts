import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Problem, Status, SupervisorClient } from '../supervisor/index.js'
import { connectSupervisor, openSupervisor } from '../supervisor/index.js'
import type { Hello, Request } from '../supervisor/protocol.js'

/** The agent's side of the supervisor: connected as long as there is something to supervise, and again when it was lost. */
export interface SupervisorLink {
  /** Start one if none runs. One that runs is connected to in any case. */
  want(needed: boolean): void
  connected(): boolean
  /** The last that was heard; of the old connection until there is a new one. */
  statuses(): ReadonlyMap<number, Status>
  /** As the supervisor said last. */
  hasCgroups(): boolean
  /** Rejects without a connection. */
  ask(request: Request): Promise<Problem | undefined>
  stop(): Promise<void>
}

export interface LinkEvents {
  connected(): void
  status(status: Status): void
}

const RETRY_MS = [100, 500, 2000, 5000, 15_000]
/** Without need, a supervisor that runs already is looked for so often. */
const LOOK_MS = 5000

export function openLink(folder: string, logger: Logger, events: LinkEvents): SupervisorLink {
  const stop = new AbortController()
  const statuses = new Map<number, Status>()
  let client: SupervisorClient | undefined
  let needed = false
  let cgroups = false
  let wakeUp = () => {}

  const pause = (ms: number) =>
    Promise.race([
      delay(ms, undefined, { signal: stop.signal }).catch(() => {}),
      new Promise<void>((resolve) => {
        wakeUp = resolve
      }),
    ])

  const clientEvents = {
    hello(hello: Hello) {
      statuses.clear()
      for (const status of hello.processes) statuses.set(status.id, status)
      cgroups = hello.cgroups
    },
    status(status: Status) {
      statuses.set(status.id, status)
      events.status(status)
    },
    gone: (id: number) => void statuses.delete(id),
  }

  const finished = (async () => {
    let failures = 0
    while (!stop.signal.aborted) {
      try {
        client = needed
          ? await openSupervisor(folder, clientEvents)
          : await connectSupervisor(folder, clientEvents)
      } catch (error) {
        if (failures === 0)
          logger.error({ error: String(error) }, 'The supervisor of processes cannot be started')
      }
      if (!client) {
        await pause(needed ? RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]! : LOOK_MS)
        continue
      }
      if (stop.signal.aborted) break
      failures = 0
      events.connected()
      await client.closed
      client = undefined
      if (!stop.signal.aborted) logger.warn('The supervisor has ended; another takes over its processes')
    }
    client?.close()
  })()

  return {
    want(value) {
      if (value && !needed) {
        needed = true
        wakeUp()
      } else needed = value
    },
    connected: () => client !== undefined,
    statuses: () => statuses,
    hasCgroups: () => cgroups,
    ask: async (request) => {
      if (!client) throw new Error('there is no supervisor')
      return client.ask(request)
    },
    async stop() {
      stop.abort()
      wakeUp()
      client?.close()
      await finished
    },
  }
}
