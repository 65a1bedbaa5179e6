import { randomBytes } from 'node:crypto'
import type { HealthSummaries, SummarizedEntity } from '../../wire/health.js'
import type { Node } from '../evaluate/nodes.js'
import type { Picture } from '../evaluate/picture.js'
import { summaryOf } from '../summary.js'

/**
 * Answers with how everything is, without sentences, or with what has changed since a cursor of an earlier answer: someone
 * who keeps a copy asks every other second. `swept`: when the last complete evaluation began.
 */
export function createSummaries(
  picture: () => Picture,
  swept: () => number,
): (cursor?: string) => HealthSummaries {
  const run = randomBytes(4).toString('hex')
  return (cursor) => {
    const { nodes, version, table } = picture()
    const [givenRun, givenVersion, time] = (cursor ?? '').split('-')
    const whole = givenRun !== run || Number(givenVersion) !== version || !Number.isFinite(Number(time))
    const from = whole ? Number.NEGATIVE_INFINITY : Number(time)
    // Before the look, so that nothing falls between two answers.
    const next = `${run}-${version}-${swept()}`
    const items: SummarizedEntity[] = []
    for (const node of nodes) if (changedSince(node, table, from)) items.push(summarized(node, table))
    return { cursor: next, whole, items }
  }
}

function changedSince(node: Node, { since }: Picture['table'], from: number): boolean {
  if (node.since >= from) return true
  const end = node.first + node.profile.tests.length
  for (let row = node.first; row < end; row++) if (since[row]! >= from) return true
  for (const each of node.reported?.values() ?? []) if (each.since >= from || each.isLast) return true
  return false
}

function summarized(node: Node, { summary, since }: Picture['table']): SummarizedEntity {
  const tests: SummarizedEntity['tests'] = []
  node.profile.tests.forEach(({ name }, i) => {
    const row = node.first + i
    // Of a host that no manager knows only what it sends is shown.
    if (node.bare && since[row] === 0) return
    tests.push([name, summaryOf(summary[row] as Parameters<typeof summaryOf>[0]), node.suppressed.has(name)])
  })
  for (const each of node.reported?.values() ?? [])
    tests.push([each.name, summaryOf(each.summary), each.suppressed || node.suppressed.has(each.name)])
  return { category: node.category, identity: node.identity, summary: summaryOf(node.summary), tests }
}
