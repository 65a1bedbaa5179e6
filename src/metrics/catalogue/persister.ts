import type { ClickHouseClient } from '@clickhouse/client'
import type { CatalogueCore } from './catalogue.js'
import { persist } from './persist.js'

/**
 * Returns a function that resolves when everything that was registered before the call is in ClickHouse. Calls run one
 * after the other, so that nobody overtakes rows that another call is still writing; rows that could not be written wait
 * for the next call.
 */
export function createPersister(
  catalogue: CatalogueCore,
  client: () => ClickHouseClient,
  writer: number,
): () => Promise<void> {
  let last: Promise<void> = Promise.resolve()
  const run = async () => {
    if (!catalogue.hasPending) return
    const rows = catalogue.takePending()
    try {
      await persist(client(), catalogue, rows, writer)
    } catch (error) {
      catalogue.restore(rows)
      throw error
    }
  }
  return () => {
    last = last.then(run, run)
    return last
  }
}
