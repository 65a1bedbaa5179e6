import { dirname, join } from 'node:path'
import { LOOPBACK } from './port.js'

export interface ServerConfig {
  dataPath: string
  usersFile: string
  memoryLimitBytes: number
  cores: number
}

/** Seconds after which the server closes an idle HTTP connection; clients must give up idle ones earlier. */
export const SERVER_KEEP_ALIVE_S = 60

const MIB = 1024 ** 2

/**
 * What a column's codec `Default` means: LZ4 where no case fits, so for what is inserted, whose size counts as 0; ZSTD for what
 * is merged, and a stronger one for large parts, which are seldom merged again. The last case that fits holds.
 * Figures: docs/decisions/0031-ingest-last-bars.md.
 */
const CASES = [
  { method: 'zstd', level: 1, min_part_size: 1, min_part_size_ratio: 0 },
  { method: 'zstd', level: 5, min_part_size: 64 * MIB, min_part_size_ratio: 0 },
]

/**
 * The library starts like a client too, which reads `compression` as a yes or no, and ends when the text of all elements in it is
 * neither. So the text is made the name of a property, `${…}`, by an element before and one behind; and the property says 1.
 */
const COMPRESSION = {
  compression: {
    case: CASES.map((one, i) => ({
      ...(i === 0 && { begin: '${' }),
      ...one,
      ...(i === CASES.length - 1 && { end: '}' }),
    })),
  },
  [CASES.flatMap((one) => Object.values(one)).join('')]: 1,
  // Tells the metrics store that there are cases.
  macros: { bellwether_compression: 1 },
}

/** With less free space than this on the disk, inserts are refused with NOT_ENOUGH_SPACE (243). */
export const INSERT_MIN_FREE_BYTES = 64 * MIB

/**
 * `config.xml` of the embedded server; its ports are arguments of the process.
 * The figures behind the settings: docs/decisions/0002-embedded-clickhouse.md.
 */
export function serverConfigXml(config: ServerConfig): string {
  const memory = config.memoryLimitBytes
  return document({
    path: config.dataPath,
    users_config: config.usersFile,
    listen_host: LOOPBACK,
    keep_alive_timeout: SERVER_KEEP_ALIVE_S,
    // Every open connection holds a thread, idle ones too; a query may need several more.
    max_connections: 1_024,
    max_thread_pool_size: 2_000,
    max_thread_pool_free_size: 16,

    max_server_memory_usage: memory,
    // Merges must not push queries and inserts out of the limit.
    merges_mutations_memory_usage_soft_limit: Math.floor(memory * 0.4),
    mark_cache_size: clamp(memory / 32, 16 * MIB, 128 * MIB),
    index_mark_cache_size: 16 * MIB,
    primary_index_cache_size: clamp(memory / 32, 16 * MIB, 128 * MIB),
    uncompressed_cache_size: 0,
    index_uncompressed_cache_size: 0,
    compiled_expression_cache_size: 32 * MIB,
    query_cache: { max_size_in_bytes: 0 },

    background_pool_size: clamp(config.cores, 2, 8),
    background_schedule_pool_size: 8,
    background_common_pool_size: 2,
    background_move_pool_size: 1,
    background_fetches_pool_size: 1,

    // docs/decisions/0003-metrics-store-layout.md: no statistics for an optimizer that needs none here, and merges of more
    // parts at a time, so that a row is written anew less often. Merges come after inserts (`merge-priority.ts`): when they
    // fall so far behind, inserts wait a little (10 ms and more) and let them catch up.
    merge_tree: { auto_statistics_types: '', merge_selector_base: 10, parts_to_delay_insert: 150 },

    ...COMPRESSION,

    // The parent reads standard error: a bounded log, and no file that grows. Failed queries are told to whoever asked.
    'log-level': 'error',
    logger: {
      console: 1,
      level: 'error',
      levels: {
        logger: [
          'executeQuery',
          'DynamicQueryHandler',
          'PredefinedQueryHandler',
          'TCPHandler',
          'BackupsWorker',
        ].map((name) => ({
          name,
          level: 'none',
        })),
      },
    },
    // `BACKUP … TO File('name')` writes here, and nowhere else.
    backups: { allowed_path: join(dirname(config.dataPath), 'backups') },
    send_crash_reports: { enabled: 'false' },
  })
}

/**
 * `users.xml`: `default`, who runs the engine's own session and, seen from outside, can read nothing; and the product's
 * user, who may do everything inside ClickHouse, but neither reach files, programs and URLs nor manage users.
 */
export function usersConfigXml(username: string, passwordSha256: string, memoryLimitBytes: number): string {
  const loopback = { ip: [LOOPBACK, '::1'] }
  return document({
    profiles: {
      default: {
        max_memory_usage: Math.floor(memoryLimitBytes * 0.6),
        // Room that merges, and the removal of old data, still have when the disk is full for inserts.
        min_free_disk_bytes_to_perform_insert: INSERT_MIN_FREE_BYTES,
        async_insert: 0,
        // They sample into system tables that the embedded server does not have.
        query_profiler_real_time_period_ns: 0,
        query_profiler_cpu_time_period_ns: 0,
        log_queries: 0,
      },
    },
    quotas: { default: {} },
    users: {
      default: {
        password: '',
        profile: 'default',
        quota: 'default',
        networks: loopback,
        grants: {
          query: [
            'GRANT SYSTEM LISTEN ON *.*',
            'GRANT CREATE TEMPORARY TABLE, CREATE ARBITRARY TEMPORARY TABLE ON *.*',
          ],
        },
      },
      [username]: {
        password_sha256_hex: passwordSha256,
        profile: 'default',
        quota: 'default',
        networks: loopback,
        grants: { query: PRODUCT_GRANTS },
      },
    },
  })
}

const PRODUCT_GRANTS = [
  'GRANT CHECK, SHOW, SELECT, INSERT, ALTER, CREATE, DROP, UNDROP TABLE, TRUNCATE, OPTIMIZE, BACKUP, KILL QUERY, ' +
    'MOVE PARTITION BETWEEN SHARDS, SYSTEM, dictGet, CLUSTER, REMOTE ON *.*',
  'GRANT TABLE ENGINE ON *',
  'GRANT SET DEFINER ON *',
]

type Xml = string | number | { [name: string]: Xml | Xml[] | undefined }

function document(content: Xml): string {
  return `<!-- Written at every start: changes here are lost. Files in config.d and users.d beside it are kept and win. -->\n<clickhouse>\n${children(content, '  ')}</clickhouse>\n`
}

function children(content: Xml, indent: string): string {
  if (typeof content !== 'object') return escapeXml(String(content))
  return Object.entries(content)
    .flatMap(([name, value]) =>
      Array.isArray(value) ? value.map((one) => [name, one] as const) : [[name, value] as const],
    )
    .map(([name, value]) => {
      if (value === undefined) return ''
      const isText = typeof value !== 'object'
      const inner =
        isText || ONE_LINE.has(name) ? onOneLine(value) : `\n${children(value, `${indent}  `)}${indent}`
      return `${indent}<${name}>${inner}</${name}>\n`
    })
    .join('')
}

/** Elements in which white space counts. */
const ONE_LINE = new Set(['compression'])

const onOneLine = (content: Xml): string => children(content, '').replaceAll(/^ +|\n */g, '')

function escapeXml(text: string): string {
  return text.replace(/[&<>]/g, (c) => (c === '&' ? '&amp;' : c === '<' ? '&lt;' : '&gt;'))
}

function clamp(value: number, low: number, high: number): number {
  return Math.floor(Math.min(high, Math.max(low, value)))
}
