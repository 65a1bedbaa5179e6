import type { ClickHouseSettings } from '@clickhouse/client'

/**
 * Settings for every statement that only reads. Once its client closes the connection, ClickHouse ends the work: it does
 * so for read-only requests alone, and `readonly` 2 is the one that still lets a request bring settings of its own.
 */
export const READ_SETTINGS = {
  readonly: '2',
  cancel_http_readonly_queries_on_client_close: 1,
  async_insert: 0,
} as const satisfies ClickHouseSettings

/**
 * Settings for inserts. `async_insert` is on by default since ClickHouse 26 and would delay each insert and switch its
 * deduplication off; one thread an insert leaves the other cores to queries.
 */
export const WRITE_SETTINGS = {
  async_insert: 0,
  max_threads: 1,
  max_insert_threads: '1',
  input_format_parallel_parsing: 0,
} as const satisfies ClickHouseSettings
