import type { AuditEvent } from '../../users/index.js'
import type { Principal } from '../auth/authentication.js'
import type { AnswerOf, BodyOf, EndpointName, ParamsOf, QueryOf } from '../contract/types.js'

/** One request, checked: what a handler needs to know of it. */
export interface Call<E extends EndpointName> {
  endpoint: E
  /** The version that the client speaks; handlers need it only where more than fields differ. */
  version: number
  params: ParamsOf<E>
  query: QueryOf<E>
  body: BodyOf<E>
  user: Principal
  /** Where the request came from. */
  address: string
  /** `http://host:port`, as the client reached us: for links. */
  base: string
  /** Ends when the client goes away or the time is up. */
  signal: AbortSignal
  /** What the audit says besides user, time and address; handlers may fill it. `recorded`: it is stored already. */
  audit: { text?: string; command?: string; recorded?: boolean }
  /** The event as it stands, for handlers that store it in the transaction of their change. */
  auditEvent(): AuditEvent
}

export type Handler<E extends EndpointName> = (call: Call<E>) => Promise<AnswerOf<E>> | AnswerOf<E>

/** Resources are plain tables of these; what is missing answers 404. */
export type Handlers = { [E in EndpointName]?: Handler<E> }
