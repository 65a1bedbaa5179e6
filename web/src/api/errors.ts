/** What can go wrong when the API is asked, and what to say about it. */

import type { ErrorBody, QueryProblem } from '../../../src/wire/timeseries.js'

export class ApiError extends Error {
  override name = 'ApiError'
  /** 0 when there was no answer. */
  readonly status: number
  readonly code: string
  readonly problems: readonly QueryProblem[]

  constructor(message: string, status: number, code: string, problems: readonly QueryProblem[] = []) {
    super(message)
    this.status = status
    this.code = code
    this.problems = problems
  }

  /** True when the same request may work later: no answer, overload, or a part that is away. */
  get passing(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500
  }
}

/** Whether asking again may help. What is not of the API may be anything, so it may. */
export const mayPass = (error: unknown): boolean => !(error instanceof ApiError) || error.passing

/** An error answer: its `ErrorBody` where it is one, its status otherwise. */
export function errorFromAnswer(status: number, body: string): ApiError {
  const parsed = parseBody(body)
  const message = typeof parsed?.message === 'string' ? parsed.message : `The answer was HTTP ${status}.`
  const problems = Array.isArray(parsed?.problems) ? parsed.problems.filter(isProblem).map(complete) : []
  return new ApiError(message.slice(0, 2000), status, String(parsed?.code ?? ''), problems.slice(0, 100))
}

function parseBody(body: string): Partial<ErrorBody> | null {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? (value as Partial<ErrorBody>) : null
  } catch {
    return null
  }
}

const isProblem = (value: unknown): value is QueryProblem =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as QueryProblem).message === 'string' &&
  Number.isFinite((value as QueryProblem).offset)

const texts = (value: unknown) =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []

const complete = (problem: QueryProblem): QueryProblem => ({
  message: problem.message,
  offset: problem.offset,
  length: Number.isFinite(problem.length) ? problem.length : 0,
  expected: texts(problem.expected),
  suggestions: texts(problem.suggestions),
})

export interface Advice {
  readonly title: string
  readonly advice: string
}

/** An error in words for a banner: what happened and what to do. */
export function explainError(error: ApiError): Advice {
  if (error.status === 0)
    return {
      title: 'The manager does not answer.',
      advice:
        'Check that it runs and that this browser can reach it; the page goes on by itself when it is back.',
    }
  if (error.status === 502 || error.status === 503 || error.status === 504)
    return {
      title: 'The monitor does not answer.',
      advice: `${sentence(error.message)} The charts go on by themselves when it is back.`,
    }
  if (error.status === 429)
    return {
      title: 'The monitor is busy.',
      advice: `${sentence(error.message)} The next try comes a little later.`,
    }
  if (error.status === 401 || error.status === 403)
    return { title: 'This is not allowed.', advice: sentence(error.message) }
  if (error.status >= 500)
    return { title: 'The server failed on this query.', advice: sentence(error.message) }
  return { title: 'The query was not accepted.', advice: sentence(error.message) }
}

const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`)
