import {
  type Catalogue,
  CatalogueLimitError,
  type Entity,
  type Metric,
  type MetricIndex,
} from '../../../src/metrics/types.js'
import type { EntityDefinition, MetricDefinition } from '../../../src/wire/native-batch.js'

/** A catalogue in memory, for the tests of pure decoders; tests of the whole path use the real one. */
export class MemoryCatalogue implements Catalogue {
  readonly metrics: Metric[] = []
  readonly entities: Entity[] = []
  readonly series: { metric: number; entity: number; sender: string | undefined }[] = []
  readonly #metricIndex = new Map<string, number>()
  readonly #entityIndex = new Map<string, number>()
  readonly #seriesIndex = new Map<string, number>()
  readonly #seriesLimit: number
  version = 0

  constructor(seriesLimit = Number.POSITIVE_INFINITY) {
    this.#seriesLimit = seriesLimit
  }

  seriesAt(index: number): { metric: number; entity: number } {
    return this.series[index]!
  }

  addMetric(definition: MetricDefinition): number {
    const name = definition.name.toLowerCase()
    const known = this.#metricIndex.get(name)
    if (known !== undefined) {
      Object.assign(this.metrics[known]!, definition, { name })
      return known
    }
    const index = this.metrics.length
    this.metrics.push({
      displayName: name,
      description: '',
      unitNumerators: [],
      unitDenominators: [],
      isCounter: false,
      aliases: [],
      weightingMetricName: '',
      ...definition,
      name,
      id: index,
      index,
    })
    this.#metricIndex.set(name, index)
    this.version++
    return index
  }

  renameEntity(entity: number, name: string): void {
    this.entities[entity]!.name = name
  }

  addEntity(definition: EntityDefinition): number {
    const identity = definition.identity ?? definition.name
    const key = `${definition.category}\n${identity}`
    const known = this.#entityIndex.get(key)
    if (known !== undefined) return known
    const index = this.entities.length
    this.entities.push({
      displayName: definition.name,
      ...definition,
      identity,
      id: index,
      index,
      names: [{ name: definition.name, since: 0 }],
      since: 0,
    })
    this.#entityIndex.set(key, index)
    this.version++
    return index
  }

  addSeries(metric: number, entity: number, sender?: string): number {
    const key = `${metric} ${entity}`
    const known = this.#seriesIndex.get(key)
    if (known !== undefined) return known
    if (this.series.length >= this.#seriesLimit)
      throw new CatalogueLimitError(`the limit of ${this.#seriesLimit} series is reached`)
    const index = this.series.length
    this.series.push({ metric, entity, sender })
    this.#seriesIndex.set(key, index)
    this.version++
    return index
  }

  findMetric(name: string): Metric | undefined {
    const index = this.#metricIndex.get(name.toLowerCase())
    return index === undefined ? undefined : this.metrics[index]
  }
  findEntity(category: string, name: string): Entity | undefined {
    return this.entities.find((entity) => entity.category === category && entity.name === name)
  }
  findByIdentity(category: string, identity: string): Entity | undefined {
    return this.entities.find((entity) => entity.category === category && entity.identity === identity)
  }
  formerlyShownAs(): Entity[] {
    return []
  }
  shownOtherwise(): Entity[] {
    return []
  }
  metricAt(index: MetricIndex): Metric {
    return this.metrics[index]!
  }
  entityAt(index: number): Entity {
    return this.entities[index]!
  }
  get metricCount(): number {
    return this.metrics.length
  }
  get entityCount(): number {
    return this.entities.length
  }
  get seriesCount(): number {
    return this.series.length
  }
  entitiesOf(metric: number): readonly number[] {
    return [...new Set(this.series.filter((s) => s.metric === metric).map((s) => s.entity))]
  }
  metricsOf(entity: number): readonly number[] {
    return [...new Set(this.series.filter((s) => s.entity === entity).map((s) => s.metric))]
  }
  entitiesIn(category: string): readonly number[] {
    return this.entities.filter((entity) => entity.category === category).map((entity) => entity.index)
  }
  categories(): string[] {
    return [...new Set(this.entities.map((entity) => entity.category))]
  }
  lastSeen(): number {
    return 0
  }
}
