import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Logger } from 'pino'
import type { EventRecord } from '../../wire/event.js'
import { QUIET_START_MS } from '../quiet-start.js'
import { createPoster, type Target } from '../send/post.js'
import { startSender } from '../send/sender.js'
import { openSpool, type SpoolStats } from '../spool/spool.js'
import { openPositions } from './positions.js'
import { createLogWatcher, type LogSource, type LogWatcher } from './watcher.js'

export type { LogSource } from './watcher.js'

export interface LogEventsOptions {
  /** For positions and unsent events. Made if it is missing. */
  dir: string
  sources: () => readonly LogSource[]
  /** Where events are posted to; asked for each post. */
  target: () => Target | undefined
  timeoutMs: number
  /** PEM of the authorities that verify the monitor's certificate. Default: the system's. */
  caFile?: string | undefined
  logger: Logger
  /** Between two looks at the logs, milliseconds. Default: 1 s. */
  everyMs?: number
}

export interface LogEventsStatus extends ReturnType<LogWatcher['stats']> {
  spool: SpoolStats
}

export interface LogEventsRunner {
  status(): LogEventsStatus
  /** Leaves what is not sent in the spool, and what is under way to the next start. May be called twice. */
  stop(): Promise<void>
}

const SPOOL_BYTES = 32 * 1024 * 1024
const SPOOL_AGE_MS = 3 * 86_400_000
const SPOOL_MEMORY_BYTES = 2 * 1024 * 1024

const compress = promisify(gzip)

/** Makes events of the logs of roles and sends them to the monitor: see docs/events.md. */
export async function startLogEvents(options: LogEventsOptions): Promise<LogEventsRunner> {
  const { dir, sources, target, timeoutMs, caFile, logger, everyMs = 1_000 } = options
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const spool = await openSpool({
    dir: join(dir, 'spool'),
    maxBytes: SPOOL_BYTES,
    maxAgeMs: SPOOL_AGE_MS,
    memoryBytes: SPOOL_MEMORY_BYTES,
    logger,
  })
  const poster = createPoster(target, timeoutMs, caFile)
  const sender = startSender({
    spool,
    poster,
    logger,
    contentType: 'application/json',
    quietMs: QUIET_START_MS,
    observe: () => undefined,
  })
  const watcher = createLogWatcher({
    sources,
    positions: await openPositions(join(dir, 'positions.json'), logger),
    logger,
    async emit(events: readonly EventRecord[]) {
      const payload = await compress(JSON.stringify({ events }))
      await spool.append({ time: Date.now(), gzip: true, payload })
      sender.wake()
    },
  })

  let ended = false
  let wakeUp = () => {}
  const finished = (async () => {
    while (!ended) {
      try {
        await watcher.round()
      } catch (error) {
        logger.error({ error: String(error) }, 'A look at the logs of roles failed')
      }
      if (ended) break
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, everyMs)
        wakeUp = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  })()

  let stopped: Promise<void> | undefined
  return {
    status: () => ({ ...watcher.stats(), spool: spool.stats() }),
    stop: () =>
      (stopped ??= (async () => {
        ended = true
        wakeUp()
        await finished
        await watcher.close()
        await sender.stop()
        await spool.close()
      })()),
  }
}
