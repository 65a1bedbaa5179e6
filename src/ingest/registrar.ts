import { type Catalogue, CatalogueCollisionError, CatalogueLimitError } from '../metrics/index.js'
import type { EntityDefinition, MetricDefinition } from '../wire/native-batch.js'
import { RequestTooLargeError } from './errors.js'
import type { IngestLimits } from './limits.js'
import { entityOf, type Label } from './naming.js'
import type { Reason } from './outcome.js'

/** Registrations between two looks at the clock: some tenths of a millisecond. */
const LOOK_EVERY = 64

/**
 * Takes labels to the catalogue, within the limits, for one request. The functions answer an index, or -1 and then
 * `reason` and `detail` say why: a body may hold millions of bad series, too many for exceptions.
 */
export class Registrar {
  /** The time of this turn of the event loop is up: the decoder is to stop after the series at hand. */
  isTimeUp = false
  #until = Number.POSITIVE_INFINITY
  reason: Reason = 'syntax'
  detail = ''
  registered = 0
  /** Who sends: the catalogue counts series by it. */
  sender: string
  readonly #catalogue: Catalogue
  readonly #limits: IngestLimits

  constructor(catalogue: Catalogue, limits: IngestLimits, sender: string) {
    this.#catalogue = catalogue
    this.#limits = limits
    this.sender = sender
  }

  /** A turn begins, in which `ms` milliseconds may go into registering; without it, all that is needed. */
  beginTurn(ms: number): void {
    this.isTimeUp = false
    this.#until = performance.now() + ms
  }

  refuse(reason: Reason, detail: string): -1 {
    this.reason = reason
    this.detail = detail
    return -1
  }

  metric(definition: MetricDefinition): number {
    if (definition.name === '') return this.refuse('name', 'the metric has no name')
    if (definition.name.length > this.#limits.nameLength)
      return this.refuse(
        'label-length',
        `the metric's name has more than ${this.#limits.nameLength} characters`,
      )
    return this.#ask(() => this.#catalogue.addMetric(definition, this.sender))
  }

  entity(labels: readonly Label[]): number {
    this.#spend()
    const { labels: most, nameLength, valueLength } = this.#limits
    if (labels.length > most)
      return this.refuse('label-count', `${labels.length} labels, at most ${most} are taken`)
    const names = new Set<string>()
    for (const { name, value } of labels) {
      if (name === '') return this.refuse('name', 'a label has no name')
      if (name.length > nameLength)
        return this.refuse('label-length', `a label's name has more than ${nameLength} characters`)
      if (value.length > valueLength)
        return this.refuse(
          'label-length',
          `the value of label ${name} has more than ${valueLength} characters`,
        )
      if (names.has(name)) return this.refuse('label-duplicate', `label ${name} is given twice`)
      names.add(name)
    }
    return this.#ask(() => this.#catalogue.addEntity(entityOf(labels), this.sender))
  }

  /** An entity that its sender defines in full, as the agent does. */
  definedEntity(definition: EntityDefinition): number {
    this.#spend()
    return this.#ask(() => this.#catalogue.addEntity(definition, this.sender))
  }

  series(metric: number, entity: number): number {
    this.#spend()
    return this.#ask(() => this.#catalogue.addSeries(metric, entity, this.sender))
  }

  /** Entities and series that the cache did not know are the dear part of a request. */
  #spend(): void {
    const most = this.#limits.newSeriesPerRequest
    if (++this.registered > 2 * most)
      throw new RequestTooLargeError(
        `more than ${most} new series in one request (limit newSeriesPerRequest): send fewer at a time`,
      )
    if (this.registered % LOOK_EVERY === 0 && performance.now() > this.#until) this.isTimeUp = true
  }

  /** What is known of a metric, for protocols that declare metrics apart from their samples. */
  known(name: string): boolean {
    return this.#catalogue.findMetric(name) !== undefined
  }

  #ask(register: () => number): number {
    try {
      return register()
    } catch (error) {
      if (error instanceof CatalogueLimitError) return this.refuse('catalogue-limit', error.message)
      if (error instanceof CatalogueCollisionError) return this.refuse('name', error.message)
      throw error
    }
  }
}
