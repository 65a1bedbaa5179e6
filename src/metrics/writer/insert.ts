import type { ClickHouseClient } from '@clickhouse/client'
import type { Cluster } from '../cluster/open.js'
import { ONE_SERVER } from '../cluster/placement.js'
import { insertBlock } from '../native/client.js'
import { TABLES } from '../schema/tables.js'
import { type Chunk, columnsOf } from './chunk.js'
import type { Commit } from './commit.js'
import { endInserts, findMarks } from './marks.js'
import { missingDays, rowsOfDays } from './missing.js'
import type { WriterOptions } from './writer.js'

const rowsOf = (chunks: readonly Chunk[]): number => chunks.reduce((sum, { rows }) => sum + rows, 0)

/**
 * How the writer reaches ClickHouse. Every attempt at a commit carries the same deduplication token, so that one of unknown
 * outcome (the engine was killed, the connection cut) can be tried again without storing it twice; and a query id of its
 * own, by which `settle` finds attempts that still run.
 */
export function createInsert(
  client: () => ClickHouseClient,
  instance: number,
  persistCatalogue: () => Promise<void>,
  cluster?: Cluster,
): Pick<WriterOptions, 'insert' | 'settle'> {
  let attempts = 0
  const tried = new WeakSet<Commit>()
  const queryPrefix = (commit: number) => `bellwether-${instance}-${commit}-`
  const block = (chunks: readonly Chunk[], rows: number, id: number, token: string, signal: AbortSignal) =>
    insertBlock(client(), TABLES.samples, columnsOf(chunks), rows, {
      signal,
      queryId: `${queryPrefix(id)}${++attempts}`,
      settings: {
        insert_deduplicate: 1,
        // Collapsing duplicates inside a block costs a third of the insert; merges do it anyway.
        optimize_on_insert: 0,
        insert_deduplication_token: token,
        // Late samples of many days belong to as many partitions.
        max_partitions_per_insert_block: '0',
        // The block is to become one part per partition: a batch's samples and its mark are stored together or not at all.
        max_insert_block_size: '1000000000',
      },
    })
  async function endAttempts(commits: readonly number[]): Promise<void> {
    if (commits.length === 0) return
    const running = commits.map((id) => `startsWith(initial_query_id, '${queryPrefix(id)}')`)
    const placement = cluster?.placement ?? ONE_SERVER
    if (!(await endInserts(client(), `(${running.join(' OR ')})`, { timeoutMs: 5_000, placement })))
      throw new Error('it is still busy with inserts of unknown outcome')
  }

  /** After an attempt of unknown outcome: what that one has promised, and has not kept. */
  async function storeMissing(commit: Commit, token: string, signal: AbortSignal): Promise<void> {
    await endAttempts([commit.id])
    const missing = await missingDays(client(), commit, signal)
    if (missing.size === 0) return
    const rest = rowsOfDays([...commit.records, ...commit.chunks], missing)
    await block(rest, rowsOf(rest), commit.id, `${token}-${attempts + 1}`, signal)
  }

  return {
    async insert(commit: Commit, signal: AbortSignal) {
      const { id, chunks, records, rows } = commit
      await persistCatalogue()
      const token = `${instance}-${id}`
      if (cluster === undefined) {
        const isAgain = tried.has(commit)
        tried.add(commit)
        await block([...records, ...chunks], rows, id, token, signal)
        if (isAgain) await storeMissing(commit, token, signal)
        return
      }
      cluster.check()
      // Records may only be there when all samples are: else a batch of which one shard has nothing would be taken for stored.
      if (chunks.length > 0) await block(chunks, rowsOf(chunks), id, token, signal)
      if (records.length > 0) await block(records, rowsOf(records), id, `${token}-records`, signal)
    },
    async settle(commits, keys, mark) {
      await endAttempts(commits)
      await findMarks(client(), keys, Date.now(), mark)
    },
  }
}
