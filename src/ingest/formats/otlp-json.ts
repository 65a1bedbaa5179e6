import { type DecodeContext, tooManySamples } from '../decode.js'
import { MalformedBodyError } from '../errors.js'
import type { IngestLimits } from '../limits.js'
import { createStringCache, type StringCache } from '../string-cache.js'
import { isObject, type Json, textOf } from './json-series.js'
import type { ExponentialBuckets } from './otlp-exponential.js'
import { type AttributeReader, type AttributeSet, createAttributeReader } from './otlp-json-attributes.js'
import { type Kind, millisecondsOf, type OtlpMetric, type OtlpPoint } from './otlp-point.js'
import { NO_RECORDED_VALUE, type OtlpSamples } from './otlp-samples.js'

/**
 * OTLP/HTTP metrics in JSON (ExportMetricsServiceRequest in protobuf's JSON mapping: 64-bit integers are strings, enums are
 * numbers, unknown fields are passed over).
 */
export function createOtlpJsonDecoder(
  limits: Pick<IngestLimits, 'labelCacheBytes'>,
  samples: OtlpSamples,
): (body: Uint8Array, context: DecodeContext) => void {
  const attributes = createAttributeReader(limits.labelCacheBytes / 2)
  const series = createStringCache<number>(limits.labelCacheBytes / 2)
  return (body, context) => {
    try {
      const parsed = attributes.parse(body, context)
      if (!isObject(parsed)) throw new MalformedBodyError('expected { "resourceMetrics": […] }', 0)
      let position = 0
      for (const resourceMetrics of objects(parsed.resourceMetrics)) {
        const of = isObject(resourceMetrics.resource) ? resourceMetrics.resource.attributes : undefined
        const state = { attributes, series, samples, context, resource: attributes.setOf(of) }
        for (const scopeMetrics of objects(resourceMetrics.scopeMetrics))
          for (const metric of objects(scopeMetrics.metrics)) decodeMetric(metric, ++position, state)
      }
    } finally {
      attributes.release()
    }
  }
}

interface State {
  readonly attributes: AttributeReader
  /** Of gauges and sums, by the numbers of their attributes and their names. */
  readonly series: StringCache<number>
  readonly samples: OtlpSamples
  readonly context: DecodeContext
  readonly resource: AttributeSet
}

const KINDS: readonly Kind[] = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary']

function decodeMetric(given: JsonObject, position: number, state: State): void {
  const { context, samples, resource } = state
  const kind = KINDS.find((each) => isObject(given[each]))
  if (kind === undefined) return
  const data = given[kind] as JsonObject
  const metric: OtlpMetric = {
    name: textOf(given.name),
    description: textOf(given.description),
    unit: textOf(given.unit),
    kind,
    temporality: temporalityOf(data.aggregationTemporality),
    monotonic: data.isMonotonic === true,
  }
  for (const point of objects(data.dataPoints)) {
    const taken =
      takeNumber(point, metric, state) ??
      samples.take(metric, resource.ofResource, pointOf(point, state.attributes), context)
    if (taken < 0) {
      const { reason, detail } = context.registrar
      const excerpt = Buffer.from(metric.name.slice(0, 200))
      context.outcome.refuse(reason, detail, position, excerpt, 0, excerpt.length)
    }
    if (context.columns.length > context.limits.samplesPerRequest) throw tooManySamples(context.limits)
  }
}

/** Takes the point of a gauge or a sum; undefined for any other, and where no value was recorded. */
function takeNumber(point: JsonObject, metric: OtlpMetric, state: State): number | undefined {
  if (metric.kind !== 'gauge' && metric.kind !== 'sum') return undefined
  const value = numberOf(point.asDouble) ?? numberOf(point.asInt)
  if (value === undefined || ((numberOf(point.flags) ?? 0) & NO_RECORDED_VALUE) !== 0) return undefined
  const { attributes, resource, samples, context } = state
  const own = attributes.setOf(point.attributes)
  const key = `${resource.number} ${own.number} ${metric.name}`
  let series = state.series.get(key)
  if (series === undefined) {
    series = samples.seriesOf(metric, resource.ofResource, own.ofPoint, context)
    if (series < 0) return -1
    state.series.set(key, series)
  }
  return samples.store(metric, series, millisecondsOf(numberOf(point.timeUnixNano) ?? 0), value, context)
}

type JsonObject = { [key: string]: Json }

function objects(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

function temporalityOf(value: Json | undefined): number {
  if (typeof value === 'number') return value
  return value === 'AGGREGATION_TEMPORALITY_DELTA' ? 1 : 2
}

/** A number, or a number in a string (64-bit integers, `NaN`, `Infinity`); undefined for anything else. */
function numberOf(value: Json | undefined): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || value === '' || value.length > 40) return undefined
  const number = Number(value)
  return Number.isNaN(number) && value !== 'NaN' ? undefined : number
}

function numbersOf(value: Json | undefined): number[] {
  return Array.isArray(value) ? value.map((each) => numberOf(each) ?? 0) : []
}

function pointOf(given: JsonObject, attributes: AttributeReader): OtlpPoint {
  const point: OtlpPoint = {
    labels: [...attributes.setOf(given.attributes).ofPoint],
    time: millisecondsOf(numberOf(given.timeUnixNano) ?? 0),
    flags: numberOf(given.flags) ?? 0,
    bucketCounts: numbersOf(given.bucketCounts),
    bounds: numbersOf(given.explicitBounds),
    quantiles: objects(given.quantileValues).map((each) => ({
      quantile: numberOf(each.quantile) ?? 0,
      value: numberOf(each.value) ?? 0,
    })),
  }
  if (isObject(given.positive) || isObject(given.negative)) point.exponential = exponentialOf(given)
  const value = numberOf(given.asDouble) ?? numberOf(given.asInt)
  const count = numberOf(given.count)
  const sum = numberOf(given.sum)
  if (value !== undefined) point.value = value
  if (count !== undefined) point.count = count
  if (sum !== undefined) point.sum = sum
  return point
}

function exponentialOf(given: JsonObject): ExponentialBuckets {
  const whole = (value: Json | undefined) => Math.trunc(numberOf(value) ?? 0) || 0
  const side = (value: Json | undefined) =>
    isObject(value)
      ? { offset: whole(value.offset), counts: numbersOf(value.bucketCounts) }
      : { offset: 0, counts: [] }
  return {
    scale: whole(given.scale),
    zeroCount: whole(given.zeroCount),
    zeroThreshold: numberOf(given.zeroThreshold) ?? 0,
    positive: side(given.positive),
    negative: side(given.negative),
  }
}
