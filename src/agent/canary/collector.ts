import type { Logger } from 'pino'
import type { CanaryResult, DesiredCanary } from '../../wire/canary.js'
import type { MetricDefinition } from '../../wire/native-batch.js'
import type { CheckFailures } from '../check-failures.js'
import type { Collector } from '../collectors/collector.js'
import type { RoleEntity } from '../processes/role-entities.js'
import type { Launch } from '../supervisor/index.js'
import { type Outcome, runCanary } from './run.js'

export interface CanaryOptions {
  /** The roles on this host. */
  roles: () => RoleEntity[]
  launchOf: (process: RoleEntity['process']) => Launch
  /** Is told why they fail. */
  failures?: Pick<CheckFailures, 'set'>
  logger: Logger
  /** How often it is looked what is due, milliseconds. Default 1000. */
  tickMs?: number
  /** 0 to 1. */
  random?: () => number
}

export interface Canaries extends Collector {
  /** The newest result of each, for people. */
  results(): CanaryResult[]
  stop(): Promise<void>
}

interface Watched {
  canary: DesiredCanary
  role: RoleEntity
  /** On the clock that does not step. */
  nextAt: number
  abort: AbortController
  running: Promise<void> | undefined
  last: (CanaryResult & { counts: boolean }) | undefined
  /** Not sent yet. */
  news: Outcome | undefined
}

/** Canaries at the same time; the others wait for their turn. */
const PARALLEL = 8
/** The first run comes within this time, so that those of a host do not all begin together. */
const FIRST_MS = 5_000

/**
 * Runs the canaries of the roles that run here, each every so often (a tenth more or less), never one twice at the same time,
 * and reports each result once, with the next round, as samples of the role.
 */
export function createCanaries(options: CanaryOptions): Canaries {
  const { roles, launchOf, failures, logger, tickMs = 1_000, random = Math.random } = options
  const watched = new Map<string, Watched>()
  const definitions = new Map<string, MetricDefinition>()
  let active = 0
  let stopped = false

  function look(): void {
    const now = performance.now()
    const present = new Set<string>()
    for (const role of roles()) {
      if (!role.figures.running) continue
      for (const canary of role.process.canaries ?? []) {
        const key = `${role.process.id} ${canary.name}`
        present.add(key)
        const known = watched.get(key)
        if (known && (known.canary === canary || JSON.stringify(known.canary) === JSON.stringify(canary))) {
          // Each desired state brings objects of its own.
          known.canary = canary
          known.role = role
        } else {
          known?.abort.abort(new Error('it is run another way from now on'))
          const nextAt = now + random() * Math.min(FIRST_MS, canary.everySeconds * 1000)
          watched.set(key, {
            ...{ canary, role, nextAt, abort: new AbortController() },
            // What hangs in the kernel is waited for, also by the one that follows it.
            running: known?.running,
            last: undefined,
            news: undefined,
          })
        }
      }
    }
    for (const [key, { abort, canary, role }] of watched) {
      if (present.has(key)) continue
      failures?.set(role.process.id, canary.status, undefined)
      abort.abort(new Error('the role does not run here any more'))
      watched.delete(key)
    }
    for (const one of watched.values())
      if (one.running === undefined && one.nextAt <= now && active < PARALLEL) begin(one)
  }

  function begin(one: Watched): void {
    const { canary, abort } = one
    const at = Date.now()
    one.nextAt = performance.now() + canary.everySeconds * 1000 * (0.9 + 0.2 * random())
    active++
    const { outcome, settled } = runCanary(canary, launchOf(one.role.process), abort.signal)
    const running = outcome
      .then((result) => {
        if (!abort.signal.aborted) take(one, at, result)
        return settled
      })
      .finally(() => {
        active--
        for (const each of watched.values()) if (each.running === running) each.running = undefined
      })
    one.running = running
  }

  function take(one: Watched, at: number, result: Outcome): void {
    const { canary, role, last } = one
    const age = at - (role.figures.running?.startedAt ?? at)
    const counts = result.ok || age >= canary.startupSeconds * 1000
    one.last = { role: role.entity.name, name: canary.name, at, ...result, counts }
    if (!counts) return
    one.news = result
    failures?.set(role.process.id, canary.status, result.ok ? undefined : (result.message ?? 'it failed'))
    const of = { role: role.entity.name, canary: canary.name }
    if (!result.ok && (last?.ok ?? true))
      logger.warn({ ...of, reason: result.message }, 'A canary has failed')
    else if (result.ok && last && !last.ok && last.counts) logger.info(of, 'A canary goes well again')
  }

  function definitionOf(name: string, unit: string, what: string): MetricDefinition {
    let found = definitions.get(name)
    if (!found) {
      found = {
        name,
        description: what,
        isCounter: false,
        unitNumerators: [unit],
        unitDenominators: [],
        aliases: [],
      }
      definitions.set(name, found)
    }
    return found
  }

  const timer = setInterval(look, tickMs)
  timer.unref()
  return {
    name: 'canaries',
    collect(round) {
      for (const one of watched.values()) {
        const { canary, role, news } = one
        if (!news) continue
        one.news = undefined
        const status = definitionOf(canary.status, 'runs', '1 if the canary went well, 0 if it failed.')
        round.report(role.entity, status, news.ok ? 1 : 0)
        if (canary.duration === undefined) continue
        const duration = definitionOf(canary.duration, 'milliseconds', 'How long the canary took.')
        round.report(role.entity, duration, news.durationMs)
      }
    },
    results: () => [...watched.values()].flatMap(({ last }) => (last ? [withoutCounts(last)] : [])),
    async stop() {
      if (stopped) return
      stopped = true
      clearInterval(timer)
      const running = [...watched.values()].map((one) => one.running)
      for (const { abort } of watched.values()) abort.abort(new Error('the agent ends'))
      // What was killed is gone at once, unless the kernel holds it: then it is left to itself.
      let late: NodeJS.Timeout | undefined
      await Promise.race([
        Promise.allSettled(running),
        new Promise((resolve) => {
          late = setTimeout(resolve, 2_000)
        }),
      ])
      clearTimeout(late)
    },
  }
}

const withoutCounts = ({ counts: _, ...result }: NonNullable<Watched['last']>): CanaryResult => result
