import { dirname } from 'node:path'
import type { Logger } from 'pino'
import type { EventRecord } from '../../wire/event.js'
import type { LogRule } from '../../wire/log-rules.js'
import { type Assembler, createAssembler, type LogRecord } from './assemble.js'
import { eventOfRecord, type LogOwner } from './event.js'
import { logFilesIn, rotatedSince } from './files.js'
import { createFollower, type Follower, type Position } from './follower.js'
import type { Positions } from './positions.js'
import { createLogFilter, type LogFilter, STEPS_PER_ROUND } from './rules.js'

/** A role whose logs are followed. */
export interface LogSource extends LogOwner {
  folders: readonly string[]
  rules: readonly LogRule[]
}

export interface WatcherOptions {
  sources: () => readonly LogSource[]
  positions: Positions
  /** Takes the events of a round; what it resolves for is not read again. */
  emit: (events: readonly EventRecord[]) => Promise<void>
  logger: Logger
  now?: () => number
  /** Rounds between two looks for files that are new. Default: 3. */
  lookEvery?: number
}

export interface LogWatcher {
  /** Reads what has been written since the last round. Rounds must not overlap. */
  round(): Promise<void>
  stats(): { files: number; events: number; leftOut: number; skippedBytes: number }
  /** What is under way is read again from its beginning by the next one. */
  close(): Promise<void>
}

interface Watched {
  follower: Follower
  assembler: Assembler
  /** Records of before this time are let go: they are from before anyone looked. */
  notBefore: number
  lastLineAt: number
  /** Of a rotated file: there will be nothing more. */
  finite: boolean
}

interface Role {
  source: LogSource
  filter: LogFilter
  rules: string
  files: Map<string, Watched[]>
  known: boolean
}

const CHUNK = 256 * 1024
/** Of one file in one round: a second's worth, more or less. */
const MOST_PER_ROUND = 4 * 1024 * 1024
/** A record that nothing has followed for so long is complete. */
const QUIET_MS = 1_500
/** Of a file that is seen for the first time, so much of its end is read, and of that what is not older. */
const FIRST_BYTES = 256 * 1024
const FIRST_MS = 600_000
const MOST_EVENTS = 1_000

