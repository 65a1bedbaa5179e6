import { createHash } from 'node:crypto'
import type { HealthChange } from '../../wire/health.js'
import { worse } from '../aggregate/aggregate.js'
import { DISABLED, type Health, NOT_AVAILABLE, summaryOf } from '../summary.js'
import { explainAll } from './explain.js'
import { type Course, follow } from './flapping.js'
import { isAtRest, maintenanceOwners, type Node } from './nodes.js'
import { type Now, newObservation, observe } from './observe.js'
import type { Picture } from './picture.js'
import { refOf } from './ref.js'
import type { Streams } from './streams.js'

export interface SweepOptions {
  readonly picture: Picture
  readonly streams: Streams
  readonly now: Now
  /** While true, figures that are missing change nothing: the monitor itself may be what they are missing for. */
  readonly patient: boolean
}

/** Tests that are looked at in one go; what the event loop has to wait for is a millisecond or less. */
const SLICE = 2_000
/** A change, with its sentences and its hash, takes as long as so many tests that are just looked at. */
const CHANGE = 150

/**
 * Looks at every test of every entity, once, changes their results, and yields what has changed, slice by slice, so that others
 * get their turn. When a new model comes meanwhile it ends early.
 */
export function* sweep({ picture, streams, now, patient }: SweepOptions): Generator<HealthChange[], void> {
  const { nodes } = picture
  let changes: HealthChange[] = []
  const seen = newObservation()
  const course: Course = { summary: NOT_AVAILABLE, worseAt: 0, worsenings: 0, betterSince: 0 }
  const changed: Changed[] = []
  let done = 0
  for (let n = 0; n < nodes.length; n++) {
    if (done > SLICE) {
      done = 0
      yield changes
      changes = []
      if (picture.nodes !== nodes) return
    }
    const node = nodes[n]!
    const { table } = picture
    const { tests } = node.profile
    done += tests.length + 1
    changed.length = 0
    let summary: Health = DISABLED
    for (let i = 0; i < tests.length; i++) {
      const row = node.first + i
      const before = table.summary[row] as Health
      observe(node, i, before, streams, now, seen)
      const { reason } = seen
      const isMissing = reason === 'no-figure' || reason === 'missing' || reason === 'silent'
      const since = table.since[row]!
      if (since === 0) {
        // What a host that no manager knows does not send is no test of it.
        const absent = node.bare && (reason === 'no-figure' || reason === 'no-path' || reason === 'off')
        if (absent) continue
        table.since[row] = now.time
        const health = patient && isMissing ? NOT_AVAILABLE : seen.health
        if (health !== NOT_AVAILABLE) {
          table.load(row, course)
          follow(course, health, now.time)
          table.store(row, course)
          changed.push({ i, name: tests[i]!.name, from: before, since })
        }
      } else if (seen.health !== before || table.betterSince[row] !== 0) {
        if (!(patient && isMissing)) {
          table.load(row, course)
          if (follow(course, seen.health, now.time)) {
            changed.push({ i, name: tests[i]!.name, from: before, since })
            table.since[row] = now.time
          }
          table.store(row, course)
        }
      }
      if (!(node.suppressed.size > 0 && node.suppressed.has(tests[i]!.name)))
        summary = worse(summary, table.summary[row] as Health)
    }
    if (node.reported !== undefined) summary = addReported(node, summary, changed)
    spend(node, now.time)
    node.at = now.time
    const isNew = node.since === 0
    const from = node.summary
    const since = node.since
    if (summary !== from || isNew) {
      node.summary = summary
      node.since = now.time
    }
    if (changed.length === 0 && summary === from) continue
    done += CHANGE
    changes.push(changeOf(node, from, since, changed, isNew, picture, streams, now))
    if (node.reported !== undefined) dropLast(node)
  }
  yield changes
}

interface Changed {
  /** -1: of a result that was reported. */
  readonly i: number
  readonly name: string
  readonly from: Health
  readonly since: number
}

function addReported(node: Node, summary: Health, changed: Changed[]): Health {
  let found = summary
  const atRest = isAtRest(node)
  for (const result of node.reported!.values()) {
    if (result.before !== undefined) {
      changed.push({ i: -1, name: result.name, from: result.before, since: result.since })
      result.before = undefined
    }
    if (!atRest && !result.suppressed && !node.suppressed.has(result.name))
      found = worse(found, result.summary)
  }
  return found
}

function dropLast(node: Node): void {
  for (const [name, { isLast }] of node.reported!) if (isLast) node.reported!.delete(name)
  if (node.reported!.size === 0) node.reported = undefined
}

/** Time counts for the health that the entity had in it. */
export function spend({ summary, tally }: Node, time: number): void {
  tally.spent[Math.min(summary, NOT_AVAILABLE)]! += Math.max(0, time - tally.countedAt)
  tally.countedAt = time
}

function changeOf(
  node: Node,
  from: Health,
  since: number,
  changed: readonly Changed[],
  startup: boolean,
  { table }: Picture,
  streams: Streams,
  now: Now,
): HealthChange {
  const before = new Map(changed.map((each) => [each.name, each]))
  const tests = explainAll(node, table, streams, now).map((result): HealthChange['tests'][number] => {
    const was = before.get(result.test)
    return was === undefined ? result : { ...result, from: summaryOf(was.from) }
  })
  // From what was known before and what came of it: the same when it is found again after a crash.
  const hash = createHash('sha256').update(
    `${node.category}\0${node.identity}\0${since}\0${from}\0${node.summary}`,
  )
  for (const test of tests)
    if (test.from !== undefined)
      hash.update(`\0${test.test}\0${before.get(test.test)!.since}\0${test.from}\0${test.summary}`)
  return {
    id: hash.digest('hex').slice(0, 32),
    entity: refOf(node),
    at: now.time,
    from: summaryOf(from),
    to: summaryOf(node.summary),
    since: node.since,
    tests,
    maintenance: maintenanceOwners(node).length > 0,
    ...(node.entity.alerts === undefined ? {} : { alerts: node.entity.alerts }),
    startup,
  }
}
