import type { Logger } from 'pino'
import { AgentError } from './errors.js'

export interface AgentOptions {
  /** The agent's own folder: host id and spool. Made if it is missing. */
  dataDir: string
  /** Base URL of the monitor, `http:` or `https:`; batches go to `<monitorUrl>/ingest/native`. */
  monitorUrl: string
  logger: Logger
  /** Time between rounds, milliseconds: 1000 … 3600000. Default: 60000. */
  intervalMs?: number
  /**
   * Port of the status page: 0 takes a free one, -1 opens none. Default: 9000. A port that cannot be had does not stop the
   * agent: it says so in its log and tries again every minute.
   */
  statusPort?: number
  /** Default: 127.0.0.1. */
  statusHost?: string
  /** Default: `/proc`. */
  procRoot?: string
  /** Default: `/sys`. */
  sysRoot?: string
  /** Default: the system's host name, read in every round. */
  hostname?: string
  /** Default: `/default`. */
  rackId?: string
  /** Bytes of unsent batches on disk at most. Default: 256 MiB. */
  spoolBytes?: number
  /** Unsent batches are dropped when their samples are older; milliseconds. Default: 7 days. */
  spoolAgeMs?: number
  /** Bytes of unsent batches in memory at most, while the disk cannot be written. Default: 8 MiB. */
  memoryBytes?: number
  /** Compress batches, in the spool too. Default: true. */
  gzip?: boolean
  /** Longest wait for an answer of the monitor, milliseconds. Default: 30000. */
  sendTimeoutMs?: number
}

export type ResolvedOptions = Required<Omit<AgentOptions, 'hostname' | 'monitorUrl'>> & {
  hostname: string | undefined
  ingestUrl: URL
}

const MAX_INTERVAL_MS = 3_600_000
const DEFAULT_STATUS_PORT = 9000

/** Fills in defaults. Throws AgentError `BAD_OPTION` for a value that makes no sense. */
export function resolveOptions(options: AgentOptions): ResolvedOptions {
  const ingestUrl = ingestUrlOf(options.monitorUrl)
  if (!options.dataDir) bad('dataDir', options.dataDir, 'the path of a folder')
  return {
    dataDir: options.dataDir,
    logger: options.logger,
    ingestUrl,
    intervalMs: within(options, 'intervalMs', 60_000, 1000, MAX_INTERVAL_MS),
    statusPort: within(options, 'statusPort', DEFAULT_STATUS_PORT, -1, 65_535),
    statusHost: options.statusHost ?? '127.0.0.1',
    procRoot: options.procRoot ?? '/proc',
    sysRoot: options.sysRoot ?? '/sys',
    hostname: options.hostname,
    rackId: options.rackId ?? '/default',
    spoolBytes: within(options, 'spoolBytes', 256 * 1024 * 1024, 64 * 1024, Number.MAX_SAFE_INTEGER),
    spoolAgeMs: within(options, 'spoolAgeMs', 7 * 86_400_000, 1000, Number.MAX_SAFE_INTEGER),
    memoryBytes: within(options, 'memoryBytes', 8 * 1024 * 1024, 0, 1024 * 1024 * 1024),
    gzip: options.gzip ?? true,
    sendTimeoutMs: within(options, 'sendTimeoutMs', 30_000, 100, 600_000),
  }
}

type NumericOption =
  | 'intervalMs'
  | 'statusPort'
  | 'spoolBytes'
  | 'spoolAgeMs'
  | 'memoryBytes'
  | 'sendTimeoutMs'

function within(options: AgentOptions, option: NumericOption, byDefault: number, min: number, max: number) {
  const value = options[option] ?? byDefault
  if (!Number.isInteger(value) || value < min || value > max)
    bad(option, value, `a whole number from ${min} to ${max}`)
  return value
}

function ingestUrlOf(monitorUrl: string): URL {
  const expected = 'the http or https URL of the monitor, e.g. http://monitor:7190'
  if (!URL.canParse(monitorUrl)) bad('monitorUrl', monitorUrl, expected)
  const url = new URL(monitorUrl.endsWith('/') ? monitorUrl : `${monitorUrl}/`)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') bad('monitorUrl', monitorUrl, expected)
  return new URL('ingest/native', url)
}

function bad(option: string, value: unknown, expected: string): never {
  throw new AgentError('BAD_OPTION', { option, value, expected })
}
