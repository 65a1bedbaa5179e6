import type { ClickHouseClient } from '@clickhouse/client'
import type { BaseLogger } from 'pino'
import { holdMerges } from '../schema/held-merges.js'
import { createBursts } from './bursts.js'

/** Has merges wait while samples come in as fast as they can be taken. */
export interface MergePause {
  inserted(rows: number, tookMs: number): void
  /** Lets merges go on. Does not reject. */
  stop(): Promise<void>
}

/** Milliseconds until a change that failed is tried again, the first time and at most; each time twice as long. */
const AGAIN_MS = 5_000
const LONGEST_MS = 60_000

export function createMergePause(
  client: () => ClickHouseClient,
  largeRows: number,
  logger: BaseLogger,
  againMs = AGAIN_MS,
): MergePause {
  let wanted = false
  let held = false
  let stopped = false
  let failures = 0
  let again: NodeJS.Timeout | undefined
  let changing: Promise<void> | undefined

  const change = async () => {
    try {
      while (held !== wanted) {
        const to = wanted
        await holdMerges(client(), to)
        held = to
        failures = 0
      }
    } catch (error) {
      logger.debug({ err: error }, 'metrics store: when samples are merged could not be changed')
      // Left held, merges would wait until the next burst, or a restart.
      clearTimeout(again)
      if (!stopped)
        again = setTimeout(() => want(wanted), Math.min(againMs * 2 ** failures++, LONGEST_MS)).unref()
    } finally {
      changing = undefined
    }
  }
  const want = (isHeld: boolean) => {
    wanted = isHeld
    changing ??= change()
  }
  const bursts = createBursts({ largeRows, onChange: want })

  return {
    inserted(rows, tookMs) {
      if (!stopped) bursts.inserted(rows, tookMs)
    },
    async stop() {
      stopped = true
      bursts.stop()
      clearTimeout(again)
      await changing
      want(false)
      await changing
    },
  }
}
