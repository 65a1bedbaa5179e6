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

export function createMergePause(
  client: () => ClickHouseClient,
  largeRows: number,
  logger: BaseLogger,
): MergePause {
  let wanted = false
  let held = false
  let stopped = false
  let changing: Promise<void> | undefined

  const change = async () => {
    try {
      while (held !== wanted) {
        const to = wanted
        await holdMerges(client(), to)
        held = to
      }
    } catch (error) {
      logger.debug({ err: error }, 'metrics store: when samples are merged could not be changed')
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
      await changing
      want(false)
      await changing
    },
  }
}
