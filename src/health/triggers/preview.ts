import { printTrigger, type QueryApi, QueryError, type Trigger } from '../../query/index.js'
import { holds, statementsOf } from './condition.js'

export interface PreviewRequest {
  trigger: Trigger
  streamThreshold: number
  validityWindowInMs: number
  /** Milliseconds. */
  from: number
  to: number
  variables: Readonly<Record<string, string>>
  /** Between two evaluations. */
  stepMs: number
  signal: AbortSignal
}

/** What a trigger would have done. */
export interface TriggerPreview {
  /** In normal form. */
  expression: string
  action: 'bad' | 'concerning'
  streamThreshold: number
  stepMs: number
  /** Each evaluation: how many streams each statement gave, and whether it would have fired. */
  points: { time: string; streams: number[]; fires: boolean }[]
  firings: { from: string; to: string }[]
  /** False: time ran out, and the last points are missing. */
  complete: boolean
  warnings: string[]
}

export const MOST_STEPS = 300
const PARALLEL = 3

/** A step for a range: a minute, as triggers are evaluated, or what makes `MOST_STEPS` of it. */
export const stepFor = (from: number, to: number): number =>
  Math.max(60_000, Math.ceil((to - from) / MOST_STEPS / 60_000) * 60_000)

/**
 * Evaluates a trigger at each step of a time in the past, as it would have been evaluated then. Rejects with `QueryError` when
 * a statement cannot be; the places in it are those of the whole expression.
 */
export async function previewTrigger(ask: QueryApi['ask'], request: PreviewRequest): Promise<TriggerPreview> {
  const { trigger, streamThreshold, validityWindowInMs, from, to, variables, stepMs, signal } = request
  const statements = statementsOf(trigger.condition)
  const times: number[] = []
  for (let time = from; time <= to; time += stepMs) times.push(time)
  const counts: (number[] | undefined)[] = times.map(() => undefined)
  const warnings = new Set<string>()

  const evaluate = async (index: number): Promise<void> => {
    const mine: number[] = []
    for (const { text, offset } of statements) {
      const window = { from: times[index]! - validityWindowInMs, to: times[index]! }
      const [answer] = await ask({ query: text, ...window, variables, signal }).catch((error: unknown) => {
        throw error instanceof QueryError ? shifted(error, offset) : error
      })
      mine.push(answer?.streams.length ?? 0)
      for (const warning of answer?.warnings ?? []) if (warnings.size < 20) warnings.add(warning)
    }
    counts[index] = mine
  }

  let next = 0
  const worker = async () => {
    while (next < times.length && !signal.aborted) await evaluate(next++)
  }
  let complete = true
  try {
    await Promise.all(Array.from({ length: PARALLEL }, worker))
  } catch (error) {
    if (!signal.aborted) throw error
  }
  if (counts.includes(undefined)) complete = false

  const points: TriggerPreview['points'] = []
  const firings: TriggerPreview['firings'] = []
  let firing = false
  times.forEach((time, i) => {
    const streams = counts[i]
    if (!streams) {
      firing = false
      return
    }
    const fires = holds(trigger.condition, streams, streamThreshold)
    const text = new Date(time).toISOString()
    points.push({ time: text, streams, fires })
    if (fires && firing) firings.at(-1)!.to = text
    else if (fires) firings.push({ from: text, to: text })
    firing = fires
  })
  return {
    expression: printTrigger(trigger),
    action: trigger.action,
    ...{ streamThreshold, stepMs, points, firings, complete },
    warnings: [...warnings],
  }
}

/** Places in a statement are told as places in the expression that it is a part of. */
function shifted(error: QueryError, by: number): QueryError {
  if (error.problems.length === 0) return error
  const problems = error.problems.map((one) => ({ ...one, offset: one.offset + by }))
  return new QueryError(error.code, error.message, { problems, cause: error })
}
