export type PostgresErrorCode =
  | 'binaries-missing'
  | 'build-missing'
  | 'no-account'
  | 'folder-not-writable'
  | 'folder-in-use'
  | 'folder-version'
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

export interface PostgresErrorDetail {
  /** The folder, file or server (without password) that the error is about. */
  subject: string
  reason?: string
}

/** What went wrong with PostgreSQL; `code` is for programs, the message for the person at the console. */
export class PostgresError extends Error {
  override name = 'PostgresError'
  readonly code: PostgresErrorCode
  /** The last lines that the server wrote, oldest first. */
  readonly log: readonly string[]

  constructor(
    code: PostgresErrorCode,
    detail: PostgresErrorDetail,
    options: { cause?: unknown; log?: readonly string[] } = {},
  ) {
    const log = options.log ?? []
    const tail = log.length > 0 ? `\nIts last words:\n${log.map((line) => `  ${line}`).join('\n')}` : ''
    super(TEXT[code](detail) + tail, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.log = log
  }
}

/** The only place where these texts are made: what happened, to what, what to do. */
const TEXT: Record<PostgresErrorCode, (detail: PostgresErrorDetail) => string> = {
  'binaries-missing': ({ subject, reason }) =>
    `The embedded PostgreSQL is not installed for this platform: ${subject} was not found${because(reason)}. ` +
    'Reinstall with optional dependencies (npm ci --include=optional), or use a server with --database-url.',
  'build-missing': ({ subject }) =>
    `${subject} does not exist: the program has not been built. Run "npm run build" and start again.`,
  'no-account': ({ subject, reason }) =>
    `PostgreSQL refuses to run as root, and no other way was found to run it on ${subject}${because(reason)}. ` +
    'Run this program as another user; or make every folder above that one open to pass through (chmod o+x); ' +
    'or use a server with --database-url.',
  'folder-not-writable': ({ subject, reason }) =>
    `The data folder ${subject} cannot be written${because(reason)}. ` +
    'Make it belong to the user that runs this process, or choose another one with --data.',
  'folder-in-use': ({ subject, reason }) =>
    `The data folder ${subject} is in use by another running process${because(reason)}. ` +
    `Stop that one first; or, for a second manager on this machine, use the server that it runs: --database-url with the text in ${subject}/url.`,
  'folder-version': ({ subject, reason }) =>
    `The data in ${subject} were made by another major version of PostgreSQL${because(reason)}. ` +
    'Bring them over with pg_dump of that version, or choose another folder with --data.',
  'disk-full': ({ subject, reason }) =>
    `The disk that holds the data folder ${subject} is full${because(reason)}. ` +
    'Free space there; nothing that was acknowledged is lost.',
  'port-in-use': ({ subject, reason }) => `No free port was found for ${subject}${because(reason)}.`,
  'start-failed': ({ subject, reason }) =>
    `The embedded PostgreSQL on ${subject} did not start${because(reason)}.`,
  'start-timeout': ({ subject, reason }) =>
    `The embedded PostgreSQL on ${subject} did not answer in time${because(reason)}.`,
  exited: ({ subject, reason }) => `The embedded PostgreSQL on ${subject} has died${because(reason)}.`,
  'url-invalid': ({ subject }) => subject,
  unreachable: ({ subject, reason }) =>
    `No PostgreSQL that can be used answers at ${subject}${because(reason)}. ` +
    'Check that a server runs there, that address and port are right, and that no firewall is between.',
  'wrong-password': ({ subject, reason }) =>
    `PostgreSQL at ${subject} refuses the user, the password or the database${because(reason)}. Check --database-url.`,
  'version-too-old': ({ subject, reason }) => `PostgreSQL at ${subject} is too old${because(reason)}.`,
  aborted: ({ subject }) => `Starting PostgreSQL on ${subject} was aborted.`,
}

function because(reason: string | undefined): string {
  return reason ? ` (${reason})` : ''
}
