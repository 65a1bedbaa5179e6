import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Logger } from 'pino'
import { AgentError } from './errors.js'

export interface AgentOptions {
  /** The agent's own folder: host id and spool. Made if it is missing. */
  dataDir: string
  /**
   * Base URL of the monitor, `http:` or `https:`; batches go to `<monitorUrl>/ingest/native`. Default, with
   * managers: where the manager says, and batches wait until it has.
   */
  monitorUrl?: string
  logger: Logger
  /** For the monitor, where the manager gives none. */
  monitorToken?: string
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
  /** Base URLs of the managers; the active one is found among them. Default: none, and the agent only collects metrics. */
  managerUrls?: readonly string[]
  /** For the first heartbeat; the manager may give the host a token of its own with its answer. */
  managerToken?: string
  /** File with the certificates, PEM, that verify the managers' and the monitor's. Default: those of the system. */
  managerCaFile?: string
  /** Where processes have their folders. Users of processes must be able to enter it. Default: `<dataDir>/process`. */
  processDir?: string
  /** Folders of processes that are over are removed after this time, milliseconds. Default: 7 days. */
  orphanAgeMs?: number
  /** Ends all processes and removes their folders and the desired state, before anything else. Default: false. */
  cleanStart?: boolean
  /** How our own roles are run on this host; processes know it as `BELLWETHER_NODE` and `BELLWETHER_MAIN`. */
  program?: { node: string; main: string }
  /** File with pages to scrape besides those of roles; see docs/agent.md. Default: none. */
  scrapeFile?: string
  /** Between two tries to reach a manager, milliseconds. Default: 30000. */
  managerBackOffMs?: number
  /** IP address of this host for the manager. Default: the one by which it reaches it; see docs/agent.md. */
  hostAddress?: string
}

/** What the agent has to know to work for a manager. */
export interface ManagerOptions {
  urls: readonly string[]
  token: string | undefined
  caFile: string | undefined
  processDir: string
  orphanAgeMs: number
  program: { node: string; main: string } | undefined
  longestBackOffMs?: number
  hostAddress?: string
}

type ForManager =
  | 'managerUrls'
  | 'managerToken'
  | 'managerCaFile'
  | 'processDir'
  | 'orphanAgeMs'
  | 'managerBackOffMs'
  | 'hostAddress'
  | 'program'

export type ResolvedOptions = Required<
  Omit<AgentOptions, 'hostname' | 'monitorUrl' | 'monitorToken' | 'scrapeFile' | ForManager>
> & {
  hostname: string | undefined
  scrapeFile: string | undefined
  /** Undefined: as the manager says. */
  ingestUrl: URL | undefined
  monitorToken: string | undefined
  caFile: string | undefined
  processDir: string
  /** Undefined without a manager. */
  manager: ManagerOptions | undefined
}

const MAX_INTERVAL_MS = 3_600_000
const DEFAULT_STATUS_PORT = 9000

/** Fills in defaults. Throws AgentError `BAD_OPTION` for a value that makes no sense. */
export function resolveOptions(options: AgentOptions): ResolvedOptions {
  const hasManager = (options.managerUrls ?? []).length > 0
  const ingestUrl =
    options.monitorUrl === undefined && hasManager ? undefined : ingestUrlOf(options.monitorUrl ?? '')
  if (!options.dataDir) bad('dataDir', options.dataDir, 'the path of a folder')
  return {
    dataDir: options.dataDir,
    logger: options.logger,
    ingestUrl,
    monitorToken: options.monitorToken || undefined,
    caFile: caFileOf(options.managerCaFile),
    intervalMs: within(options, 'intervalMs', 60_000, 1000, MAX_INTERVAL_MS),
    statusPort: within(options, 'statusPort', DEFAULT_STATUS_PORT, -1, 65_535),
    statusHost: options.statusHost ?? '127.0.0.1',
    procRoot: options.procRoot ?? '/proc',
    sysRoot: options.sysRoot ?? '/sys',
    hostname: options.hostname,
    scrapeFile: options.scrapeFile === undefined ? undefined : resolve(options.scrapeFile),
    rackId: options.rackId ?? '/default',
    spoolBytes: within(options, 'spoolBytes', 256 * 1024 * 1024, 64 * 1024, Number.MAX_SAFE_INTEGER),
    spoolAgeMs: within(options, 'spoolAgeMs', 7 * 86_400_000, 1000, Number.MAX_SAFE_INTEGER),
    memoryBytes: within(options, 'memoryBytes', 8 * 1024 * 1024, 0, 1024 * 1024 * 1024),
    gzip: options.gzip ?? true,
    sendTimeoutMs: within(options, 'sendTimeoutMs', 30_000, 100, 600_000),
    cleanStart: options.cleanStart ?? false,
    processDir: processDirOf(options),
    manager: managerOf(options),
  }
}

const processDirOf = (options: AgentOptions) =>
  resolve(options.processDir ?? join(options.dataDir, 'process'))

function managerOf(options: AgentOptions): ManagerOptions | undefined {
  const urls = options.managerUrls ?? []
  if (urls.length === 0) return undefined
  for (const url of urls)
    if (!/^https?:\/\/[^\s/]+/.test(url) || !URL.canParse(url))
      bad('managerUrls', url, 'http or https URLs of managers, e.g. https://manager:7180')
  if (options.managerToken !== undefined && !/^[\x21-\x7e]*$/.test(options.managerToken))
    bad('managerToken', 'what it is', 'printable characters without spaces')
  return {
    urls,
    token: options.managerToken || undefined,
    caFile: caFileOf(options.managerCaFile),
    processDir: processDirOf(options),
    orphanAgeMs: within(options, 'orphanAgeMs', 7 * 86_400_000, 1000, Number.MAX_SAFE_INTEGER),
    program: options.program,
    longestBackOffMs: within(options, 'managerBackOffMs', 30_000, 100, 3_600_000),
    ...(options.hostAddress && { hostAddress: options.hostAddress }),
  }
}

function caFileOf(path: string | undefined): string | undefined {
  if (path === undefined || path === '') return undefined
  try {
    if (!readFileSync(path, 'utf8').includes('-----BEGIN CERTIFICATE-----'))
      throw new Error('no certificate in it')
  } catch (error) {
    bad('managerCaFile', `${path} (${(error as Error).message})`, 'a file with certificates in PEM')
  }
  return path
}

type NumericOption =
  | 'intervalMs'
  | 'statusPort'
  | 'spoolBytes'
  | 'spoolAgeMs'
  | 'memoryBytes'
  | 'sendTimeoutMs'
  | 'orphanAgeMs'
  | 'managerBackOffMs'

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
