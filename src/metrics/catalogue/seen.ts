import type { ClickHouseClient } from '@clickhouse/client'
import { insertBlock } from '../native/client.js'
import { encodeInt64s } from '../native/encode.js'
import { TABLES } from '../schema/tables.js'
import type { CatalogueCore } from './catalogue.js'

/**
 * Writes down from time to time when each entity was seen last, so that a start need not search the samples for it.
 * The writer only puts times into an array; after a crash the last minute of them is missing.
 */
export interface SeenLog {
  /** Stores the times that changed since the last call that succeeded. */
  flush(client: ClickHouseClient, writer: number): Promise<void>
}

export function createSeenLog(catalogue: CatalogueCore): SeenLog {
  let stored = new Float64Array(0)
  return {
    async flush(client, writer) {
      const times = catalogue.seenTimes().slice(0, catalogue.entityCount)
      const changed: number[] = []
      for (let i = 0; i < times.length; i++) if (times[i] !== (stored[i] ?? 0)) changed.push(i)
      if (changed.length === 0) return
      await insertBlock(
        client,
        TABLES.entitySeen,
        [
          {
            name: 'entity',
            type: 'UInt64',
            parts: [encodeInt64s(changed.map((i) => catalogue.entities.idAt(i)))],
          },
          {
            name: 'seen',
            type: "DateTime64(3, 'UTC')",
            parts: [encodeInt64s(changed.map((i) => times[i]!))],
          },
          {
            name: 'writer',
            type: 'UInt64',
            parts: [encodeInt64s(new Float64Array(changed.length).fill(writer))],
          },
        ],
        changed.length,
      )
      stored = times
    },
  }
}
