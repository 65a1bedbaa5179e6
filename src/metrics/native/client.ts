import { addAbortSignal, Readable } from 'node:stream'
import { type ClickHouseClient, type ClickHouseSettings, parseError } from '@clickhouse/client'
import { READ_SETTINGS, WRITE_SETTINGS } from '../../engine/index.js'
import { type Block, createBlockDecoder, NativeFormatError } from './decode.js'
import { encodeBlock, type OutColumn } from './encode.js'

export interface ReadOptions {
  settings?: ClickHouseSettings
  parameters?: Record<string, unknown>
  signal?: AbortSignal
  queryId?: string
}

/**
 * Runs a SELECT (without FORMAT) and hands every block to `onBlock` as it arrives.
 *
 *     await readBlocks(client, 'SELECT entity, ts, v FROM samples WHERE metric = 17', (block) => …)
 *
 * Rejects with the client's `ClickHouseError` or a connection's error, also when the server fails half-way; with what
 * `onBlock` throws, which ends the query; with the signal's `AbortError`.
 */
export async function readBlocks(
  client: ClickHouseClient,
  query: string,
  onBlock: (block: Block) => void,
  { settings, parameters, signal, queryId }: ReadOptions = {},
): Promise<void> {
  const decoder = createBlockDecoder(onBlock)
  const { stream } = await client.exec({
    query: `${query}\nFORMAT Native`,
    clickhouse_settings: { ...READ_SETTINGS, ...settings },
    ...(parameters && { query_params: parameters }),
    ...(signal && { abort_signal: signal }),
    ...(queryId && { query_id: queryId }),
  })
  if (signal) addAbortSignal(signal, stream)
  let tail: Buffer = Buffer.alloc(0)
  let failure: unknown
  // After something unreadable a little more is read: it may be the server's words about what happened.
  let rest = 0
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      tail = chunk.length >= TAIL_BYTES ? chunk : Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES)
      if (failure === undefined) {
        try {
          decoder.push(chunk)
        } catch (error) {
          failure = error
          if (!(error instanceof NativeFormatError)) break
        }
      } else if ((rest += chunk.length) > TAIL_BYTES) break
    }
    if (failure === undefined) decoder.end()
  } catch (error) {
    failure ??= error
  }
  if (failure !== undefined) throw lateError(tail) ?? failure
}

/** A failure that ClickHouse meets after it has begun to answer stands at the end of the body, at most this long. */
const TAIL_BYTES = 64 * 1024

/** The error between two `__exception__` lines at the end of a body, if there is one. */
function lateError(tail: Buffer): Error | undefined {
  const [, text] =
    /__exception__\r?\n[^\r\n]*\r?\n([\s\S]*?)\r?\n[^\r\n]*\r?\n__exception__/.exec(tail.toString()) ?? []
  return text === undefined ? undefined : parseError(text)
}

/** Inserts one block, as it is: one part for each partition that it touches. Resolves when ClickHouse has stored it. */
export async function insertBlock(
  client: ClickHouseClient,
  table: string,
  columns: readonly OutColumn[],
  rows: number,
  { settings, signal, queryId }: ReadOptions = {},
): Promise<void> {
  const names = columns.map((column) => column.name).join(', ')
  const { stream } = await client.exec({
    query: `INSERT INTO ${table} (${names}) FORMAT Native`,
    values: Readable.from(encodeBlock(columns, rows), { objectMode: false }),
    clickhouse_settings: { ...WRITE_SETTINGS, ...settings },
    ...(signal && { abort_signal: signal }),
    ...(queryId && { query_id: queryId }),
  })
  for await (const _ of stream) {
    // An insert answers with nothing; the answer must be read to its end for the connection to be used again.
  }
}
