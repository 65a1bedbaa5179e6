import { printStatement, type QueryApi, QueryError, type Statement, type Trigger } from '../../query/index.js'
import { holds, normalized, type Shared, sharedOf, statementsOf } from './condition.js'
import { parseExpression, type TriggerDefinition, type TriggerProblem } from './definition.js'
import { type Found, foundIn, noted, sentenceOf } from './found.js'

/** An entity with triggers. */
export interface TriggerOwner {
  category: string
  identity: string
  /** What `$ROLENAME`, `$SERVICENAME`, `$HOSTID` … stand for; names in upper case. */
  variables: Readonly<Record<string, string>>
  triggers: readonly TriggerDefinition[]
  /** Of those that cannot be read. */
  problems?: readonly TriggerProblem[]
}

/** How a trigger stands, as a test of its entity's health. */
export interface TriggerResult {
  category: string
  identity: string
  /** `alarm:` and the trigger's name. */
  test: string
  label: string
  summary: 'GOOD' | 'CONCERNING' | 'BAD' | 'DISABLED' | 'NOT_AVAILABLE'
  /** A sentence with the figures. */
  explanation: string
  advice: string
  /** Streams that satisfied the condition (the most of its statements); undefined: not known. */
  value?: number
  at: number
  suppressed: boolean
}

export interface EvaluationOptions {
  ask: QueryApi['ask']
  /** End of the window, milliseconds. */
  at: number
  signal?: AbortSignal | undefined
}

/** Streams of one query for all owners; beyond, each owner is asked for by itself. */
const MOST_STREAMS = 50_000
const PARALLEL = 3
const MOST_PROBLEMS = 20

interface Group {
  trigger: Trigger
  definition: TriggerDefinition
  owners: { owner: TriggerOwner; definition: TriggerDefinition }[]
}

/**
 * Evaluates all triggers of all owners: those with the same expression together, by one query for each of its statements where
 * that means the same. A trigger that cannot be evaluated is NOT_AVAILABLE and says why; the others go on. Rejects with the
 * signal's reason.
 */