/** Follows the logs of all roles on the host, and makes events of what the roles' rules choose. */
export function createLogWatcher(options: WatcherOptions): LogWatcher {
  const { sources, positions, emit, logger, now = Date.now, lookEvery = 3 } = options
  const roles = new Map<string, Role>()
  const budget = { steps: STEPS_PER_ROUND }
  const totals = { events: 0, leftOut: 0, skippedBytes: 0 }
  let rounds = 0
  let events: EventRecord[] = []

  function roleOf(source: LogSource): Role {
    const { name, rules } = source
    const text = JSON.stringify(rules)
    let role = roles.get(name)
    if (!role) {
      const filter = createLogFilter(rules, budget, logger, now)
      role = { source, filter, rules: text, files: new Map(), known: false }
      roles.set(name, role)
    } else if (role.rules !== text) {
      role.filter = createLogFilter(rules, budget, logger, now)
      role.rules = text
    }
    role.source = source
    return role
  }

  const watch = (role: Role, follower: Follower, notBefore: number, finite: boolean): Watched => ({
    follower,
    assembler: createAssembler((level) => role.filter.isWanted(level), now),
    notBefore,
    lastLineAt: now(),
    finite,
  })

  async function look(role: Role): Promise<void> {
    for (const folder of role.source.folders)
      for (const path of await logFilesIn(folder))
        if (!role.files.has(path)) role.files.set(path, await begin(role, path))
    role.known = true
  }

  /** What is to be read of a path: first what was rotated away while nobody looked. */
  async function begin(role: Role, path: string): Promise<Watched[]> {
    const position = positions.get(path)
    if (!position) {
      // A file that appears while its folder is watched is new as a whole.
      const offsetOf = (size: number) => (role.known ? 0 : size - FIRST_BYTES)
      return [watch(role, createFollower(path, { offsetOf }), role.known ? 0 : now() - FIRST_MS, false)]
    }
    const rotated = await rotatedSince(path, position.file)
    const earlier = rotated.map((one) =>
      watch(
        role,
        createFollower(one.path, one.file === position.file ? { position } : { offsetOf: () => 0 }),
        0,
        true,
      ),
    )
    return [...earlier, watch(role, createFollower(path, { position }), 0, false)]
  }

  async function readLog(role: Role, path: string, watched: Watched[]): Promise<void> {
    let left = MOST_PER_ROUND
    while (watched.length > 0 && left > 0) {
      const one = watched[0]!
      const { lines, skipped, more, ended, bytes } = await one.follower.read(
        Math.min(CHUNK, Math.max(left, 64 * 1024)),
      )
      left -= bytes
      totals.skippedBytes += skipped
      if (skipped > 0)
        logger.warn({ path, skipped }, 'A log grows faster than it is read; a part of it is left out')
      if (ended) take(role, one, one.assembler.flush(), path)
      if (lines.length > 0) one.lastLineAt = now()
      for (const { text, offset } of lines) take(role, one, one.assembler.line(text, offset), path)
      if (more) continue
      if (!one.finite) break
      take(role, one, one.assembler.flush(), path)
      await one.follower.close()
      watched.shift()
    }
    const one = watched[0]
    if (one && now() - one.lastLineAt >= QUIET_MS) take(role, one, one.assembler.flush(), path)
  }

  function take(role: Role, one: Watched, record: LogRecord | undefined, path: string): void {
    if (!record || record.time < one.notBefore) return
    const verdict = role.filter.judge(record)
    if (!verdict) return
    if (events.length >= MOST_EVENTS) {
      totals.leftOut++
      return
    }
    events.push(eventOfRecord(record, verdict, role.source, { path, file: one.follower.file ?? '' }))
  }

  async function hand(): Promise<void> {
    const made = events
    events = []
    if (made.length > 0) await emit(made)
    totals.events += made.length
    const current = new Map<string, Position>()
    for (const { files } of roles.values())
      for (const [path, watched] of files) {
        const [one] = watched
        // Of several the oldest: the later ones are found again by it.
        const position = one?.follower.position(one.assembler.pendingOffset)
        if (position) current.set(path, position)
      }
    await positions.save(current)
  }

  /** Nothing more is expected of it. */
  async function end(role: Role, path: string): Promise<void> {
    for (const one of role.files.get(path) ?? []) {
      take(role, one, one.assembler.flush(), path)
      await one.follower.close()
    }
    role.files.delete(path)
  }

  async function endAll(role: Role): Promise<void> {
    for (const path of [...role.files.keys()]) await end(role, path)
  }

  return {
    async round() {
      budget.steps = STEPS_PER_ROUND
      const present = sources()
      for (const source of present) {
        const role = roleOf(source)
        try {
          if (!role.known || rounds % lookEvery === 0) await look(role)
          for (const [path, watched] of role.files) {
            await readLog(role, path, watched)
            // Of the process before: each has a folder of its own.
            if (watched.length === 0 || !source.folders.includes(dirname(path))) await end(role, path)
          }
        } catch (error) {
          logger.warn({ role: source.name, error: String(error) }, 'The logs of a role cannot be read')
        }
      }
      rounds++
      const names = new Set(present.map(({ name }) => name))
      for (const [name, role] of roles) {
        if (names.has(name)) continue
        await endAll(role)
        roles.delete(name)
      }
      await hand()
    },
    stats: () => ({
      files: [...roles.values()].reduce((sum, { files }) => sum + files.size, 0),
      ...totals,
    }),
    async close() {
      await hand().catch((error: unknown) =>
        logger.warn({ error: String(error) }, 'How far logs were read could not be kept'),
      )
      for (const { files } of roles.values())
        for (const watched of files.values()) for (const { follower } of watched) await follower.close()
      roles.clear()
    },
  }
}
