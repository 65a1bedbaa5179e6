import type { Node, Reported } from './evaluate/nodes.js'
import { DISABLED, healthOf } from './summary.js'
import type { HealthReport } from './types.js'

/** Takes the result of a test over that is looked after elsewhere. */
export function takeReport(node: Node, given: HealthReport, time: number): void {
  const { test, label, summary, explanation, advice = '', suppressed = false } = given
  const before = node.reported?.get(test)
  if (summary === undefined && before === undefined) return
  const health = summary === undefined ? DISABLED : healthOf(summary)
  if (health === undefined) return
  const unchanged = before?.summary === health
  const result: Reported = {
    name: test,
    label,
    summary: health,
    explanation,
    advice,
    suppressed,
    at: time,
    since: unchanged ? before.since : time,
    isLast: summary === undefined,
    before: unchanged ? before.before : (before?.before ?? before?.summary ?? healthOf('NOT_AVAILABLE')),
  }
  node.reported ??= new Map()
  node.reported.set(test, result)
}

/** The end of results of before that nobody has reported again: of a trigger that is no more, for instance. */
export const endOfRecalled = (nodes: readonly Node[]): HealthReport[] =>
  nodes.flatMap((node) =>
    [...(node.reported?.values() ?? [])]
      .filter(({ recalled }) => recalled)
      .map(({ name, label }) => ({
        category: node.category,
        identity: node.identity,
        test: name,
        label,
        summary: undefined,
        explanation: 'The test is no more.',
      })),
  )
