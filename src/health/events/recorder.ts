import { setTimeout as delay } from 'node:timers/promises'
import type { BaseLogger } from 'pino'
import type { EventLog, LoggedEvent } from './log.js'

export interface Recorder {
  /**
   * Stores events of this process, in their order, and tries again until they are stored: it resolves then, and with false when
   * they had to be given up, because too many waited or the process stops.
   */
  record(events: readonly LoggedEvent[]): Promise<boolean>
  readonly waiting: number
  /** Tries once more, for at most `graceMs`. May be called twice. */
  stop(graceMs?: number): Promise<void>
}

const MOST = 50_000
const LONGEST_WAIT_MS = 30_000
/** Handed to the log at once. */
const AT_ONCE = 2_000

/** Holds events of this process while the store is away: nobody else would send them again. */
export function createRecorder(log: EventLog, logger: BaseLogger, firstWaitMs = 500): Recorder {
  const queue: { events: readonly LoggedEvent[]; done(stored: boolean): void }[] = []
  const stopping = new AbortController()
  let waiting = 0
  let running: Promise<void> | undefined

  async function run(): Promise<void> {
    let failures = 0
    while (queue.length > 0) {
      const { events, done } = queue[0]!
      try {
        await log.append(events)
      } catch (error) {
        if (stopping.signal.aborted) break
        if (failures++ === 0) logger.warn({ err: error, waiting }, 'events of the monitor wait for the store')
        const wait = Math.min(LONGEST_WAIT_MS, firstWaitMs * 2 ** Math.min(10, failures - 1))
        await delay(wait, undefined, { signal: stopping.signal }).catch(() => undefined)
        continue
      }
      failures = 0
      queue.shift()
      waiting -= events.length
      done(true)
    }
    running = undefined
  }

  return {
    record(events) {
      if (events.length === 0) return Promise.resolve(true)
      if (stopping.signal.aborted) return Promise.resolve(false)
      // One change too many is better given up than all of memory: health is looked at again in any case.
      if (waiting + events.length > MOST) {
        logger.error({ events: events.length }, 'events of the monitor are lost: too many wait for the store')
        return Promise.resolve(false)
      }
      waiting += events.length
      const stored: Promise<boolean>[] = []
      for (let i = 0; i < events.length; i += AT_ONCE)
        stored.push(new Promise((done) => queue.push({ events: events.slice(i, i + AT_ONCE), done })))
      running ??= run()
      return Promise.all(stored).then((parts) => parts.every(Boolean))
    },
    get waiting() {
      return waiting
    },
    async stop(graceMs = 3_000) {
      stopping.abort()
      if (running) await Promise.race([running, delay(graceMs, undefined, { ref: false })])
      for (const { done } of queue.splice(0)) done(false)
    },
  }
}
