import type { DecodeContext } from '../decode.js'
import type { IngestLimits } from '../limits.js'
import type { Label } from '../naming.js'
import { createSeriesFinder, takePoint } from './json-series.js'
import { DELTA, type OtlpMetric, type OtlpPoint, unitsOf } from './otlp-point.js'

/** Turns data points into samples; -1 when some of a point was refused, and then the registrar knows why. */
export type TakeOtlpPoint = (
  metric: OtlpMetric,
  resource: readonly Label[],
  point: OtlpPoint,
  context: DecodeContext,
) => number

const NO_RECORDED_VALUE = 1
/** Series whose running totals are kept. */
const MOST_TOTALS = 200_000

interface Total {
  total: number
  /** Of the last delta that is in the total. */
  time: number
}

/**
 * The rules, close to Prometheus' for OTLP: a gauge or sum is one metric; a histogram is `_bucket` with the label `le`, `_sum`
 * and `_count`; a summary the metric with the label `quantile`, `_sum` and `_count`; of an exponential histogram only
 * `_sum` and `_count` are stored. Deltas are added up from the start of the monitor, so that every sum is cumulative.
 */
export function createOtlpSamples(limits: Pick<IngestLimits, 'labelCacheBytes'>): TakeOtlpPoint {
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

  return (metric, resource, point, context) => {
    if ((point.flags & NO_RECORDED_VALUE) !== 0) {
      context.outcome.skip('stale')
      return 0
    }
    const count = resource.length + point.labels.length
    if (count > context.limits.labels)
      return context.registrar.refuse(
        'label-count',
        `${count} attributes, at most ${context.limits.labels} are taken`,
      )
    const labels = merge(resource, point.labels)
    let worst = 0
    const store = (
      suffix: string,
      value: number | undefined,
      more?: Label,
      isCounter = true,
      hasUnit = true,
    ) => {
      if (value === undefined) return
      const all = more === undefined ? labels : merge(labels, [more])
      const series = find(metric.name + suffix, all, context, () => ({
        isCounter,
        ...(metric.description !== '' && { description: metric.description.slice(0, 1000) }),
        ...(hasUnit && unitsOf(metric.unit)),
      }))
      if (series < 0) {
        worst = -1
        return
      }
      const inRange = point.time >= context.earliest && point.time <= context.latest
      const adds = metric.temporality === DELTA && isCounterLike(metric) && Number.isFinite(value) && inRange
      const stored = adds ? add(series, point.time, value) : value
      if (stored === undefined) context.outcome.skip('late')
      else worst = Math.min(worst, takePoint(context, series, point.time, stored))
    }
    if (metric.kind === 'gauge') store('', point.value, undefined, false)
    else if (metric.kind === 'sum') store('', point.value, undefined, metric.monotonic)
    else {
      store('_count', point.count, undefined, true, false)
      store('_sum', point.sum)
      if (metric.kind === 'histogram') {
        let below = 0
        const bounds = point.bounds ?? []
        for (const [k, count] of (point.bucketCounts ?? []).entries()) {
          below += count
          const le = k < bounds.length ? String(bounds[k]) : '+Inf'
          store('_bucket', below, { name: 'le', value: le }, true, false)
        }
      }
      for (const { quantile, value } of point.quantiles ?? [])
        store('', value, { name: 'quantile', value: String(quantile) }, false)
    }
    return worst
  }
}

const isCounterLike = (metric: OtlpMetric) => metric.kind !== 'gauge' && metric.kind !== 'summary'

/** `more` wins over `labels` of the same name. */
function merge(labels: readonly Label[], more: readonly Label[]): readonly Label[] {
  if (more.length === 0) return labels
  return [...labels.filter((label) => !more.some((other) => other.name === label.name)), ...more]
}
