/**
 * What is wrong with a descriptor. An `error` refuses the service type; a `warning` leaves it usable and is shown beside
 * it. `file` is the jar or folder and the file in it, `path` the place in its JSON (`roles[0].startRunner.program`).
 */
export interface Problem {
  readonly level: 'error' | 'warning'
  readonly code: ProblemCode
  readonly file: string
  readonly path: string
  /** Line and column, from 1, where the file could be parsed that far. */
  readonly line?: number | undefined
  readonly column?: number | undefined
  /** What is wrong and what to do, without the place. */
  readonly message: string
}

export type ProblemCode =
  | 'UNREADABLE'
  | 'BAD_JAR'
  | 'NO_DESCRIPTOR'
  | 'BAD_JSON'
  | 'MISSING'
  | 'WRONG_TYPE'
  | 'BAD_VALUE'
  | 'UNKNOWN_TYPE'
  | 'DUPLICATE'
  | 'CONFLICT'
  | 'UNKNOWN_REFERENCE'
  | 'UNKNOWN_SUBSTITUTION'
  | 'GENERATION'
  | 'LIMIT'

/**
 * One line for people: `KAFKA-1.0.jar!descriptor/service.sdl:12:5 roles[0].name: is missing; …`.
 */
export function problemText(problem: Problem): string {
  const line = problem.line === undefined ? '' : `:${problem.line}:${problem.column ?? 1}`
  const path = problem.path === '' ? '' : ` ${problem.path}`
  return `${problem.file}${line}${path}: ${problem.message}`
}
