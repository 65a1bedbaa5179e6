import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { type ActiveManager, startActive } from './active.js'
import {
  type AuthMode,
  createManagerApi,
  ensureFirstUser,
  type FirstUser,
  fromActive,
  type ManagerApi,
} from './api/index.js'
import { checkDeploymentKey, KeyError, type Keyring } from './configuration/index.js'
import { type Core, createCore } from './core.js'
import {
  DatabaseError,
  isTransient,
  type LeaseTimes,
  LostLeaseError,
  lead,
  type OpenDatabase,
  openDatabase,
  releaseFormer,
} from './database/index.js'
import { loadCommonFiles } from './descriptors/index.js'
import { createMonitorClient, type MonitorClientOptions, type SystemEvents } from './health/index.js'
import { openServiceTypes } from './service-types.js'

/** `STARTING`: the database is not there yet, or is away. */
export type ManagerState = 'STARTING' | 'PASSIVE' | 'ACTIVE'

/** The database server, as far as it matters here: what `openPostgres` gives. */
export interface DatabaseServer {
  readonly url: string
  readonly embedded: boolean
  onState(listener: (change: { urlChanged: boolean }) => void): () => void
  stop(): Promise<void>
}

export interface LifecycleOptions {
  /** Opens the server; asked again, with growing delays, where it rejects with something that `isPassing`. */
  openServer(signal: AbortSignal): Promise<DatabaseServer>
  isPassing(error: unknown): boolean
  keys: Keyring
  /** Where other managers and their clients reach this one. */
  url: string
  /** Folders with service types from elsewhere. */
  csdDirs: readonly string[]
  auth: AuthMode
  /** For the first user; a random one where it is empty. */
  adminPassword: string
  /** Gets the random one. */
  adminPasswordFile: string
  /** Holds a token with which hosts may join at any time; empty: none. */
  joinTokenFile: string
  /** Where agents send metrics, and with what. */
  monitor: { urls: string[]; token?: string }
  /** The monitor as this manager reaches it; without it nobody looks after health. */
  monitorClient?: MonitorClientOptions
  /** What this manager notices of itself; told to the monitor while it is the active one. */
  systemEvents?: SystemEvents
  /** Remembers what of that agents were told last, and by which version, by a digest. */
  monitorFile: string
  version: string
  /** The newest lines of this manager's log. */
  log(): Promise<string | undefined>
  onFirstUser(user: FirstUser): void
  logger: Logger
  /** Tests shorten them. */
  times?: LeaseTimes
}

/** What the HTTP side asks of it. */
export interface Deployment {
  state(): ManagerState
  /** Only while this manager is the active one. */
  api(): ManagerApi | undefined
  active(): ActiveManager | undefined
  /** Of the other manager that is active, where this one is passive. */
  activeUrl(): string | undefined
  readonly auth: AuthMode
}

export interface Lifecycle extends Deployment {
  /** Resolves once this manager is active or passive for the first time. Rejects with what a person has to mend. */
  readonly settled: Promise<void>
  /** Rejects when something comes up that only a person can mend. Never resolves. */
  readonly failed: Promise<never>
  /** Ends all of it, the database server last. May be called twice. */
  stop(): Promise<void>
}

const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 15_000

/**
 * Opens the database, waits for the lease, is the active manager while it has it, and waits for it again: until it is stopped.
 * The database being away, or another manager taking over, is no failure; it shows in `state()`.
 */
