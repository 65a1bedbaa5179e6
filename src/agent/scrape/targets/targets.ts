import { readFile, stat } from 'node:fs/promises'
import type { Logger } from 'pino'
import type { NativeBatch } from '../../../wire/native-batch.js'
import { phaseOf, type Schedule, startSchedule } from '../../schedule.js'
import {
  identityOf,
  MOST_SETTINGS_BYTES,
  readScrapeSettings,
  ScrapeSettingsError,
  type ScrapeTarget,
} from './settings.js'
import { createTargetReader } from './target.js'

export interface ScrapeTargetsOptions {
  /** The settings file; it is read again when it changes. */
  file: string
  agentName: string
  logger: Logger
  /** Takes what was scraped; a rejection is logged. */
  deliver(batch: NativeBatch, time: number): Promise<void>
  /** How often is looked whether the file has changed, milliseconds. Default: 5000. */
  watchMs?: number
}

export interface ScrapeTargets {
  readonly count: number
  /** Ends; scrapes under way are waited for, at most as long as their timeouts. May be called twice. */
  stop(): Promise<void>
}

/** Pages that are asked for, or read, at the same time. */
const PARALLEL = 8

/**
 * Scrapes the targets of a settings file, each at its own interval, spread evenly. A file that has become wrong is told in the
 * log, and the targets of before stay. Throws `ScrapeSettingsError` when the first one is wrong.
 */
export async function startScrapeTargets(options: ScrapeTargetsOptions): Promise<ScrapeTargets> {
  const { file, agentName, logger, deliver, watchMs = 5_000 } = options
  const running = new Map<string, { target: ScrapeTarget; schedule: Schedule }>()
  const ends: Promise<void>[] = []
  const turns = createTurns(PARALLEL)
  let changed = await stampOf(file)
  apply(await load(file))

  function apply(targets: readonly ScrapeTarget[]): void {
    const wanted = new Map(targets.map((target) => [identityOf(target), target]))
    for (const [key, { target, schedule }] of running) {
      if (JSON.stringify(wanted.get(key)) === JSON.stringify(target)) continue
      running.delete(key)
      ends.push(schedule.stop())
    }
    for (const [key, target] of wanted)
      if (!running.has(key)) running.set(key, { target, schedule: begin(key, target) })
  }

  function begin(key: string, target: ScrapeTarget): Schedule {
    const reader = createTargetReader(target, agentName, logger)
    return startSchedule(
      { intervalMs: target.intervalMs, phaseMs: phaseOf(key, target.intervalMs) },
      (time) =>
        turns.run(async () => {
          // It may have waited for its turn.
          const at = Math.abs(Date.now() - time) < 1_000 ? time : Date.now()
          const { batch } = await reader.scrape(at)
          await deliver(batch, at)
        }),
      {
        failed: (error) => logger.error({ target: target.url, error }, 'A scrape failed'),
        skipped: (count) =>
          logger.debug({ target: target.url, count }, 'Scrapes were skipped: the last one took too long'),
      },
    )
  }

  async function follow(): Promise<void> {
    const stamp = await stampOf(file)
    if (stamp === changed) return
    changed = stamp
    try {
      apply(await load(file))
      logger.info({ file, targets: running.size }, 'The scrape targets were read again')
    } catch (error) {
      logger.error(
        { file, error: (error as Error).message },
        'The scrape targets cannot be read; those of before stay',
      )
    }
  }

  let stopped: Promise<void> | undefined
  let timer: NodeJS.Timeout
  const watch = () => {
    timer = setTimeout(() => void follow().finally(() => stopped ?? watch()), watchMs).unref()
  }
  watch()
  return {
    get count() {
      return running.size
    },
    stop() {
      clearTimeout(timer)
      stopped ??= Promise.all([
        ...ends,
        ...[...running.values()].map(({ schedule }) => schedule.stop()),
      ]).then(() => undefined)
      return stopped
    },
  }
}

async function load(file: string): Promise<ScrapeTarget[]> {
  try {
    if ((await stat(file)).size > MOST_SETTINGS_BYTES)
      throw new Error(`it is larger than ${MOST_SETTINGS_BYTES} bytes`)
    return readScrapeSettings(await readFile(file, 'utf8'))
  } catch (error) {
    const { message } = error as Error
    throw new ScrapeSettingsError(
      `${file} ${error instanceof ScrapeSettingsError ? message : `cannot be read: ${message}`}`,
    )
  }
}

async function stampOf(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined)
  return found === undefined ? '' : `${found.mtimeMs} ${found.size} ${found.ino}`
}

/** Lets so many tasks run at a time; the others wait in their order. */
function createTurns(most: number) {
  let active = 0
  const waiting: (() => void)[] = []
  return {
    async run<T>(task: () => Promise<T>): Promise<T> {
      if (active >= most) await new Promise<void>((resolve) => waiting.push(resolve))
      else active++
      try {
        return await task()
      } finally {
        const next = waiting.shift()
        if (next) next()
        else active--
      }
    },
  }
}
