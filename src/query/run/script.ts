import type { QueryProblem } from '../../wire/timeseries.js'
import { type CheckedStatement, checkStatement } from '../check/statement.js'
import { badQuery } from '../errors.js'
import type { Window } from '../plan/leaf.js'
import { chooseRollup, type RollupWish } from '../plan/rollup-choice.js'
import { parseScript, type Script } from '../syntax/index.js'
import { Deadline } from './deadline.js'
import type { QueryEnvironment } from './environment.js'
import { executeStatement } from './execute.js'
import { explainStatement } from './explain.js'
import { Recent } from './recent.js'
import type { AnswerSink } from './sink.js'

export interface QueryRequest {
  readonly query: string
  readonly window: Window
  readonly rollup: RollupWish
  /** Streams per statement. */
  readonly streamLimit: number
  /** An entity that was renamed as one stream under its present name. */
  readonly joinRenamed: boolean
  /** IANA name, for `day in` and `hour in`. */
  readonly timeZone: string
  /** What `$NAME` stands for, by lower-case name. */
  readonly variables: ReadonlyMap<string, string>
  /** What ends the query; of this query alone, for its time limit ends it too. */
  readonly abort: AbortController
}

type CheckRequest = Pick<QueryRequest, 'query' | 'window' | 'variables'>

/** Checks parsed statements. Throws `QueryError` with every problem found. */
function checkScript(
  script: Script,
  request: CheckRequest,
  environment: QueryEnvironment,
): readonly CheckedStatement[] {
  const { catalogue, limits } = environment
  const { version } = catalogue
  const known = environment.checked.get(request.query, version)
  if (known !== undefined) return known
  const problems: QueryProblem[] = []
  const checked = script.statements.map((statement) => {
    const result = checkStatement(statement, {
      catalogue,
      activity: { to: request.window.to, graceMs: limits.activeSeconds * 1000 },
      variables: request.variables,
      movingAverageSeconds: limits.movingAverageSeconds,
    })
    problems.push(...result.problems)
    return result.checked
  })
  if (problems.length > 0) throw badQuery(problems)
  environment.checked.set(request.query, version, checked)
  return checked
}

/**
 * Answers a query, statement after statement. Throws `QueryError`, or the signal's reason. `flush` is called now and then;
 * its promise, if there is one, is waited for: until the reader has taken what is ready.
 */
export async function runScript(
  request: QueryRequest,
  environment: QueryEnvironment,
  sink: AnswerSink,
  flush: () => Promise<void> | undefined,
): Promise<void> {
  const { limits } = environment
  const start = performance.now()
  const script = parsed(request.query)
  const parsedAt = performance.now()
  const statements = checkScript(script, request, environment)
  const before = { parse: parsedAt - start, check: performance.now() - parsedAt }
  const { window, streamLimit, joinRenamed, timeZone } = request
  const deadline = new Deadline(limits.seconds, request.abort)
  const { signal } = deadline
  const guarded = async () => {
    const taken = flush()
    if (taken !== undefined) await deadline.wait(taken)
  }
  try {
    for (const checked of statements) {
      const expressions = checked.items?.map((item) => item.expression) ?? []
      const rollup = chooseRollup(request.rollup, window, expressions, environment.keptSince)
      const execute = checked.statement.explain ? explainStatement : executeStatement
      await execute(
        checked,
        { window, rollup, streamLimit, joinRenamed, timeZone, deadline, signal, flush: guarded, before },
        environment,
        sink,
      )
    }
    sink.end()
    await guarded()
  } finally {
    deadline.end()
  }
}

/** Dashboards send the same texts again and again. */
const scripts = new Recent<Script>(5_000, 500_000)

function parsed(text: string): Script {
  const known = scripts.get(text)
  if (known !== undefined) return known
  const { script, problems } = parseScript(text)
  if (script === undefined) throw badQuery(problems)
  scripts.set(text, script)
  return script
}

/** The statements of a query, parsed and checked. Throws `QueryError` with every problem found. */
export function checkedScript(
  request: CheckRequest,
  environment: QueryEnvironment,
): readonly CheckedStatement[] {
  return (
    environment.checked.get(request.query, environment.catalogue.version) ??
    checkScript(parsed(request.query), request, environment)
  )
}
