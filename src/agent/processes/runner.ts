import { join } from 'node:path'
import type { Logger } from 'pino'
import type {
  AgentCommand,
  ClientConfigReport,
  CommandReport,
  DesiredClientConfig,
  DesiredFile,
  DesiredProcess,
  DesiredState,
  ProcessReport,
} from '../../wire/heartbeat.js'
import { accountOf } from '../supervisor/account.js'
import type { Problem, Status } from '../supervisor/index.js'
import type { Applied } from './applied.js'
import { deployClientConfig } from './client-config.js'
import type { Contents } from './content.js'
import type { DesiredStore } from './desired-store.js'
import type { WrittenFile } from './folder.js'
import { makeDirectories, rewriteFiles, writeFolder } from './folder.js'
import { createLane } from './lane.js'
import { launchOf } from './launch-of.js'
import type { SupervisorLink } from './link.js'
import { isLive, plan } from './plan.js'
import type { Failure } from './report.js'
import { reportOf } from './report.js'
import { readTail } from './tail.js'

export interface Runner {
  /** Looks at what is wanted and what is, and does what is to do; in the background. */
  wake(): void
  report(): { processes: ProcessReport[]; clientConfigs: ClientConfigReport[]; settled: boolean }
  /** The manager has these reports now. */
  told(processes: readonly ProcessReport[]): void
  command(command: AgentCommand): Promise<CommandReport>
  /** What runs for a role at present. */
  roles(): { process: DesiredProcess; status: Status }[]
  stop(): Promise<void>
}

export interface RunnerOptions {
  store: DesiredStore
  applied: Applied
  contents: Contents
  link: SupervisorLink
  processDir: string
  /** Added to each process's environment. */
  variables?: Readonly<Record<string, string>>
  logger: Logger
  /** Something has changed that the manager should hear of. */
  onNews(): void
}

const RETRY_MS = 5000
const RETRY_MAX_MS = 60_000
/** Problems that another attempt would meet again. */
const FINAL = new Set(['NO_SUCH_USER', 'NO_SUCH_GROUP', 'CANNOT_SWITCH_USER', 'NOT_A_FOLDER'])
const PARALLEL = 4
/** How keys of attempts begin. */
const [PROCESS, CONFIG] = ['process ', 'config ']

