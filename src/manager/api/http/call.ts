import type { AuditEvent } from '../../users/index.js'
import type { Principal } from '../auth/authentication.js'
import { endpoints } from '../contract/endpoints.js'
import type { AnswerOf, BodyOf, EndpointName, ParamsOf, QueryOf, View } from '../contract/types.js'

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

/** A request as handlers see it that serve several endpoints alike: which names a path has depends on the endpoint. */
export interface SharedCall<B = unknown> extends Omit<Call<EndpointName>, 'params' | 'query' | 'body'> {
  params: {
    readonly clusterName?: string
    readonly serviceName?: string
    readonly roleName?: string
    readonly roleConfigGroupName?: string
    readonly hostId?: string
    readonly commandId?: string
    readonly commandName?: string
    readonly configFileName?: string
  }
  query: { readonly view?: View; readonly filter?: string }
  body: B
}

/** A table of shared handlers as one of handlers; throws for a name that is no endpoint. */
export function shared(handlers: Readonly<Record<string, (call: never) => unknown>>): Handlers {
  for (const name of Object.keys(handlers))
    if (!Object.hasOwn(endpoints, name)) throw new Error(`There is no endpoint "${name}"`)
  return handlers as Handlers
}
