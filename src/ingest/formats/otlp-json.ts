import { type DecodeContext, tooManySamples } from '../decode.js'
import { MalformedBodyError } from '../errors.js'
import type { Label } from '../naming.js'
import { isObject, type Json, parseJson, textOf } from './json-series.js'
import {
  isVolatile,
  type Kind,
  labelName,
  millisecondsOf,
  type OtlpMetric,
  type OtlpPoint,
} from './otlp-point.js'
import type { OtlpSamples } from './otlp-samples.js'

/**
 * OTLP/HTTP metrics in JSON (ExportMetricsServiceRequest in protobuf's JSON mapping: 64-bit integers are strings, enums are
 * numbers, unknown fields are passed over).
 */
export function decodeOtlpJson(body: Uint8Array, context: DecodeContext, samples: OtlpSamples): void {
  const parsed = parseJson(body, context.limits)
  if (!isObject(parsed)) throw new MalformedBodyError('expected { "resourceMetrics": […] }', 0)
  let position = 0
  for (const resourceMetrics of objects(parsed.resourceMetrics)) {
    const resource = isObject(resourceMetrics.resource)
      ? labelsOf(resourceMetrics.resource.attributes, true)
      : []
    for (const scopeMetrics of objects(resourceMetrics.scopeMetrics))
      for (const metric of objects(scopeMetrics.metrics))
        decodeMetric(metric, ++position, resource, context, samples)
  }
}

const KINDS: readonly Kind[] = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary']

function decodeMetric(
  given: JsonObject,
  position: number,
  resource: readonly Label[],
  context: DecodeContext,
  samples: OtlpSamples,
): void {
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
    if (samples.take(metric, resource, pointOf(point), context) < 0) {
      const { reason, detail } = context.registrar
      const excerpt = Buffer.from(metric.name.slice(0, 200))
      context.outcome.refuse(reason, detail, position, excerpt, 0, excerpt.length)
    }
    if (context.columns.length > context.limits.samplesPerRequest) throw tooManySamples(context.limits)
  }
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

function pointOf(given: JsonObject): OtlpPoint {
  const point: OtlpPoint = {
    labels: labelsOf(given.attributes, false),
    time: millisecondsOf(numberOf(given.timeUnixNano) ?? 0),
    flags: numberOf(given.flags) ?? 0,
    bucketCounts: numbersOf(given.bucketCounts),
    bounds: numbersOf(given.explicitBounds),
    quantiles: objects(given.quantileValues).map((each) => ({
      quantile: numberOf(each.quantile) ?? 0,
      value: numberOf(each.value) ?? 0,
    })),
  }
  const value = numberOf(given.asDouble) ?? numberOf(given.asInt)
  const count = numberOf(given.count)
  const sum = numberOf(given.sum)
  if (value !== undefined) point.value = value
  if (count !== undefined) point.count = count
  if (sum !== undefined) point.sum = sum
  return point
}

/** Texts, numbers and booleans; lists, maps and bytes are no labels. */
function labelsOf(value: Json | undefined, ofResource: boolean): Label[] {
  const labels: Label[] = []
  for (const attribute of objects(value)) {
    const key = textOf(attribute.key)
    if (!isObject(attribute.value) || (ofResource && isVolatile(key))) continue
    const { stringValue, intValue, doubleValue, boolValue } = attribute.value
    const scalar = stringValue ?? intValue ?? doubleValue ?? boolValue
    if (scalar !== undefined && scalar !== null && typeof scalar !== 'object')
      labels.push({ name: labelName(key), value: String(scalar) })
  }
  return labels
}
