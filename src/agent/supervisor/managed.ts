import { spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { accountOf } from './account.js'
import type { Cgroups } from './cgroup.js'
import { endLeftovers, killAll, POLL_MS } from './ending.js'
import { prepare } from './launch.js'
import type { Logs } from './logs.js'
import { openLogs } from './logs.js'
import { leaderWith, membersOf, stillThere } from './members.js'
import { judgeEnd } from './policy.js'
import { cannotKill, interrupted, killed, limitsNotSet, notRunning, withLastWords } from './problems.js'
import type { ProcessStat } from './proc.js'
import { readStat, runs, signalExactly, signalQuietly } from './proc.js'
import type { Exit, Problem, Status } from './protocol.js'
import type { Record } from './records.js'

export interface Managed {
  status(): Status
  start(): void
  /** Takes over from a supervisor that has ended. `sameBoot` false: nothing of it can run any more. */
  resume(sameBoot: boolean): void
  /** `done` resolves when nothing of it is left, or it was given up to kill it. */
  stop(): Promise<void>
  restart(): Problem | undefined
  signal(name: string): Problem | undefined
  /** True while anything of it may run. */
  isLive(): boolean
  /** Looks whether a process that is not our child still runs. */
  poll(): void
  boundLogs(): number
  /** Leaves the process alone. */
  release(): void
}

export interface Surroundings {
  cgroups: Cgroups | undefined
  save(record: Record, durable?: boolean): void
  changed(status: Status): void
  warn(message: string): void
}

const ENDED: readonly string[] = ['STOPPED', 'EXITED', 'FATAL']

/** One process through its starts and ends. */
export function createManaged(record: Record, { cgroups, save, changed, warn }: Surroundings): Managed {
  const { launch } = record
  let isChild = false
  let logs: Logs | undefined
  let timer: NodeJS.Timeout | undefined
  let stopping: Promise<void> | undefined
  let released = false
  let onEnd = () => {}
  /** When our own child was started, on a clock that does not step. */
  let began: number | undefined
  /** The end of the process in `status.pid` has been dealt with. */
  let endSeen = false
  /** Counts starts, so that what was begun for an earlier one is known to be late. */
  let attempt = 0

  function set(changes: Partial<Status>, durable = false) {
    const { status } = record
    const begins = changes.state !== undefined && changes.state !== status.state
    record.status = { ...status, ...(begins ? { since: Date.now() } : {}), ...changes }
    try {
      save(record, durable)
    } catch (error) {
      if (durable) throw error
      warn(`the state of ${launch.name} could not be written: ${error}`)
    }
    changed(record.status)
  }

  function without(...keys: (keyof Status)[]) {
    const status = { ...record.status }
    for (const key of keys) delete status[key]
    record.status = status
  }

  const alive = () => {
    const { pid, start } = record.status
    return pid !== undefined && start !== undefined && runs(pid, start)
  }

  /** Everything that belongs to it; `recent`: it runs, or we saw it end just now. */
  function members(recent: boolean): ProcessStat[] {
    const { pid, start, cgroup } = record.status
    return membersOf({
      cookie: record.cookie,
      ...(recent && pid !== undefined ? { pid } : {}),
      ...(start === undefined ? {} : { start }),
      ...(cgroup === undefined ? {} : { cgroup }),
    })
  }

  function fail(problem: Problem) {
    set({ state: launch.run === 'once' ? 'EXITED' : 'FATAL', problem })
    tidy()
  }

  function tidy() {
    logs?.bound()
    logs?.close()
    logs = undefined
    const { cgroup } = record.status
    if (cgroup !== undefined) cgroups?.remove(cgroup)
  }

  function begin() {
    launchOnce().catch((error: Error) =>
      fail({ code: 'CANNOT_START', message: `it cannot be started: ${error.message}` }),
    )
  }

  async function launchOnce() {
    const mine = ++attempt
    endSeen = false
    began = undefined
    clearTimeout(timer)
    without('pid', 'start', 'problem')
    try {
      // Before anything runs: a command that may have been started is never started again.
      set({ state: 'STARTING' }, launch.run === 'once')
    } catch (error) {
      return fail({
        code: 'CANNOT_RECORD',
        message: `its start could not be recorded: ${(error as Error).message}`,
      })
    }
    const cgroup = cgroups?.make(launch.name, launch.limits)
    const prepared = await prepare(launch, record.cookie, cgroup?.folder)
    if (mine !== attempt || released) return
    if ('code' in prepared) return fail(prepared)
    try {
      logs?.close()
      logs = undefined
      logs = openLogs(launch.folder, prepared.account, launch.logs)
    } catch (error) {
      return fail({
        code: 'CANNOT_LOG',
        message: `its log files cannot be opened: ${(error as Error).message}`,
      })
    }
    const child = spawn(prepared.file, prepared.args, {
      cwd: launch.folder,
      env: prepared.environment,
      detached: true,
      stdio: ['ignore', logs.stdout, logs.stderr],
    })
    const { pid } = child
    if (pid === undefined) {
      child.once('error', notSpawned)
      return
    }
    const unlimited = limitsNotSet(launch, cgroup?.refused)
    isChild = true
    began = performance.now()
    child.once('exit', (code, signal) => {
      isChild = false
      if (released) return
      ended(
        { at: Date.now(), ...(code === null ? {} : { code }), ...(signal === null ? {} : { signal }) },
        true,
      )
    })
    child.on('error', (error) => warn(`${launch.name}: ${error.message}`))
    set({
      state: launch.run === 'once' || launch.startSeconds === 0 ? 'RUNNING' : 'STARTING',
      pid,
      // Until we have waited for it, which happens later, its entry is there even if it has ended.
      ...startOf(pid),
      startedAt: Date.now(),
      ...(cgroup ? { cgroup: cgroup.folder } : {}),
      ...(unlimited ? { problem: unlimited } : {}),
    })
    awaitStarted(launch.startSeconds * 1000)
  }

  function notSpawned(error: NodeJS.ErrnoException) {
    const problem = { code: 'CANNOT_EXECUTE', message: `${launch.program}: ${error.message}` }
    // No process or no memory to be had just now: that passes.
    const passes = launch.run === 'keep' && (error.code === 'EAGAIN' || error.code === 'ENOMEM')
    if (!passes || ++record.quickExits > launch.startRetries) return fail(problem)
    set({ state: 'BACKOFF', problem })
    again(1000 * record.quickExits)
  }

  const startOf = (pid: number) => {
    const start = readStat(pid)?.start
    return start === undefined ? {} : { start }
  }

  function awaitStarted(ms: number) {
    if (record.status.state !== 'STARTING') return
    timer = setTimeout(() => {
      if (record.status.state !== 'STARTING') return
      record.quickExits = 0
      set({ state: 'RUNNING' })
    }, ms)
  }

  function ended(exit: Exit, seen: boolean) {
    clearTimeout(timer)
    const { state, startedAt = exit.at, unexpectedExits } = record.status
    if (ENDED.includes(state) || endSeen) return
    endSeen = true
    if (state === 'STOPPING') {
      set({ exit })
      onEnd()
      return
    }
    const left = members(seen)
    const ranMs = began === undefined ? exit.at - startedAt : performance.now() - began
    const judged = judgeEnd(launch, record, { exit, ranMs, left })
    const { state: next, delayMs, quickExits, crashes } = judged
    const problem = judged.problem?.code === 'TOO_MANY_EXITS' ? explained(judged.problem) : judged.problem
    Object.assign(record, { quickExits, crashes })
    const counted = launch.run === 'keep' ? { unexpectedExits: unexpectedExits + 1 } : {}
    set({ state: next, exit, ...counted, ...(problem ? { problem } : {}) })
    const mine = attempt
    void endLeft(left).then(() => {
      if (next !== 'BACKOFF') tidy()
      else if (mine === attempt && record.status.state === 'BACKOFF') again(delayMs)
    })
  }

  function explained(problem: Problem): Problem {
    try {
      return withLastWords(problem, logs?.lastWords() ?? '')
    } catch {
      return problem
    }
  }

  function again(delayMs: number) {
    timer = setTimeout(() => {
      if (record.status.state !== 'BACKOFF' || released) return
      record.status = { ...record.status, restarts: record.status.restarts + 1 }
      begin()
    }, delayMs)
  }

  const leaderless = () => members(false)
  const killTogether = () => {
    const { cgroup } = record.status
    if (cgroup !== undefined) cgroups?.kill(cgroup)
  }
  const endLeft = (left: ProcessStat[]) => endLeftovers(left, leaderless, () => released, killTogether)

  async function stopRunning() {
    const { pid, start } = record.status
    const { signal, timeoutMs } = launch.stop
    const deadline = performance.now() + timeoutMs
    const leaderEnded = new Promise<void>((resolve) => {
      onEnd = resolve
    })
    if (pid !== undefined && start !== undefined && runs(pid, start)) {
      if (!signalQuietly(-pid, signal as NodeJS.Signals)) signalQuietly(pid, signal as NodeJS.Signals)
      await Promise.race([leaderEnded, delay(timeoutMs, undefined, { ref: false })])
    }
    let rest = members(true)
    while (rest.length > 0 && performance.now() < deadline && !released) {
      await delay(POLL_MS)
      rest = stillThere(rest)
      if (rest.length === 0) rest = members(true)
    }
    if (released) return
    if (rest.length > 0) {
      record.status = { ...record.status, problem: killed(launch) }
      killTogether()
      if (
        !(await killAll(
          () => members(true),
          () => released,
        ))
      ) {
        set({ problem: cannotKill(members(true)) })
        while (members(true).length > 0 && !released) await delay(5000, undefined, { ref: false })
      }
      // Its exit is told by the event that comes after the kernel's news.
      if (isChild) await Promise.race([leaderEnded, delay(1000)])
    }
  }

  function stop(after: 'STOPPED' | 'START' = 'STOPPED'): Promise<void> {
    if (ENDED.includes(record.status.state)) return Promise.resolve()
    if (stopping) return stopping
    clearTimeout(timer)
    attempt++
    set({ state: 'STOPPING' })
    stopping = stopRunning()
      .catch((error) => warn(`${launch.name} could not be stopped in good order: ${error}`))
      .then(() => {
        stopping = undefined
        if (released) return
        if (record.status.state === 'STOPPING' && after === 'START') {
          record.status = { ...record.status, restarts: record.status.restarts + 1 }
          begin()
          return
        }
        set({ state: 'STOPPED' })
        tidy()
      })
    return stopping
  }

  function adopt() {
    const { state, startedAt = Date.now() } = record.status
    // Whoever it runs as by now: the log files tell.
    void accountOf(launch.user, launch.group).then((account) => {
      if (released || 'code' in account || logs || !alive()) return
      try {
        logs = openLogs(launch.folder, account, launch.logs)
      } catch (error) {
        warn(`the logs of ${launch.name} are not bounded: ${(error as Error).message}`)
      }
    })
    if (state === 'STOPPING') void goOnStopping()
    else awaitStarted(Math.max(0, startedAt + launch.startSeconds * 1000 - Date.now()))
  }

  /** Goes on with a stop that another supervisor began. */
  function goOnStopping() {
    record.status = { ...record.status, state: 'RUNNING' }
    return stop()
  }

  function resume(sameBoot: boolean) {
    const { state, pid } = record.status
    if (ENDED.includes(state)) return
    if (!sameBoot) {
      const problem = interrupted('the host was restarted while it ran')
      set({ state: state === 'STOPPING' ? 'STOPPED' : 'EXITED', exit: { at: Date.now() }, problem })
      return
    }
    if (alive()) return adopt()
    if (state === 'BACKOFF') return again(0)
    if (pid === undefined) {
      // The last supervisor ended between the start and the note of it.
      const found = leaderWith(record.cookie)
      if (found) {
        set({ pid: found.pid, start: found.start, startedAt: Date.now() })
        return adopt()
      }
      if (state !== 'STOPPING' && launch.run === 'keep') return begin()
      const problem = interrupted('the supervisor ended when it was about to be started')
      set({ state: state === 'STOPPING' ? 'STOPPED' : 'EXITED', problem })
      return
    }
    ended({ at: Date.now() }, false)
    if (state === 'STOPPING') void goOnStopping()
  }

  return {
    status: () => record.status,
    start: () => begin(),
    resume,
    stop: () => stop(),
    restart() {
      if (!alive()) return notRunning(launch)
      void stop('START')
      return undefined
    },
    signal(name) {
      const { pid, start } = record.status
      const sent =
        pid !== undefined && start !== undefined && signalExactly({ pid, start }, name as NodeJS.Signals)
      return sent ? undefined : notRunning(launch)
    },
    isLive: () => !ENDED.includes(record.status.state),
    poll() {
      const { state, pid } = record.status
      if (isChild || pid === undefined || ENDED.includes(state) || state === 'BACKOFF' || alive()) return
      ended({ at: Date.now() }, true)
    },
    boundLogs: () => logs?.bound() ?? 0,
    release() {
      released = true
      clearTimeout(timer)
      logs?.close()
      logs = undefined
    },
  }
}
