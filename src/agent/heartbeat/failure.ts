import type { HeartbeatRefusal } from '../../wire/heartbeat.js'
import { isObject } from '../../wire/shape.js'
import { parseRetryAfter } from '../send/outcome.js'
import type { Reply } from './transport.js'

/** Why a beat was of no use. */
export interface BeatFailure {
  code:
    | 'AWAY'
    | 'TLS'
    | 'BAD_ANSWER'
    | 'OLD_TERM'
    | 'OTHER_DEPLOYMENT'
    | 'REDIRECT'
    | HeartbeatRefusal['code']
  /** For the log and the status page. */
  message: string
  retryAfterMs?: number
  /** A person has to do something: asking often would not help. */
  lasting?: boolean
  /** Nothing came back at all. */
  silent?: boolean
}

const HINTS: Partial<Record<BeatFailure['code'], string>> = {
  TOKEN: 'give the agent the token that the manager shows for new hosts',
  PROTOCOL_VERSION: 'install the same version of Bellwether on manager and host',
  HOST_ID_IN_USE:
    'if this host was cloned from another, stop the agent, delete the file host-id in its data folder, and start it',
}

/** Judges an answer that is not 200; redirects are not its matter. */
export function failureOf({ status, headers, body }: Reply): BeatFailure {
  const refusal = refusalIn(body)
  const code =
    refusal?.code ??
    (status === 401 || status === 403 ? 'TOKEN' : status === 426 ? 'PROTOCOL_VERSION' : 'AWAY')
  const retryAfterMs = parseRetryAfter(headers['retry-after'], Date.now())
  const said = refusal?.message
  const hint = HINTS[code]
  const text = said && hint ? `${said.replace(/\.$/, '')}; ${hint}` : (said ?? hint)
  return {
    code,
    message: `HTTP ${status}${text ? `: ${text}` : ''}`,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(hint || code === 'HOST_NAME_IN_USE' ? { lasting: true } : {}),
  }
}

const CODES: readonly string[] = [
  'BAD_REQUEST',
  'TOKEN',
  'PROTOCOL_VERSION',
  'HOST_ID_IN_USE',
  'HOST_NAME_IN_USE',
  'NOT_ACTIVE',
  'BUSY',
]

function refusalIn(body: Buffer): HeartbeatRefusal | undefined {
  try {
    const value: unknown = JSON.parse(body.subarray(0, 64_000).toString('utf8'))
    if (!isObject(value) || typeof value.code !== 'string' || !CODES.includes(value.code)) return undefined
    return { code: value.code as HeartbeatRefusal['code'], message: String(value.message).slice(0, 1000) }
  } catch {
    return undefined
  }
}
