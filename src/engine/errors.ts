/** What went wrong with the engine; `code` is for programs, the message for the person at the console. */
export type EngineErrorCode =
  | 'library-missing'
  | 'build-missing'
  | 'folder-not-writable'
  | 'folder-in-use'
  | 'disk-full'
  | 'config-refused'
  | 'port-in-use'
  | 'start-failed'
  | 'start-timeout'
  | 'exited'
  | 'url-invalid'
  | 'unreachable'
  | 'wrong-password'
  | 'wrong-server'
  | 'version-too-old'
  | 'aborted'

export class EngineError extends Error {
  readonly code: EngineErrorCode
  /** The last lines that the engine wrote to its log, oldest first; empty when there are none. */
  readonly log: readonly string[]

  constructor(
    code: EngineErrorCode,
    detail: EngineErrorDetail,
    options: { cause?: unknown; log?: readonly string[] } = {},
  ) {
    const log = options.log ?? []
    const tail = log.length > 0 ? `\nIts last words:\n${log.map((line) => `  ${line}`).join('\n')}` : ''
    super(TEXT[code](detail) + tail, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'EngineError'
    this.code = code
    this.log = log
  }
}

export interface EngineErrorDetail {
  /** The folder, file or URL (without password) that the error is about. */
  subject: string
  reason?: string
}

/** The only place where the texts of engine errors are made: what happened, to what, what to do. */
const TEXT: Record<EngineErrorCode, (detail: EngineErrorDetail) => string> = {
  'library-missing': ({ subject, reason }) =>
    `The embedded ClickHouse is not installed for this platform: ${subject} was not found${because(reason)}. ` +
    'Reinstall with optional dependencies (npm ci --include=optional), or use a server with --clickhouse-url.',
  'build-missing': ({ subject }) =>
    `${subject} does not exist: the program has not been built. Run "npm run build" and start again.`,
  'folder-not-writable': ({ subject, reason }) =>
    `The data folder ${subject} cannot be written${because(reason)}. ` +
    'Make it belong to the user that runs this process, or choose another one with --data.',
  'folder-in-use': ({ subject }) =>
    `The data folder ${subject} is in use by another running process. ` +
    'Stop that one first, or choose another folder with --data.',
  'disk-full': ({ subject, reason }) =>
    `The disk that holds the data folder ${subject} is full${because(reason)}. ` +
    'Free space there; nothing that was acknowledged is lost.',
  'config-refused': ({ subject }) =>
    `${subject} has a <compression> of its own, with which the embedded ClickHouse does not start: its own one cannot be changed. ` +
    'Take the element out of that file; other settings in it may stay. For another compression run a server of your own and give ' +
    '--clickhouse-url.',
  'port-in-use': ({ subject, reason }) => `No free port was found on ${subject}${because(reason)}.`,
  'start-failed': ({ subject, reason }) =>
    `The embedded ClickHouse on ${subject} did not start${because(reason)}.`,
  'start-timeout': ({ subject, reason }) =>
    `The embedded ClickHouse on ${subject} did not answer in time${because(reason)}.`,
  exited: ({ subject, reason }) => `The embedded ClickHouse on ${subject} has died${because(reason)}.`,
  'url-invalid': ({ subject, reason }) =>
    `--clickhouse-url ${subject} is not usable${because(reason)}. ` +
    'It looks like http://user:password@host:8123 or https://host:8443/database.',
  unreachable: ({ subject, reason }) =>
    `No ClickHouse answers at ${subject}${because(reason)}. ` +
    'Check that the server runs, that the address and HTTP port are right, and that no firewall is between.',
  'wrong-password': ({ subject, reason }) =>
    `ClickHouse at ${subject} refuses the user or the password${because(reason)}. ` +
    'Check --clickhouse-url; characters such as @ : / in the password must be percent-encoded.',
  'wrong-server': ({ subject, reason }) =>
    `What answers at ${subject} is not a usable ClickHouse${because(reason)}. Give the HTTP port (8123 by default).`,
  'version-too-old': ({ subject, reason }) => `ClickHouse at ${subject} is too old${because(reason)}.`,
  aborted: ({ subject }) => `Starting ClickHouse on ${subject} was aborted.`,
}

function because(reason: string | undefined): string {
  return reason ? ` (${reason})` : ''
}
