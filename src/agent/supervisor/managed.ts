import { spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { accountOf } from './account.js'
import type { Cgroups } from './cgroup.js'
import { prepare } from './launch.js'
import type { Logs } from './logs.js'
import { openLogs } from './logs.js'
import { leaderWith, membersOf, stillThere } from './members.js'
import { CRASH_WINDOW_MS, decide } from './policy.js'
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
const KILL_AGAIN_MS = 200
const KILL_FOR_MS = 10_000
const LEFTOVER_GRACE_MS = 5000
const LEFTOVER_POLL_MS = 50

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
      ...limitsProblem(cgroup?.refused),
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

  function limitsProblem(refused: string[] | undefined): { problem?: Problem } {
    const wanted = Object.keys(launch.limits ?? {}).filter((name) => name !== 'rlimits')
    const missing = refused ?? wanted
    if (missing.length === 0) return {}
    const why = cgroups ? 'the cgroup controller is not on' : 'cgroup v2 cannot be written here'
    return { problem: { code: 'LIMITS_NOT_SET', message: `runs without ${missing.join(', ')}: ${why}` } }
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
    if (launch.run === 'once') {
      set({ state: 'EXITED', exit })
      void endLeftovers(left).then(tidy)
      return
    }
    const ranMs = began === undefined ? exit.at - startedAt : performance.now() - began
    const early = launch.startSeconds > 0 && ranMs < launch.startSeconds * 1000
    if (early) record.quickExits++
    else {
      record.quickExits = 0
      record.crashes = [...record.crashes.filter((at) => exit.at - at < CRASH_WINDOW_MS), exit.at]
    }
    const counted = { exit, unexpectedExits: unexpectedExits + 1 }
    if (early && exit.code === 0 && left.length > 0) {
      set({ ...counted, state: 'FATAL', problem: forkedAway(left) })
      void endLeftovers(left).then(tidy)
      return
    }
    const decision = decide(launch, early, record)
    if (decision.kind === 'give-up') {
      set({ ...counted, state: 'FATAL', problem: tooManyExits(exit) })
      void endLeftovers(left).then(tidy)
    } else if (decision.kind === 'leave') {
      set({ ...counted, state: 'EXITED' })
      void endLeftovers(left).then(tidy)
    } else {
      set({ ...counted, state: 'BACKOFF' })
      const mine = attempt
      void endLeftovers(left).then(() => {
        if (mine === attempt && record.status.state === 'BACKOFF') again(decision.delayMs)
      })
    }
  }

  function again(delayMs: number) {
    timer = setTimeout(() => {
      if (record.status.state !== 'BACKOFF' || released) return
      record.status = { ...record.status, restarts: record.status.restarts + 1 }
      begin()
    }, delayMs)
  }

  const forkedAway = (left: ProcessStat[]): Problem => ({
    code: 'FORKED_AWAY',
    message: `ended with code 0 and left ${left.length} processes in the background (${left
      .slice(0, 5)
      .map(({ pid }) => pid)
      .join(', ')}): a role's program must stay in the foreground. They were ended.`,
  })

  const tooManyExits = (exit: Exit): Problem => ({
    code: 'TOO_MANY_EXITS',
    message: `ended ${record.quickExits} times within ${launch.startSeconds} s of its start, last with ${
      exit.signal ?? (exit.code === undefined ? 'an unknown code' : `code ${exit.code}`)
    }: see logs/stderr.log in its folder`,
  })

  async function endLeftovers(left: ProcessStat[]) {
    if (left.length === 0 || released) return
    for (const one of left) signalExactly(one, 'SIGTERM')
    const deadline = performance.now() + LEFTOVER_GRACE_MS
    let rest = left
    while ((rest = stillThere(rest)).length > 0 && performance.now() < deadline) await delay(LEFTOVER_POLL_MS)
    if (rest.length > 0) await killAll(() => stillThere([...rest, ...members(false)]))
  }

  /** Kills until nothing is left. False when something does not end even so: it hangs in the kernel. */
  async function killAll(left: () => ProcessStat[]): Promise<boolean> {
    const deadline = performance.now() + KILL_FOR_MS
    const { cgroup } = record.status
    if (cgroup !== undefined) cgroups?.kill(cgroup)
    for (let rest = left(); rest.length > 0 && !released; rest = left()) {
      if (performance.now() > deadline) return false
      for (const one of rest) signalExactly(one, 'SIGKILL')
      await delay(KILL_AGAIN_MS / 4)
    }
    return true
  }

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
      await delay(LEFTOVER_POLL_MS)
      rest = stillThere(rest)
      if (rest.length === 0) rest = members(true)
    }
    if (released) return
    if (rest.length > 0) {
      const message = `did not end within ${timeoutMs / 1000} s of ${signal} and was killed`
      record.status = { ...record.status, problem: { code: 'KILLED', message } }
      if (!(await killAll(() => members(true)))) {
        const stuck = members(true).map((one) => `${one.pid} (${one.state})`)
        const hangs = `does not end even when killed: process ${stuck.join(', ')} hangs in the kernel`
        set({ problem: { code: 'CANNOT_KILL', message: hangs } })
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
      const problem = { code: 'INTERRUPTED', message: 'the host was restarted while it ran' }
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
      const problem = { code: 'INTERRUPTED', message: 'the supervisor ended when it was about to be started' }
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
      if (!alive()) return { code: 'NOT_RUNNING', message: `${launch.name} does not run` }
      void stop('START')
      return undefined
    },
    signal(name) {
      const { pid, start } = record.status
      const sent =
        pid !== undefined && start !== undefined && signalExactly({ pid, start }, name as NodeJS.Signals)
      return sent ? undefined : { code: 'NOT_RUNNING', message: `${launch.name} does not run` }
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
