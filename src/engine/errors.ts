import {
  because,
  type CommonCode,
  commonTexts,
  Failure,
  type FailureDetail,
  type FailureOptions,
  type FailureText,
} from './failure.js'

/** What went wrong with the engine; `code` is for programs, the message for the person at the console. */
export type EngineErrorCode = CommonCode | 'library-missing' | 'config-refused' | 'wrong-server'

export class EngineError extends Failure<EngineErrorCode> {
  override name = 'EngineError'

  constructor(code: EngineErrorCode, detail: FailureDetail, options?: FailureOptions) {
    super(TEXT, code, detail, options)
  }
}

/** The only place where the texts of engine errors are made: what happened, to what, what to do. */
const TEXT: Record<EngineErrorCode, FailureText> = {
  ...commonTexts('ClickHouse'),
  'library-missing': ({ subject, reason }) =>
    `The embedded ClickHouse is not installed for this platform: ${subject} was not found${because(reason)}. ` +
    'Reinstall with optional dependencies (npm ci --include=optional), or use a server with --clickhouse-url.',
  'folder-in-use': ({ subject }) =>
    `The data folder ${subject} is in use by another running process. ` +
    'Stop that one first, or choose another folder with --data.',
  'config-refused': ({ subject }) =>
    `${subject} has a <compression> of its own, with which the embedded ClickHouse does not start: its own one cannot be changed. ` +
    'Take the element out of that file; other settings in it may stay. For another compression run a server of your own and give ' +
    '--clickhouse-url.',
  'port-in-use': ({ subject, reason }) => `No free port was found on ${subject}${because(reason)}.`,
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
}
