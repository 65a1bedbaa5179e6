import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { findCgroups } from './cgroup.js'
import type { Managed } from './managed.js'
import { createManaged } from './managed.js'
import { leaderWith, membersOf } from './members.js'
import { bootId, COOKIE, signalExactly, startTime } from './proc.js'
import type { Hello, Launch, Problem, Request, Status } from './protocol.js'
import { SUPERVISOR_PROTOCOL } from './protocol.js'
import type { Record } from './records.js'
import { openRecords } from './records.js'

export interface Supervisor {
  /** Carries a request out, or says why not. `end` is for whoever owns the supervisor: see `end`. */
  handle(request: Request): Hello | Problem | undefined
  /** Stops everything (`hard`), or leaves everything running. */
  end(hard: boolean): Promise<void>
  live(): number
}

export interface SupervisorEvents {
  status(status: Status): void
  gone(id: number): void
  log(message: string): void
}

const POLL_MS = 500
const LOG_POLL_MS = 1000
/** A log that grows so much from one look to the next is looked at ten times as often. */
const FAST_BYTES = 4 * 1024 * 1024

/** All processes of a host, those of the supervisors before this one included. `folder` holds their records. */
export function createSupervisor(
  folder: string,
  agentPid: number | undefined,
  events: SupervisorEvents,
): Supervisor {
  const records = openRecords(join(folder, 'processes'))
  const boot = bootId()
  const managed = new Map<number, Managed>()
  const label = labelOf(folder)
  const cgroups = findCgroups({ label, pids: [process.pid, ...(agentPid === undefined ? [] : [agentPid])] })

  const cookieOf = (id: number) => `${label}:${id}`

  const manage = (record: Record) => {
    const one = createManaged(record, {
      cgroups,
      save: records.save,
      changed: events.status,
      warn: events.log,
    })
    managed.set(record.launch.id, one)
    return one
  }

  const { records: known, bad } = records.load()
  for (const file of bad) events.log(`${file} cannot be read and was set aside`)
  let strays = bad.map((file) => Number.parseInt(file, 10))
  for (const record of known) {
    const { status, launch } = record
    // After a restart of the host the agent starts what is to run, as if it were new; what ran once must not run again.
    const fresh = record.bootId !== boot && launch.run === 'keep' && status.state !== 'STOPPED'
    if (fresh) records.remove(launch.id)
    else manage(record).resume(record.bootId === boot)
  }

  const polling = setInterval(() => {
    for (const one of managed.values()) one.poll()
  }, POLL_MS)
  let bounding: NodeJS.Timeout
  const boundLogs = () => {
    let most = 0
    for (const one of managed.values()) {
      try {
        most = Math.max(most, one.boundLogs())
      } catch (error) {
        events.log(`a log of ${one.status().name} could not be bounded: ${error}`)
      }
    }
    bounding = setTimeout(boundLogs, most > FAST_BYTES ? LOG_POLL_MS / 10 : LOG_POLL_MS)
  }
  boundLogs()

  function start(launch: Launch, onlyAdopt: boolean): Problem | undefined {
    // Idempotent: the agent repeats itself when it is not sure.
    if (managed.has(launch.id)) return undefined
    const status: Status = {
      id: launch.id,
      name: launch.name,
      run: launch.run,
      state: 'STARTING',
      since: Date.now(),
      restarts: 0,
      unexpectedExits: 0,
    }
    // The same for every supervisor of this folder: a process is found by it even when its record is lost.
    const cookie = cookieOf(launch.id)
    const found = leaderWith(cookie)
    if (!found && onlyAdopt) return { code: 'NOT_RUNNING', message: `${launch.name} does not run` }
    if (!found) {
      manage({ cookie, bootId: boot, launch, status, quickExits: 0, crashes: [] }).start()
      return undefined
    }
    const running: Status = {
      ...status,
      pid: found.pid,
      start: found.start,
      startedAt: startTime(found.start),
      ...(cgroups ? { cgroup: cgroups.make(launch.name, launch.limits).folder } : {}),
    }
    manage({ cookie, bootId: boot, launch, status: running, quickExits: 0, crashes: [] }).resume(true)
    return undefined
  }

  async function endStrays() {
    const cookies = strays.filter((id) => !managed.has(id)).map(cookieOf)
    strays = []
    const left = () => cookies.flatMap((cookie) => membersOf({ cookie }))
    for (const [signal, waitMs] of [
      ['SIGTERM', 5000],
      ['SIGKILL', 1000],
    ] as const) {
      const members = left()
      if (members.length === 0) return
      events.log(
        `${signal} to ${members.map(({ pid }) => pid).join(', ')}: their records are lost and nobody wants them`,
      )
      for (const one of members) signalExactly(one, signal)
      await delay(waitMs, undefined, { ref: false })
    }
  }

  function forget(id: number): Problem | undefined {
    const one = managed.get(id)
    if (one?.isLive()) return { code: 'STILL_LIVE', message: `process ${id} has not ended` }
    managed.delete(id)
    records.remove(id)
    if (one) events.gone(id)
    return undefined
  }

  const unknown = (id: number): Problem => ({ code: 'NOT_KNOWN', message: `there is no process ${id}` })

  return {
    handle(request) {
      switch (request.op) {
        case 'hello':
          return {
            protocol: SUPERVISOR_PROTOCOL,
            pid: process.pid,
            bootId: boot,
            cgroups: cgroups !== undefined,
            processes: [...managed.values()].map((one) => one.status()),
          }
        case 'start':
          return start(request.launch, request.onlyAdopt === true)
        case 'endStrays':
          void endStrays()
          return undefined
        case 'stop': {
          const one = managed.get(request.id)
          if (!one) return unknown(request.id)
          void one.stop()
          return undefined
        }
        case 'restart':
          return (
            managed.get(request.id)?.restart() ?? (managed.has(request.id) ? undefined : unknown(request.id))
          )
        case 'signal': {
          const one = managed.get(request.id)
          return one ? one.signal(request.signal) : unknown(request.id)
        }
        case 'forget':
          return forget(request.id)
        default:
          return { code: 'NOT_KNOWN', message: 'there is no such operation' }
      }
    },
    async end(hard) {
      if (hard) await Promise.all([...managed.values()].map((one) => one.stop()))
      clearInterval(polling)
      clearTimeout(bounding)
      for (const one of managed.values()) one.release()
      await cgroups?.close()
    },
    live: () => [...managed.values()].filter((one) => one.isLive()).length,
  }
}

/** Short and of plain letters, from the folder: several agents may be on one host. */
function labelOf(folder: string): string {
  let hash = 0xcbf29ce484222325n
  for (const byte of Buffer.from(folder)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  return hash.toString(16).padStart(16, '0')
}

/** A supervisor must not look like one of its own processes, nor its children like another's. */
export function dropCookie(): void {
  delete process.env[COOKIE]
}
