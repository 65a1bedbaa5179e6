import type { Rollup } from '../../wire/timeseries.js'
import type { CheckedStatement } from '../check/statement.js'
import type { Points } from '../functions/points.js'
import type { Plan } from '../plan/item.js'
import type { Leaf, Window } from '../plan/leaf.js'
import type { Deadline } from './deadline.js'
import type { QueryEnvironment } from './environment.js'
import type { EntityEvaluation } from './evaluation.js'
import type { Chunk, LeafPoints } from './ordinals.js'
import type { ReadContext } from './read.js'
import type { SelectionRequest } from './select-entities.js'
import type { AnswerSink, StreamOwner } from './sink.js'

export interface StatementRequest {
  readonly window: Window
  readonly rollup: Rollup
  readonly streamLimit: number
  readonly joinRenamed: boolean
  readonly timeZone: string
  readonly deadline: Pick<Deadline, 'left'>
  readonly signal: AbortSignal
  /** Waits until the reader has taken what the sink has ready. */
  readonly flush: () => Promise<void>
  /** Milliseconds that the text took, all its statements together, for EXPLAIN. */
  readonly before: { readonly parse: number; readonly check: number }
  readonly onSql?: ReadContext['onSql']
  /** Told of the plan before anything is read, for EXPLAIN. */
  readonly onPlan?: ((plan: Plan, entities: readonly number[]) => void) | undefined
}

/** Everything that the parts of one statement's execution share. */
export interface Execution {
  readonly checked: CheckedStatement
  readonly request: StatementRequest
  readonly environment: QueryEnvironment
  readonly sink: AnswerSink
  readonly plan: Plan
  readonly evaluation: EntityEvaluation
  readonly selection: SelectionRequest
  readonly counts: { streams: number; points: number }
  readonly warnings: Set<string>
  read(places: Iterable<number>, chunk: Chunk): Promise<LeafPoints>
  /** Reads leaves that are not in the plan's list, all of them. */
  readOther(leaves: readonly Leaf[], chunk: Chunk): Promise<LeafPoints>
  /** False when the stream limit is reached: nothing more is to be added. */
  emit(owner: StreamOwner, frequencyMs: number | null, points: Points): boolean
}
