import { entityOf, type Label, metricName, prometheusConventions } from '../../../wire/naming.js'
import type { EntityDefinition, MetricDefinition, NativeBatch } from '../../../wire/native-batch.js'
import { type Family, parseKey } from './page.js'

export interface DictionaryOptions {
  sender: string
  labels: readonly Label[]
  metricPrefix: string
}

/** A target's series, which are the same from page to page: what a key means is worked out once. */
export interface Dictionary {
  /** Begins a batch, of a page whose families are these. */
  begin(families: ReadonlyMap<string, Family>): void
  /** Adds a sample; false: its metric's name has nothing that could be a name. `openMetrics`: leave out what is no sample. */
  add(key: string, value: number, at: number, openMetrics: boolean): boolean
  /** Samples since `begin`. */
  readonly count: number
  finish(): NativeBatch
}

/** Series beyond those of the last page are kept up to this part of them; then the dictionary starts anew. */
const STALE_SHARE = 0.25
const NO_SERIES = -1

export function createDictionary({ sender, labels, metricPrefix }: DictionaryOptions): Dictionary {
  let metrics: MetricDefinition[] = []
  let entities: EntityDefinition[] = []
  let seriesMetric: number[] = []
  let seriesEntity: number[] = []
  let byKey = new Map<string, number>()
  let metricIndex = new Map<string, number>()
  let entityIndex = new Map<string, number>()
  let families: ReadonlyMap<string, Family> = new Map()
  const series: number[] = []
  const values: number[] = []
  const times: number[] = []

  function anew(): void {
    metrics = []
    entities = []
    seriesMetric = []
    seriesEntity = []
    byKey = new Map()
    metricIndex = new Map()
    entityIndex = new Map()
  }

  function seriesOf(key: string, openMetrics: boolean): number {
    const parsed = parseKey(key)
    const family = familyOf(parsed.name, families)
    // When a series began: of no use here, and one more series for each.
    const isStart = parsed.name.endsWith('_created') && !families.has(parsed.name)
    if (openMetrics && isStart && family !== undefined) return NO_SERIES
    const name = metricName(metricPrefix + parsed.name)
    if (name === '') return NO_SERIES
    let metric = metricIndex.get(name)
    if (metric === undefined) {
      metric = metrics.push(definitionOf(name, parsed.name, family)) - 1
      metricIndex.set(name, metric)
    }
    const definition = entityOf(withTarget(parsed.labels, labels))
    const identity = `${definition.category}\0${definition.name}`
    let entity = entityIndex.get(identity)
    if (entity === undefined) {
      entity = entities.push(definition) - 1
      entityIndex.set(identity, entity)
    }
    seriesEntity.push(entity)
    return seriesMetric.push(metric) - 1
  }

  return {
    begin(of) {
      if (byKey.size > (1 + STALE_SHARE) * series.length + 100) anew()
      families = of
      series.length = 0
      values.length = 0
      times.length = 0
    },
    add(key, value, at, openMetrics) {
      if (!Number.isFinite(value)) return true
      let index = byKey.get(key)
      if (index === undefined) {
        index = seriesOf(key, openMetrics)
        byKey.set(key, index)
      }
      if (index === NO_SERIES) return false
      series.push(index)
      values.push(value)
      times.push(at)
      return true
    },
    get count() {
      return series.length
    },
    finish: () => ({
      sender,
      metrics,
      entities,
      seriesMetric: Uint32Array.from(seriesMetric),
      seriesEntity: Uint32Array.from(seriesEntity),
      sampleSeries: Uint32Array.from(series),
      sampleTime: Float64Array.from(times),
      sampleValue: Float64Array.from(values),
    }),
  }
}

const SUFFIX = /_(total|count|sum|bucket|created|info)$/

/** The family that a sample belongs to: of its own name, or of its name without its suffix. */
function familyOf(name: string, families: ReadonlyMap<string, Family>): Family | undefined {
  return families.get(name) ?? families.get(name.replace(SUFFIX, ''))
}

function definitionOf(name: string, raw: string, family: Family | undefined): MetricDefinition {
  const known = prometheusConventions(metricName(raw))
  const type = family?.type ?? ''
  const part = /^(histogram|summary)$/.test(type) ? /_(bucket|sum|count)$/.exec(raw)?.[1] : undefined
  const declared = type !== '' && type !== 'unknown' && type !== 'untyped'
  const counted = part === 'bucket' || part === 'count'
  const units = family?.unit && !counted ? [family.unit] : known.unitNumerators
  return {
    name,
    isCounter: declared ? type === 'counter' || part !== undefined : known.isCounter,
    ...(family?.help && { description: family.help }),
    ...(units.length > 0 && { unitNumerators: units }),
  }
}

/** The target's labels win, and what the page says under their names is kept, as Prometheus does. */
function withTarget(own: readonly Label[], target: readonly Label[]): Label[] {
  const names = new Set(target.map(({ name }) => name))
  const renamed = own.map((label) =>
    names.has(label.name) ? { ...label, name: `exported_${label.name}` } : label,
  )
  const distinct = new Map([...renamed, ...target].map((label) => [label.name, label]))
  return [...distinct.values()]
}
