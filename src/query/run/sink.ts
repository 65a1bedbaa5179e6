import type { Entity } from '../../metrics/index.js'
import type { QueryPlan, QueryProblem } from '../../wire/timeseries.js'
import type { ItemHead, StreamTemplate } from '../../wire/timeseries-columns.js'
import type { Points } from '../functions/points.js'

/** Who a stream is of: an entity, a group of entities, or nobody. */
export type StreamOwner = Pick<Entity, 'category' | 'name' | 'displayName' | 'attributes'> & {
  /** Undefined for what is no entity of the catalogue. */
  readonly index?: number
}

export interface StatementEnd {
  /** Those of the warnings that are about a place in the query. */
  readonly marks: readonly QueryProblem[]
  /** What EXPLAIN tells. */
  readonly plan?: QueryPlan
}

/** Where an answer goes, in its order. It is synchronous; whoever drives it takes the bytes and waits for the reader. */
export interface AnswerSink {
  /** Starts the answer of a statement. `isActive`: of an entity, by its index in the catalogue. */
  beginStatement(head: ItemHead, isActive: (entity: number) => boolean): void
  /** The streams that follow are of this select item. */
  beginItem(template: StreamTemplate): void
  /** `frequencyMs`: 0 for a scalar, null for irregular times. The points' columns are not kept. */
  addStream(owner: StreamOwner, frequencyMs: number | null, points: Points): void
  endStatement(warnings: readonly string[], more: StatementEnd): void
  end(): void
}

/** A sink that makes bytes. */
export interface ByteSink extends AnswerSink {
  readonly contentType: string
  /** Whether the form has room for an error at its end. */
  readonly tellsErrors: boolean
  /** Headers of its own, asked for once, when the answer begins to be sent. */
  headers?(): Record<string, string>
  /** Bytes that `take` would give. */
  readonly ready: number
  take(): Uint8Array<ArrayBuffer>
  /** Says, in the format's way, that the answer ends here with an error. */
  fail(message: string, code: string): void
}
