import type { Catalogue } from '../../metrics/index.js'
import type { Rollup } from '../../wire/timeseries.js'
import { emptyHints } from '../check/hints.js'
import { isActive } from '../check/selection.js'
import type { CheckedStatement } from '../check/statement.js'
import type { TypedItem } from '../check/typed.js'
import { acrossOf, hasFact, metricsOf } from '../check/walk.js'
import { pointLimit } from '../errors.js'
import type { Window } from '../plan/leaf.js'
import type { QueryEnvironment } from './environment.js'
import type { Execution } from './execution.js'
import type { AnswerSink } from './sink.js'

/** Begins a statement's answer. */
export function beginStatement(
  { statement }: CheckedStatement,
  { from, to }: Window,
  { catalogue, limits }: QueryEnvironment,
  sink: AnswerSink,
): void {
  const activity = { to, graceMs: limits.activeSeconds * 1000 }
  sink.beginStatement(
    {
      timeSeriesQuery: statement.text,
      startTime: new Date(from).toISOString(),
      endTime: new Date(to).toISOString(),
    },
    (entity) => isActive(catalogue, entity, activity),
  )
}

/** What adds a stream to the answer, within the limits: of streams, beyond which it is partial, and of points, beyond which there is none. */
export function emitter(
  sink: AnswerSink,
  streamLimit: number,
  mostPoints: number,
  counts: Execution['counts'],
  warnings: Set<string>,
): Execution['emit'] {
  return (owner, frequencyMs, points) => {
    if (counts.streams >= streamLimit) {
      warnings.add(
        `The query hit the maximum results limit of ${streamLimit} streams: this is a partial answer. Name fewer entities, or raise the limit.`,
      )
      return false
    }
    counts.streams++
    counts.points += points.end - points.start
    if (counts.points > mostPoints) throw pointLimit(mostPoints)
    sink.addStream(owner, frequencyMs, points)
    return true
  }
}

/** Ends a statement's answer; an empty one with why it is. */
export function endStatement(
  checked: CheckedStatement,
  {
    window,
    rollup,
    hasEntities = false,
  }: {
    readonly window: Window
    readonly rollup: Rollup
    /** Each item has entities that meet the conditions and have its metrics. */
    readonly hasEntities?: boolean
  },
  catalogue: Catalogue,
  counts: Execution['counts'],
  warnings: Set<string>,
  sink: AnswerSink,
): void {
  const { items = [], warnings: marks } = checked
  const constants = items.filter(isConstant).length
  if (counts.streams <= constants && (items.length === 0 || items.length > constants))
    for (const hint of emptyHints({ checked, window, rollup, hasEntities }, catalogue)) warnings.add(hint)
  sink.endStatement([...warnings], { marks })
}

/** A line that needs no entity. */
export const isConstant = ({ expression }: TypedItem) =>
  metricsOf(expression).length === 0 && !hasFact(expression) && acrossOf(expression).length === 0
