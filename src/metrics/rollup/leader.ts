import { randomBytes } from 'node:crypto'
import type { ClickHouseClient } from '@clickhouse/client'
import { readBlocks } from '../native/client.js'
import { TABLES } from '../schema/tables.js'

/**
 * Of several monitors on one database one folds and drops: the one with the lowest number of those that were seen lately,
 * by the server's clock. It only saves work: two that do it at once do no harm.
 */
export interface Leader {
  /** Says that this monitor is alive, and learns whether it is the one. */
  beat(): Promise<boolean>
  /** Gives way to the others. */
  leave(): Promise<void>
}

export function createLeader(client: () => ClickHouseClient, leaseMs: number): Leader {
  const instance = randomBytes(6).readUIntBE(0, 6)
  const say = (seen: string) =>
    client().command({ query: `INSERT INTO ${TABLES.rollupMonitors} SELECT ${instance}, ${seen}` })
  return {
    async beat() {
      await say('now64(3)')
      let least = instance
      await readBlocks(
        client(),
        `SELECT min(instance) FROM ${TABLES.rollupMonitors} FINAL WHERE seen > now64(3) - toIntervalMillisecond(${Math.round(leaseMs)})`,
        ({ columns }) => {
          least = (columns[0]?.values[0] as number | undefined) ?? instance
        },
      )
      // 0: the database's own clock has jumped between the two statements.
      return least === instance || least === 0
    },
    async leave() {
      await say(`toDateTime64(0, 3, 'UTC')`)
    },
  }
}
