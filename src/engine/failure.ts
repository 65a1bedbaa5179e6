/** What went wrong with a database server: the part that the errors of ClickHouse and PostgreSQL have in common. */

export interface FailureDetail {
  /** The folder, file or URL (without password) that the error is about. */
  subject: string
  reason?: string
}

export interface FailureOptions {
  cause?: unknown
  /** The last lines of the server's log. */
  log?: readonly string[]
}

/** What can go wrong with any of them. */
export type CommonCode =
  | 'build-missing'
  | 'folder-not-writable'
  | 'folder-in-use'
  | 'disk-full'
  | 'port-in-use'
  | 'start-failed'
  | 'start-timeout'
  | 'exited'
  | 'url-invalid'
  | 'unreachable'
  | 'wrong-password'
  | 'version-too-old'
  | 'aborted'

export type FailureText = (detail: FailureDetail) => string

/** `code` is for programs, the message for the person at the console. */
export class Failure<Code extends string> extends Error {
  readonly code: Code
  /** The last lines that the server wrote to its log, oldest first; empty when there are none. */
  readonly log: readonly string[]

  constructor(
    texts: Record<Code, FailureText>,
    code: Code,
    detail: FailureDetail,
    options: FailureOptions = {},
  ) {
    const log = options.log ?? []
    const tail = log.length > 0 ? `\nIts last words:\n${log.map((line) => `  ${line}`).join('\n')}` : ''
    super(texts[code](detail) + tail, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.log = log
  }
}

/** The texts that are the same for every server, but for its name: what happened, to what, what to do. */
export const commonTexts = (product: string) =>
  ({
    'build-missing': ({ subject }) =>
      `${subject} does not exist: the program has not been built. Run "npm run build" and start again.`,
    'folder-not-writable': ({ subject, reason }) =>
      `The data folder ${subject} cannot be written${because(reason)}. ` +
      'Make it belong to the user that runs this process, or choose another one with --data.',
    'disk-full': ({ subject, reason }) =>
      `The disk that holds the data folder ${subject} is full${because(reason)}. ` +
      'Free space there; nothing that was acknowledged is lost.',
    'start-failed': ({ subject, reason }) =>
      `The embedded ${product} on ${subject} did not start${because(reason)}.`,
    'start-timeout': ({ subject, reason }) =>
      `The embedded ${product} on ${subject} did not answer in time${because(reason)}.`,
    exited: ({ subject, reason }) => `The embedded ${product} on ${subject} has died${because(reason)}.`,
    'version-too-old': ({ subject, reason }) => `${product} at ${subject} is too old${because(reason)}.`,
    aborted: ({ subject }) => `Starting ${product} on ${subject} was aborted.`,
  }) satisfies Record<string, FailureText>

export function because(reason: string | undefined): string {
  return reason ? ` (${reason})` : ''
}
