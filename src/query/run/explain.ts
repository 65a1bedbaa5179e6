import type { QueryPlan } from '../../wire/timeseries.js'
import type { CheckedStatement } from '../check/statement.js'
import type { Leaf } from '../plan/leaf.js'
import type { QueryEnvironment } from './environment.js'
import { executeStatement } from './execute.js'
import type { StatementRequest } from './execution.js'
import type { AnswerSink, StatementEnd } from './sink.js'

/** Runs a statement without its answer, and tells how it was done. */
export async function explainStatement(
  checked: CheckedStatement,
  request: StatementRequest,
  environment: QueryEnvironment,
  sink: AnswerSink,
): Promise<void> {
  const start = performance.now()
  let planned = start
  const plan: QueryPlan = {
    rollup: request.rollup,
    streams: 0,
    points: 0,
    items: [],
    statements: [],
    steps: [],
  }
  let warnings: readonly string[] = []
  let marks: StatementEnd['marks'] = []
  const counting: AnswerSink = {
    beginStatement: (head, isActive) => sink.beginStatement(head, isActive),
    beginItem() {},
    addStream(_owner, _frequency, { start: first, end }) {
      plan.streams++
      plan.points += end - first
    },
    endStatement(found, end) {
      warnings = found
      marks = end.marks
    },
    end() {},
  }
  await executeStatement(
    checked,
    {
      ...request,
      onSql: (run) => plan.statements.push({ ...run, milliseconds: rounded(run.milliseconds) }),
      onPlan({ items, leaves }, entities) {
        planned = performance.now()
        plan.items = items.map(({ item, places }, i) => ({
          text: item.text,
          shape: item.expression.shape,
          entities: entities[i] ?? 0,
          reads: [...places].map((place) => describe(leaves[place] as Leaf)),
        }))
      },
    },
    environment,
    counting,
  )
  const reading = plan.statements.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  plan.steps = [
    { name: 'parse', milliseconds: rounded(request.before.parse) },
    { name: 'check', milliseconds: rounded(request.before.check) },
    { name: 'choose entities and plan', milliseconds: rounded(planned - start) },
    { name: 'read', milliseconds: rounded(reading) },
    { name: 'evaluate', milliseconds: rounded(Math.max(0, performance.now() - planned - reading)) },
  ]
  sink.endStatement(warnings, { marks, plan })
}

const rounded = (milliseconds: number) => Math.round(milliseconds * 1000) / 1000

function describe(leaf: Leaf): string {
  const { metric, window } = leaf
  const when = `${new Date(window.from).toISOString()} to ${new Date(window.to).toISOString()}`
  switch (leaf.kind) {
    case 'samples':
      return `samples of ${metric.name}, ${when}`
    case 'aggregate':
      return `${leaf.by} of ${metric.name}, computed by the store, ${when}`
    case 'grid':
      return `${leaf.by} of ${metric.name} in ${leaf.count} buckets of ${leaf.step / 1000} s, computed by the store, ${when}`
    case 'folded-grid':
      return `${leaf.by} of ${metric.name} over all entities in ${leaf.count} buckets of ${leaf.step / 1000} s, computed by the store, ${when}`
    case 'rollup':
      return `${leaf.level} of ${metric.name}, ${when}`
    case 'across':
      return `${leaf.total ? 'total' : 'statistics'} of ${metric.name} over ${leaf.plural}, ${leaf.level}, ${when}`
  }
}