export async function evaluateTriggers(
  owners: Iterable<TriggerOwner>,
  { ask, at, signal }: EvaluationOptions,
): Promise<TriggerResult[]> {
  const results: TriggerResult[] = []
  const groups = new Map<string, Group>()
  for (const owner of owners) {
    for (const problem of (owner.problems ?? []).slice(0, MOST_PROBLEMS))
      results.push(unreadable(owner, problem, at))
    for (const definition of owner.triggers) {
      if (!definition.enabled) {
        results.push(resultOf(owner, definition, at, 'DISABLED', 'The trigger is switched off.'))
        continue
      }
      const key = `${definition.validityWindowInMs} ${definition.triggerExpression}`
      const known = groups.get(key)
      if (known) known.owners.push({ owner, definition })
      else {
        const { trigger } = parseExpression(definition.triggerExpression)
        if (trigger) groups.set(key, { trigger, definition, owners: [{ owner, definition }] })
        else results.push(resultOf(owner, definition, at, 'NOT_AVAILABLE', 'The expression cannot be read.'))
      }
    }
  }
  const waiting = [...groups.values()]
  const worker = async () => {
    for (let group = waiting.shift(); group; group = waiting.shift())
      results.push(...(await evaluateGroup(group, { ask, at, signal })))
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
  return results
}

async function evaluateGroup(group: Group, options: EvaluationOptions): Promise<TriggerResult[]> {
  const { trigger, definition, owners } = group
  const statements = statementsOf(trigger.condition)
  const found: (Found[] | QueryError)[] = []
  for (const statement of statements) {
    const one = await findStreams(
      statement,
      definition.validityWindowInMs,
      owners.map(({ owner }) => owner),
      options,
    )
    found.push(one)
  }
  return owners.map(({ owner, definition: own }, i) => {
    const failed = found.find((each) => each instanceof QueryError)
    if (failed instanceof QueryError)
      return resultOf(
        owner,
        own,
        options.at,
        'NOT_AVAILABLE',
        `The condition cannot be evaluated: ${failed.message}`,
      )
    const mine = (found as Found[][]).map((each) => each[i]!)
    const counts = mine.map(({ count }) => count)
    const most = Math.max(0, ...counts)
    const fires = holds(trigger.condition, counts, own.streamThreshold)
    const summary = fires ? (trigger.action === 'bad' ? 'BAD' : 'CONCERNING') : 'GOOD'
    return { ...resultOf(owner, own, options.at, summary, sentenceOf(own, fires, mine)), value: most }
  })
}

/** The streams that the statement gives for each of the owners. */
async function findStreams(
  statement: Statement,
  windowMs: number,
  owners: readonly TriggerOwner[],
  options: EvaluationOptions,
): Promise<Found[] | QueryError> {
  const window = { from: options.at - windowMs, to: options.at }
  try {
    const shared = owners.length > 1 ? sharedOf(statement) : undefined
    const together = shared && (await findTogether(shared, window, owners, options))
    if (together) return together
    const all: Found[] = []
    for (const { variables } of owners) {
      const [answer] = await options.ask({
        query: statement.text,
        ...window,
        variables,
        ...signalOf(options),
      })
      all.push(foundIn(answer?.streams ?? []))
    }
    return all
  } catch (error) {
    options.signal?.throwIfAborted()
    if (error instanceof QueryError) return error
    throw error
  }
}

async function findTogether(
  shared: Shared,
  window: { from: number; to: number },
  owners: readonly TriggerOwner[],
  options: EvaluationOptions,
): Promise<Found[] | undefined> {
  const wanted = owners.map(({ variables }) => variables[shared.variable]?.toLowerCase())
  if (wanted.includes(undefined)) return undefined
  const query = printStatement(shared.statement)
  const [answer] = await options.ask({ query, ...window, streamLimit: MOST_STREAMS, ...signalOf(options) })
  const streams = answer?.streams ?? []
  if (streams.length >= MOST_STREAMS) return undefined
  const all = new Map<string, Found>()
  for (const stream of streams) {
    const value = attributeOf(stream.owner.attributes, shared.attribute)?.toLowerCase()
    if (value !== undefined) all.set(value, noted(all.get(value), stream))
  }
  return wanted.map((value) => all.get(value!) ?? foundIn([]))
}

const signalOf = ({ signal }: EvaluationOptions) => (signal ? { signal } : {})

function attributeOf(attributes: Readonly<Record<string, string>>, wanted: string): string | undefined {
  for (const name of Object.keys(attributes)) if (normalized(name) === wanted) return attributes[name]
  return undefined
}

/** It is no silent nothing: whoever set it has to see it. */
function unreadable(
  { category, identity }: TriggerOwner,
  problem: TriggerProblem,
  at: number,
): TriggerResult {
  const label = problem.name ?? (problem.index < 0 ? 'triggers' : `trigger ${problem.index + 1}`)
  return {
    ...{ category, identity, test: `alarm:${label}`, label, summary: 'NOT_AVAILABLE', at, suppressed: false },
    explanation: `The trigger cannot be read: ${problem.message}`,
    advice: 'Correct it in the configuration, or delete it.',
  }
}

function resultOf(
  { category, identity }: TriggerOwner,
  { triggerName, suppressed }: TriggerDefinition,
  at: number,
  summary: TriggerResult['summary'],
  explanation: string,
): TriggerResult {
  const advice =
    summary === 'BAD' || summary === 'CONCERNING'
      ? 'Look at a chart of what the trigger asks for, on the page of this entity.'
      : ''
  return {
    ...{ category, identity, test: `alarm:${triggerName}`, label: triggerName },
    ...{ summary, explanation, advice, at, suppressed },
  }
}
