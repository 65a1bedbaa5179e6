import type { endpoints } from './endpoints.js'
import type { enums } from './enums.js'
import type { models } from './models.js'

/** The TypeScript types of the tables beside this file: what a handler gets and gives is checked against them. */

export type Models = typeof models
export type ModelName = keyof Models
export type Enums = typeof enums
export type Endpoints = typeof endpoints
export type EndpointName = keyof Endpoints

type Bare<S extends string> = S extends `${infer T} until v${string}`
  ? Bare<T>
  : S extends `${infer T} v${string}`
    ? T
    : S

export type TypeOf<S extends string> = S extends `[${infer T}]`
  ? TypeOf<T>[]
  : S extends `{${infer T}}`
    ? Record<string, TypeOf<T>>
    : S extends 'string'
      ? string
      : S extends 'boolean'
        ? boolean
        : S extends 'integer' | 'number'
          ? number
          : S extends 'object'
            ? unknown
            : S extends keyof Enums
              ? Enums[S][number]
              : S extends ModelName
                ? Model<S>
                : never

/** A model as an object: every field may be missing, as in the API. */
export type Model<N extends ModelName> = {
  [F in keyof Models[N]]?: Models[N][F] extends string ? TypeOf<Bare<Models[N][F]>> | undefined : never
}

export const views = [
  'summary',
  'full',
  'full_with_health_check_explanation',
  'export',
  'export_redacted',
] as const
export type View = (typeof views)[number]

type QueryType<S> = S extends `view${string}`
  ? View
  : S extends `${infer T}=${string}`
    ? TypeOf<T>
    : S extends string
      ? TypeOf<S> | undefined
      : never

export type QueryOf<E extends EndpointName> = Endpoints[E] extends { query: infer Q }
  ? { [K in keyof Q]: QueryType<Q[K]> }
  : Record<never, never>

export type BodyOf<E extends EndpointName> = Endpoints[E] extends { body: infer B }
  ? B extends `${infer T}?`
    ? TypeOf<T> | undefined
    : B extends string
      ? TypeOf<B>
      : undefined
  : undefined

/** A file, as an answer. */
export interface File {
  name: string
  type: string
  contents: Uint8Array | string | ReadableStream<Uint8Array>
}

export type AnswerOf<E extends EndpointName> = Endpoints[E]['answer'] extends 'text'
  ? string | ReadableStream<Uint8Array>
  : Endpoints[E]['answer'] extends 'file'
    ? File
    : Endpoints[E]['answer'] extends 'none'
      ? undefined
      : TypeOf<Endpoints[E]['answer']>

type ParamNames<P extends string> = P extends `${string}{${infer N}}${infer Rest}`
  ? N | ParamNames<Rest>
  : never
export type ParamsOf<E extends EndpointName> = { [N in ParamNames<E>]: string }

/** What a user must be allowed to do: each of the first four includes those before it; users are a matter of their own. */
export type Right = 'READ' | 'OPERATE' | 'CONFIGURE' | 'ADMIN' | 'USERS'
