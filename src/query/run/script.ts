import type { QueryProblem } from '../../wire/timeseries.js'
import {
  type CheckedStatement,
  type CheckOptions,
  checkStatement,
  withCondition,
} from '../check/statement.js'
import { badQuery } from '../errors.js'
import type { Window } from '../plan/leaf.js'
import { chooseRollup, type RollupWish } from '../plan/rollup-choice.js'
import { parseScript, type Script, splitWhere, withWhere } from '../syntax/index.js'
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

function checkOptions(
  { window, variables }: CheckRequest,
  { catalogue, limits }: QueryEnvironment,
): CheckOptions {
  const activity = { to: window.to, graceMs: limits.activeSeconds * 1000 }
  return { catalogue, activity, variables, movingAverageSeconds: limits.movingAverageSeconds }
}

/** Checks parsed statements. Throws `QueryError` with every problem found. */
function checkScript(
  script: Script,
  request: CheckRequest,
  environment: QueryEnvironment,
): readonly CheckedStatement[] {
  const { version } = environment.catalogue
  const options = checkOptions(request, environment)
  const problems: QueryProblem[] = []
  const checked = script.statements.map((statement) => {
    const result = checkStatement(statement, options)
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
  const known = environment.checked.get(request.query, environment.catalogue.version)
  const script = known ?? parsed(request.query)
  const parsedAt = performance.now()
  const statements = 'statements' in script ? checkScript(script, request, environment) : script
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
  const { query } = request
  return (
    environment.checked.get(query, environment.catalogue.version) ??
    fromParts(request, environment) ??
    checkScript(parsed(query), request, environment)
  )
}

/** Of a statement whose part before WHERE was asked for before. Undefined where that is not all that is to be done. */
function fromParts(
  request: CheckRequest,
  environment: QueryEnvironment,
): readonly CheckedStatement[] | undefined {
  const { query } = request
  const { checked, catalogue } = environment
  const split = splitWhere(query)
  if (split === undefined) return undefined
  const [head] = headOf(split.head, request, environment)
  if (head === undefined) return undefined
  const statement = withWhere(head.statement, query, split.where)
  const result = withCondition(head, statement, checkOptions(request, environment))
  if (result.problems.length > 0) return undefined
  const statements = [result.checked]
  checked.set(query, catalogue.version, statements)
  return statements
}

/** One statement without conditions, or nothing. */
function headOf(
  text: string,
  request: CheckRequest,
  environment: QueryEnvironment,
): readonly CheckedStatement[] {
  const { checked, catalogue } = environment
  const known = checked.get(text, catalogue.version)
  const statements = known ?? checkedHead(text, request, environment)
  const [only] = statements
  if (only === undefined || statements.length > 1) return []
  const { explain, from, where, days, hours } = only.statement
  return explain || from || where || days || hours ? [] : statements
}

function checkedHead(text: string, request: CheckRequest, environment: QueryEnvironment) {
  const { script } = parseScript(text)
  if (script === undefined) return []
  try {
    return checkScript(script, { ...request, query: text }, environment)
  } catch {
    // What is wrong is said about the whole text.
    return []
  }
}
