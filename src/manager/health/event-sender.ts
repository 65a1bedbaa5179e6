import type { EventRecord } from '../../wire/event.js'
import type { Log } from '../core.js'
import type { MonitorClient } from './client.js'

/** What there is to be told; nothing is forgotten before `told`. */
export interface EventSource {
  /** Events that the monitor does not have yet, as far as is known, the oldest first, and whether there may be more at once. */
  next(): Promise<{ events: EventRecord[]; told(): Promise<void>; more: boolean }>
}

export interface EventSender {
  /** May be called twice. */
  stop(): Promise<void>
}

const EVERY_MS = 2_000
const LONGEST_PAUSE_MS = 5_000
/** A monitor that has never answered is perhaps just starting, beside this manager: it is missed only after so long. */
const START_PATIENCE_MS = 60_000

/**
 * Sends events to the monitor's event store until it has them: none is lost while the monitor is away or a manager dies; one that
 * is sent again has the same id, and is stored once.
 */
export function startEventSender(options: {
  logger: Log
  client: MonitorClient
  sources: readonly EventSource[]
  everyMs?: number
}): EventSender {
  const { logger, client, sources, everyMs = EVERY_MS } = options
  const ending = new AbortController()
  const started = performance.now()
  let failures = 0
  let wasReached = false
  let isMissed = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()

  async function send(source: EventSource): Promise<void> {
    for (let more = true; more && !ending.signal.aborted; ) {
      const found = await source.next()
      if (found.events.length > 0) {
        const body = JSON.stringify({ events: found.events })
        const { status } = await client.ask('POST', '/events', { body, signal: ending.signal })
        // 400: nothing in it is an event; it would never be.
        if (status !== 200 && status !== 400) throw new Error(`HTTP ${status}`)
        wasReached = true
      }
      await found.told()
      more = found.more
    }
  }

  async function round(): Promise<void> {
    try {
      for (const source of sources) await send(source)
      if (isMissed) logger.info({}, 'The monitor takes events again')
      isMissed = false
      failures = 0
    } catch (error) {
      if (ending.signal.aborted) return
      failures++
      if (isMissed || !(wasReached || performance.now() - started > START_PATIENCE_MS)) return
      isMissed = true
      logger.warn({ reason: String(error) }, 'The monitor does not take events; they wait')
    }
  }

  function plan(): void {
    if (ending.signal.aborted) return
    timer = setTimeout(
      () => {
        running = round().finally(plan)
      },
      Math.min(LONGEST_PAUSE_MS, everyMs * 2 ** Math.min(failures, 10)),
    )
    timer.unref()
  }
  plan()

  return {
    async stop() {
      ending.abort()
      clearTimeout(timer)
      await running
    },
  }
}
