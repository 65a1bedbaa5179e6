import type { Hono } from 'hono'
import type { BaseLogger } from 'pino'
import type { Registry } from 'prom-client'
import type { Store } from '../metrics/index.js'
import type { EntityHealth, HealthChange, HealthFacts, HealthModel, HealthReceipt } from '../wire/health.js'

export interface HealthOptions {
  readonly store: Pick<Store, 'catalogue' | 'client' | 'writer' | 'onStored' | 'stats'>
  readonly logger: BaseLogger
  /** Where `bellwether_health_…` metrics are registered. */
  readonly registry?: Registry
  /**
   * Gets every change, in order, in batches, and is called again with a batch until it resolves; only then is the batch
   * recorded. So each change arrives at least once, and has the same id when it comes again.
   */
  readonly onChanges?: (changes: readonly HealthChange[]) => void | Promise<void>
  /** Of several monitors on one store one evaluates. Default: this one. */
  readonly leads?: () => boolean
  /** Others write to the store too: their samples are read from it, this often, milliseconds. Default 0: nobody does. */
  readonly pollMs?: number
  /** Pause between two evaluations, milliseconds. Default 2000. */
  readonly pauseMs?: number
  /** How often health is written as time series, milliseconds. Default 60,000; 0: never. */
  readonly seriesMs?: number
  /** Default: the tests that come with us. */
  readonly testsFolder?: string
  readonly now?: () => number
}

/** A result that somebody else finds: a trigger, or a canary of the monitor's own. */
export interface HealthReport {
  readonly category: string
  readonly identity: string
  /** Unique among the tests of the entity. */
  readonly test: string
  readonly label: string
  /** Undefined: it is no more. */
  readonly summary: EntityHealth['summary'] | undefined
  readonly explanation: string
  readonly advice?: string
  readonly suppressed?: boolean
}

export interface Health {
  /** The routes of src/wire/health.ts. */
  readonly app: Hono
  /** Reads what was known, and the past that tests need, then evaluates until it is stopped. Start it before samples come. */
  start(): Promise<void>
  /** May be called twice. */
  stop(): Promise<void>
  /** Present state; with tests unless told otherwise. `undefined` when there is no such entity. */
  entity(category: string, identity: string, options?: { tests?: boolean }): EntityHealth | undefined
  /** Of all entities that are looked after. */
  results(options?: { category?: string; tests?: boolean }): EntityHealth[]
  /** The manager's model, as far as there is one: configuration with triggers is in it. */
  readonly model: HealthModel | undefined
  /** Throws `StaleModelError` for a model or facts of an older term. */
  setModel(model: HealthModel): Promise<HealthReceipt>
  addFacts(facts: HealthFacts): HealthReceipt
  /** Results from elsewhere; they count in the entity's summary as its own tests do. Unknown entities are left out. */
  report(results: readonly HealthReport[]): void
  /** Evaluates everything, after what has been told so far. Resolves with what has changed since the evaluation before. */
  evaluate(): Promise<HealthChange[]>
}

/** Of an older term than what is in force: another manager is active by now. */
export class StaleModelError extends Error {
  override name = 'StaleModelError'
  readonly term: number
  constructor(given: number, term: number) {
    super(`Term ${given} is over: a manager of term ${term} has sent what is in force.`)
    this.term = term
  }
}
