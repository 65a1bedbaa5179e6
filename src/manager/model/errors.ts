/** Why a change of the model, or a look at it, is not possible; the message is for the person who asked. */
export type ModelErrorCode =
  /** What was named does not exist. */
  | 'NOT_FOUND'
  /** There is one of that name already. */
  | 'EXISTS'
  /** A name, value or combination that cannot be. */
  | 'INVALID'
  /** Something else depends on it, or it is running. */
  | 'IN_USE'

export class ModelError extends Error {
  override name = 'ModelError'
  readonly code: ModelErrorCode
  /** One for each thing that is wrong, where there are several. */
  readonly causes: readonly string[]
  constructor(code: ModelErrorCode, message: string, causes: readonly string[] = []) {
    super(message)
    this.code = code
    this.causes = causes
  }
}

export const notFound = (what: string) => new ModelError('NOT_FOUND', `${what} does not exist.`)
export const exists = (what: string) => new ModelError('EXISTS', `${what} exists already.`)
export const invalid = (message: string, causes?: readonly string[]) =>
  new ModelError('INVALID', message, causes)
export const inUse = (message: string, causes?: readonly string[]) =>
  new ModelError('IN_USE', message, causes)