/** Makes the host as the manager wants it, and keeps it so, whether the manager is there or not. */
export function createRunner(options: RunnerOptions): Runner {
  const { store, applied, contents, link, processDir, logger, onNews } = options
  const abort = new AbortController()
  const lane = createLane(PARALLEL)
  const failures = new Map<string, Failure>()
  const firstSeen = new Map<number, number>()
  const told = new Set<number>()
  const deployed = new Map<string, ClientConfigReport>()
  const adoptTried = new Set<number>()
  const busy = new Set<string>()
  let straysEnded = false
  let timer: NodeJS.Timeout | undefined
  let queued = false

  function wake() {
    if (queued || abort.signal.aborted) return
    queued = true
    setImmediate(() => {
      queued = false
      if (!abort.signal.aborted) look()
    })
  }

  function look() {
    const { desired, faults } = store.held
    if (!desired) return
    link.want(desired.processes.length > 0)
    forgetOtherConfigs(desired)
    for (const config of desired.clientConfigs) {
      if (deployed.get(config.name)?.revision === config.revision) continue
      if (applied.clientConfig(config.name) === config.revision)
        deployed.set(config.name, { name: config.name, revision: config.revision, state: 'DEPLOYED' })
      else if (isMade(config)) attempt(CONFIG + config.name, () => deploy(config))
    }
    if (!link.connected()) return
    const statuses = link.statuses()
    const unread = new Set(faults.flatMap(({ id }) => (id === undefined ? [] : [id])))
    const { hasRun, revisionOf } = applied
    const actions = plan(desired, { statuses, unread, told, hasRun, revisionOf }).filter(
      (action) => action.kind !== 'adopt' || !adoptTried.has(action.process.id),
    )
    for (const action of actions) {
      if (action.kind === 'start') attempt(PROCESS + action.process.id, () => start(action.process))
      else if (action.kind === 'refresh') attempt(PROCESS + action.process.id, () => refresh(action.process))
      else if (action.kind === 'adopt') attempt(PROCESS + action.process.id, () => adopt(action.process))
      else if (action.kind === 'stop') void link.ask({ op: 'stop', id: action.id }).catch(() => {})
      else {
        told.delete(action.id)
        failures.delete(PROCESS + action.id)
        void link.ask({ op: 'forget', id: action.id }).catch(() => {})
      }
    }
    const ids = new Set([...desired.processes.map(({ id }) => id), ...statuses.keys()])
    forgetOtherProcesses(desired, ids)
    if (!straysEnded && actions.every(({ kind }) => kind !== 'start' && kind !== 'adopt')) {
      straysEnded = true
      void link.ask({ op: 'endStrays' }).catch(() => {})
    }
  }

  function forgetOtherConfigs({ clientConfigs }: DesiredState) {
    const names = new Set(clientConfigs.map(({ name }) => name))
    applied.keepOnlyConfigs(names)
    for (const name of deployed.keys()) if (!names.has(name)) deployed.delete(name)
    for (const key of failures.keys())
      if (key.startsWith(CONFIG) && !names.has(key.slice(CONFIG.length))) failures.delete(key)
  }

  function forgetOtherProcesses({ clientConfigs }: DesiredState, ids: ReadonlySet<number>) {
    // A client configuration waits for a process that need not be listed any more.
    const sources = new Set(clientConfigs.map(({ from }) => from?.processId))
    applied.keepOnly(ids)
    for (const id of firstSeen.keys()) if (!ids.has(id)) firstSeen.delete(id)
    for (const id of told) if (!ids.has(id)) told.delete(id)
    for (const id of adoptTried) if (!ids.has(id) && !sources.has(id)) adoptTried.delete(id)
    for (const key of failures.keys())
      if (key.startsWith(PROCESS) && !ids.has(Number(key.slice(PROCESS.length)))) failures.delete(key)
  }

  /** One at a time for a key; after a failure not before its time. */
  function attempt(key: string, work: () => Promise<Problem | undefined>) {
    const failure = failures.get(key)
    if (busy.has(key) || (failure && (failure.retryAt === undefined || failure.retryAt > Date.now()))) return
    busy.add(key)
    void lane(async () => {
      const problem = await work().catch((error: NodeJS.ErrnoException): Problem => explain(error))
      busy.delete(key)
      if (abort.signal.aborted) return
      if (problem) failed(key, problem)
      else failures.delete(key)
      onNews()
      wake()
    })
  }

  function failed(key: string, problem: Problem) {
    const attempts = (failures.get(key)?.attempts ?? 0) + 1
    if (attempts === 1) logger.error({ ...problem }, `${key} is not as wanted`)
    const since = failures.get(key)?.since ?? Date.now()
    const delayMs = Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** Math.min(10, attempts - 1))
    failures.set(key, {
      problem,
      attempts,
      since,
      ...(FINAL.has(problem.code) ? {} : { retryAt: Date.now() + delayMs }),
    })
    clearTimeout(timer)
    timer = setTimeout(
      wake,
      Math.min(
        ...[...failures.values()].map(({ retryAt }) => (retryAt ?? Infinity) - Date.now()),
        RETRY_MAX_MS,
      ) + 10,
    )
    timer.unref()
  }

  function explain(error: NodeJS.ErrnoException): Problem {
    if (error.code === 'ENOSPC' || error.code === 'EDQUOT')
      return { code: 'DISK_FULL', message: `no space for its files under ${processDir}` }
    return { code: 'FILES', message: error.message }
  }

  async function read(files: readonly DesiredFile[]): Promise<WrittenFile[]> {
    const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(300_000)])
    const all: WrittenFile[] = []
    for (const file of files) all.push({ file, content: await contents.of(file, signal) })
    return all
  }

  async function start(process: DesiredProcess): Promise<Problem | undefined> {
    const { id, name, revision } = process
    const launch = launchOf(process, join(processDir, name), options.variables)
    // Written before: it may run, of a record that was lost.
    if (applied.revisionOf(id) !== undefined) {
      const problem = await link.ask({ op: 'start', launch, onlyAdopt: true })
      if (!problem) return undefined
    }
    const account = await accountOf(process.user, process.group)
    if ('code' in account) return account
    const files = await read(process.files)
    const problem = await makeDirectories(process.directories, account)
    if (problem) return problem
    await writeFolder(processDir, name, files, account)
    if (abort.signal.aborted || !isWanted(id)) return undefined
    if (process.run === 'once') await applied.markRun(id)
    await applied.setRevision(id, revision)
    return link.ask({ op: 'start', launch })
  }

  /** The manager may have changed its mind while files were fetched. */
  function isWanted(id: number): boolean {
    const { desired } = store.held
    return (
      desired?.processes.some((one) => one.id === id && one.wanted === 'RUNNING') === true &&
      !desired.hardStop
    )
  }

  async function adopt(process: DesiredProcess): Promise<Problem | undefined> {
    const { id, name } = process
    adoptTried.add(id)
    await link.ask({
      op: 'start',
      launch: launchOf(process, join(processDir, name), options.variables),
      onlyAdopt: true,
    })
    return undefined
  }

  async function refresh(process: DesiredProcess): Promise<Problem | undefined> {
    const { id, name, revision, refreshSignal } = process
    const account = await accountOf(process.user, process.group)
    if ('code' in account) return account
    await rewriteFiles(join(processDir, name), await read(process.files), account)
    await applied.setRevision(id, revision)
    if (refreshSignal === undefined) return undefined
    return link.ask({ op: 'signal', id, signal: refreshSignal })
  }

  /** Whether the process that makes the files has ended, well or not; until then there is nothing to deploy, nor to complain of. */
  function isMade({ from }: DesiredClientConfig): boolean {
    if (!from) return true
    const source = link.statuses().get(from.processId)
    if (source) return !isLive(source)
    return link.connected() && applied.hasRun(from.processId) && adoptTried.has(from.processId)
  }

  async function deploy(config: DesiredClientConfig) {
    const { name, revision, from } = config
    try {
      const account = await accountOf(undefined, undefined)
      if ('code' in account) return account
      const source = from && link.statuses().get(from.processId)
      if (from && !(source?.state === 'EXITED' && source.exit?.code === 0))
        return { code: 'SOURCE', message: `process ${from.processId} has not ended with code 0` }
      const folder = from && source ? join(processDir, source.name, from.folder) : undefined
      await deployClientConfig(config, await read(config.files), folder, account)
      await applied.setClientConfig(name, revision)
      deployed.set(name, { name, revision, state: 'DEPLOYED' })
      return undefined
    } catch (error) {
      return explain(error as NodeJS.ErrnoException)
    }
  }

  function report(): ReturnType<Runner['report']> {
    const { desired } = store.held
    const statuses = link.statuses()
    const processes: ProcessReport[] = []
    const listed = new Set<number>()
    for (const process of desired?.processes ?? []) {
      const { id } = process
      listed.add(id)
      if (!firstSeen.has(id)) firstSeen.set(id, Date.now())
      processes.push(
        reportOf({
          process: desired?.hardStop ? { ...process, wanted: 'STOPPED' } : process,
          status: statuses.get(id),
          failure: failures.get(PROCESS + id),
          revision: applied.revisionOf(id),
          since: firstSeen.get(id)!,
          lost: process.run === 'once' && applied.hasRun(id) && adoptTried.has(id) && link.connected(),
        }),
      )
    }
    for (const [id, status] of statuses)
      if (!listed.has(id))
        processes.push(reportOf({ status, revision: applied.revisionOf(id), since: status.since }))
    const clientConfigs = (desired?.clientConfigs ?? []).flatMap(
      ({ name, revision }): ClientConfigReport[] => {
        const failure = failures.get(CONFIG + name)
        if (failure) return [{ name, revision, state: 'FAILED', problem: failure.problem }]
        const done = deployed.get(name)
        return done ? [done] : []
      },
    )
    const pending = processes.some(
      ({ state }) => state === 'PREPARING' || state === 'STOPPING' || state === 'STARTING',
    )
    return { processes, clientConfigs, settled: !pending && busy.size === 0 && !queued }
  }

  async function tail(command: Extract<AgentCommand, { kind: 'tail' }>): Promise<CommandReport> {
    const { id, processId, file, maxBytes } = command
    const process = store.held.desired?.processes.find((each) => each.id === processId)
    if (!process) return { id, ok: false, message: `Process ${processId} is not known on its host any more.` }
    const account = await accountOf(process.user, process.group)
    if ('code' in account) return { id, ok: false, message: account.message }
    const folder = join(processDir, process.name)
    return { id, ok: true, output: await readTail({ folder, file, uid: account.uid, maxBytes }) }
  }

  return {
    wake,
    report,
    told(processes) {
      let news = false
      for (const { id, state } of processes)
        if ((state === 'STOPPED' || state === 'EXITED' || state === 'FATAL') && !told.has(id)) {
          const status = link.statuses().get(id)
          if (!status || isLive(status)) continue
          told.add(id)
          news = true
        }
      if (news) wake()
    },
    async command(command) {
      const { id, processId } = command
      try {
        if (command.kind === 'tail') return await tail(command)
        const problem = await link.ask(
          command.kind === 'signal'
            ? { op: 'signal', id: processId, signal: command.signal }
            : { op: 'restart', id: processId },
        )
        return problem ? { id, ok: false, message: problem.message } : { id, ok: true }
      } catch (error) {
        return { id, ok: false, message: (error as Error).message }
      }
    },
    roles() {
      const statuses = link.statuses()
      return (store.held.desired?.processes ?? []).flatMap((process) => {
        const status = statuses.get(process.id)
        return status && process.entity ? [{ process, status }] : []
      })
    },
    async stop() {
      abort.abort()
      clearTimeout(timer)
      await lane.idle()
    },
  }
}
