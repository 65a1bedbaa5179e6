import type { DecodeContext } from '../decode.js'
import type { IngestLimits } from '../limits.js'
import type { Label } from '../naming.js'
import { createSeriesFinder, takePoint } from './json-series.js'
import { explicitBuckets } from './otlp-exponential.js'
import { DELTA, type OtlpMetric, type OtlpPoint, unitsOf } from './otlp-point.js'

/**
 * How data points become samples. The functions answer -1 when something was refused, and then the registrar knows why.
 *
 * The rules are close to Prometheus' for OTLP: a gauge or sum is one metric; a histogram is `_bucket` with the label `le`,
 * `_sum` and `_count`, an exponential one too; a summary the metric with the label `quantile`, `_sum` and `_count`. Deltas are added up from the start of the monitor, so that every sum is cumulative.
 */
export interface OtlpSamples {
  /** Stores what a point holds. */
  take(metric: OtlpMetric, resource: readonly Label[], point: OtlpPoint, context: DecodeContext): number
  /** The series of a gauge or sum, for callers that remember it. */
  seriesOf(
    metric: OtlpMetric,
    resource: readonly Label[],
    labels: readonly Label[],
    context: DecodeContext,
  ): number
  /** Stores a value of a known series, adding up deltas. */
  store(metric: OtlpMetric, series: number, time: number, value: number, context: DecodeContext): number
}

/** Bit 0 of a point's flags: no value was recorded. */
export const NO_RECORDED_VALUE = 1
/** Series whose running totals are kept. */
const MOST_TOTALS = 200_000

interface Total {
  total: number
  /** Of the last delta that is in the total. */
  time: number
}

/** What of a metric a series is: its name's suffix and label, and whether it counts and has the metric's unit. */
interface Part {
  suffix: string
  label?: Label
  isCounter: boolean
  hasUnit: boolean
}

export function createOtlpSamples(limits: Pick<IngestLimits, 'labelCacheBytes'>): OtlpSamples {
  const find = createSeriesFinder(limits)
  const totals = new Map<number, Total>()

  /** The running total behind a delta; undefined for a delta that is older than what is in it. */
  function add(series: number, time: number, delta: number): number | undefined {
    const known = totals.get(series)
    if (known === undefined) {
      if (totals.size >= MOST_TOTALS) totals.delete(totals.keys().next().value!)
      totals.set(series, { total: delta, time })
      return delta
    }
    if (time < known.time) return undefined
    // The same time again is the same delta, sent again.
    if (time > known.time) known.total += delta
    known.time = time
    return known.total
  }

  function store(
    metric: OtlpMetric,
    series: number,
    time: number,
    value: number,
    context: DecodeContext,
  ): number {
    const delta = metric.temporality === DELTA && metric.kind !== 'gauge' && metric.kind !== 'summary'
    const inRange = time >= context.earliest && time <= context.latest
    const stored = delta && inRange && Number.isFinite(value) ? add(series, time, value) : value
    if (stored !== undefined) return takePoint(context, series, time, stored)
    context.outcome.skip('late')
    return 0
  }

  function find1(metric: OtlpMetric, labels: readonly Label[], part: Part, context: DecodeContext): number {
    const all = part.label === undefined ? labels : merge(labels, [part.label])
    return find(metric.name + part.suffix, all, context, () => ({
      isCounter: part.isCounter,
      ...(metric.description !== '' && { description: metric.description.slice(0, 1000) }),
      ...(part.hasUnit && unitsOf(metric.unit)),
    }))
  }

  function all(resource: readonly Label[], labels: readonly Label[], context: DecodeContext) {
    const count = resource.length + labels.length
    if (count <= context.limits.labels) return merge(resource, labels)
    context.registrar.refuse('label-count', `${count} attributes, at most ${context.limits.labels} are taken`)
    return undefined
  }

  return {
    store,
    seriesOf(metric, resource, own, context) {
      const labels = all(resource, own, context)
      const part = { suffix: '', isCounter: metric.kind === 'sum' && metric.monotonic, hasUnit: true }
      return labels === undefined ? -1 : find1(metric, labels, part, context)
    },
    take(metric, resource, point, context) {
      if ((point.flags & NO_RECORDED_VALUE) !== 0) {
        context.outcome.skip('stale')
        return 0
      }
      const labels = all(resource, point.labels, context)
      if (labels === undefined) return -1
      let worst = 0
      eachPart(metric, point, (part, value) => {
        const series = find1(metric, labels, part, context)
        worst = Math.min(worst, series < 0 ? -1 : store(metric, series, point.time, value, context))
      })
      return worst
    },
  }
}

/** The samples that a point is made of. */
function eachPart(metric: OtlpMetric, point: OtlpPoint, visit: (part: Part, value: number) => void): void {
  const { kind } = metric
  if (kind === 'gauge' || kind === 'sum') {
    const isCounter = kind === 'sum' && metric.monotonic
    if (point.value !== undefined) visit({ suffix: '', isCounter, hasUnit: true }, point.value)
    return
  }
  if (point.count !== undefined) visit({ suffix: '_count', isCounter: true, hasUnit: false }, point.count)
  if (point.sum !== undefined) visit({ suffix: '_sum', isCounter: true, hasUnit: true }, point.sum)
  const { bounds = [], counts = [] } = bucketsOf(metric, point)
  if (counts.length > 0) {
    let below = 0
    for (const [k, count] of counts.entries()) {
      below += count
      const le = k < bounds.length ? String(bounds[k]) : '+Inf'
      visit({ suffix: '_bucket', label: { name: 'le', value: le }, isCounter: true, hasUnit: false }, below)
    }
  }
  for (const { quantile, value } of point.quantiles ?? [])
    visit(
      { suffix: '', label: { name: 'quantile', value: String(quantile) }, isCounter: false, hasUnit: true },
      value,
    )
}

/**
 * A delta's exponential buckets are left out: which of them there are changes from one to the next, so that their running
 * totals would not be comparable.
 */
function bucketsOf(
  { kind, temporality }: OtlpMetric,
  point: OtlpPoint,
): { bounds?: number[]; counts?: number[] } {
  if (kind === 'histogram') return { bounds: point.bounds ?? [], counts: point.bucketCounts ?? [] }
  if (point.exponential === undefined || temporality === DELTA) return {}
  return explicitBuckets(point.exponential)
}

/** `more` wins over `labels` of the same name. */
function merge(labels: readonly Label[], more: readonly Label[]): readonly Label[] {
  if (more.length === 0) return labels
  if (labels.length === 0) return more
  return [...labels.filter((label) => !more.some((other) => other.name === label.name)), ...more]
}