export function startLifecycle(options: LifecycleOptions): Lifecycle {
  const { logger, keys } = options
  const run = `${hostname()} ${new URL(options.url).port}/`
  const holder = { id: run + randomUUID(), url: options.url }
  const ending = new AbortController()
  const serviceTypes = openServiceTypes(options.csdDirs, logger)
  const startedAt = Date.now()
  const monitorClient = options.monitorClient && createMonitorClient(options.monitorClient)
  let state: ManagerState = 'STARTING'
  let api: ManagerApi | undefined
  let active: ActiveManager | undefined
  let activeUrl: string | undefined
  let markSettled = () => {}
  let fail: (error: unknown) => void = () => {}
  const settled = new Promise<void>((resolve, reject) => {
    markSettled = resolve
    fail = reject
  })
  let failLater: (error: unknown) => void = () => {}
  const failed = new Promise<never>((_, reject) => {
    failLater = reject
  })
  // Whoever does not listen is not to be ended by it.
  settled.catch(() => {})
  failed.catch(() => {})

  function become(next: ManagerState): void {
    if (next !== 'PASSIVE') activeUrl = undefined
    if (next !== 'ACTIVE') api = undefined
    state = next
    if (next !== 'STARTING') markSettled()
  }

  async function main(): Promise<void> {
    const server = await patiently('The database server', () => options.openServer(ending.signal))
    if (!server) return
    try {
      while (!ending.signal.aborted) {
        const moved = new AbortController()
        const off = server.onState(({ urlChanged }) => urlChanged && moved.abort())
        const database = await patiently('The database', () =>
          openDatabase(server.url, {
            onError: (error) => logger.debug({ err: error }, 'A connection to the database broke'),
          }),
        )
        try {
          const until = AbortSignal.any([ending.signal, moved.signal])
          if (database) await serve(database, server.embedded, until)
        } finally {
          off()
          await database?.close()
        }
      }
    } finally {
      await server.stop()
    }
  }

  /** Turn after turn on one database. */
  async function serve(database: OpenDatabase, embedded: boolean, until: AbortSignal): Promise<void> {
    if (!(await patiently('The database', () => checkDeploymentKey(database.db, keys).then(() => true))))
      return
    let wait = FIRST_DELAY_MS
    while (!until.aborted) {
      try {
        await turn(database, embedded, until)
        wait = FIRST_DELAY_MS
      } catch (error) {
        if (until.aborted) return
        if (isForPeople(error)) throw error
        if (error instanceof LostLeaseError) logger.warn({ reason: error.message }, 'The lease was lost')
        else if (isTransient(error))
          logger.warn({ reason: (error as Error).message }, 'The database is away; waiting for it')
        else
          logger.error({ err: error, retryInMs: wait }, 'The manager could not do its work; it tries again')
        await pause(wait)
        wait = Math.min(LONGEST_DELAY_MS, wait * 2)
      } finally {
        become('STARTING')
      }
    }
  }

  /** Waits for the lease and does what an active manager does until it is lost. */
  async function turn(database: OpenDatabase, embedded: boolean, until: AbortSignal): Promise<void> {
    const { db, deploymentId } = database
    await releaseFormer(db, run)
    const leadership = await lead({
      db,
      holder,
      logger,
      signal: until,
      onWaiting(other) {
        become('PASSIVE')
        activeUrl = other.url
      },
      ...(options.times ? { times: options.times } : {}),
    })
    become('STARTING')
    try {
      const core = createCore({
        db,
        deploymentId,
        term: leadership.term,
        keys,
        descriptors: await serviceTypes.read(),
        common: await loadCommonFiles(),
        logger,
      })
      active = await startActive({
        core,
        monitor: () => options.monitor,
        monitorClient,
        systemEvents: options.systemEvents,
      })
      await tellAnew(core, options)
      const first = await ensureFirstUser(core, {
        password: options.adminPassword,
        file: options.adminPasswordFile,
      })
      if (first) options.onFirstUser(first)
      const joinToken = await tokenIn(options.joinTokenFile)
      if (joinToken) await active.tokens.allowJoinToken(joinToken)
      api = createManagerApi({
        ...fromActive(active),
        mode: options.auth,
        reloadServiceTypes: async () => core.setDescriptors(await serviceTypes.reload()),
        instances: async () => [{ ...instanceOf(options.url), createdAt: startedAt, updatedAt: Date.now() }],
        version: options.version,
        embeddedDatabase: embedded,
        log: options.log,
        logger,
      })
      become('ACTIVE')
      await aborted(AbortSignal.any([leadership.signal, until]))
    } finally {
      become('STARTING')
      const ended = active
      active = undefined
      await ended?.stop()
      await leadership.stop()
    }
  }

  /** Tries until it works; undefined: the end came first. */
  async function patiently<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    for (let wait = FIRST_DELAY_MS; !ending.signal.aborted; wait = Math.min(LONGEST_DELAY_MS, wait * 2)) {
      try {
        return await work()
      } catch (error) {
        if (ending.signal.aborted) return undefined
        if (!isTransient(error) && !options.isPassing(error)) throw error
        logger.warn({ reason: (error as Error).message, retryInMs: wait }, `${what} is away; waiting for it`)
        await pause(wait)
      }
    }
    return undefined
  }

  const pause = (ms: number) => delay(ms, undefined, { signal: ending.signal }).catch(() => {})

  const finished = main().catch((error) => {
    logger.error({ err: error }, 'The manager cannot work')
    fail(error)
    failLater(error)
  })
  return {
    state: () => state,
    api: () => api,
    active: () => (state === 'ACTIVE' ? active : undefined),
    activeUrl: () => activeUrl,
    auth: options.auth,
    settled,
    failed,
    async stop() {
      ending.abort()
      await finished
      monitorClient?.close()
    },
  }
}

/** Waiting would not mend it. */
const isForPeople = (error: unknown) =>
  error instanceof KeyError || (error instanceof DatabaseError && error.code !== 'UNREACHABLE')

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/**
 * Agents learn where the monitor is with their desired state, which they have already when only that has changed; and so when another
 * version of this program has more to tell of the same model.
 */
async function tellAnew(core: Core, { monitor, monitorFile, version }: LifecycleOptions): Promise<void> {
  const digest = createHash('sha256')
    .update(JSON.stringify([monitor, version]))
    .digest('hex')
  const told = await readFile(monitorFile, 'utf8').catch(() => '')
  if (told.trim() === digest) return
  await core.change(async (change) => change.touchHosts([...(await change.model()).hosts.keys()]))
  await mkdir(dirname(monitorFile), { recursive: true, mode: 0o700 })
  await writeFile(monitorFile, `${digest}\n`, { mode: 0o600 })
}

async function tokenIn(file: string): Promise<string> {
  return file === '' ? '' : (await readFile(file, 'utf8')).trim()
}

function instanceOf(url: string) {
  const { hostname: name } = new URL(url)
  const id = createHash('sha256').update(url).digest('hex').slice(0, 32)
  return { id, name: hostname(), ipAddress: name }
}
