import { type DecodeContext, tooManySamples } from '../decode.js'
import { MalformedBodyError } from '../errors.js'
import type { IngestLimits } from '../limits.js'
import {
  createSeriesFinder,
  isObject,
  type Json,
  labelsOf,
  parseJson,
  type SeriesFinder,
  takePoint,
  textOf,
} from './json-series.js'

/**
 * Ambari metrics, as its sinks and monitors post them:
 * `{ metrics: [{ metricname, appid, hostname, instanceid?, type?, units?, metrics: { "<milliseconds>": value } }] }`.
 *
 * The labels are `hostname`, `appid` and `instanceid`. A metric of type COUNTER is a counter.
 */
export type AmbariDecoder = (body: Uint8Array, context: DecodeContext) => void

const LABELS = ['hostname', 'appid', 'instanceid']
const EXCERPT = 200

/** A decoder with a cache of its own. Throws `MalformedBodyError`, `RequestTooLargeError`. */
export function createAmbariDecoder(limits: Pick<IngestLimits, 'labelCacheBytes'>): AmbariDecoder {
  const find = createSeriesFinder(limits)
  return (body, context) => {
    const parsed = parseJson(body, context.limits)
    if (!isObject(parsed) || !Array.isArray(parsed.metrics))
      throw new MalformedBodyError('expected { "metrics": […] }', 0)
    let position = 0
    for (const metric of parsed.metrics) decodeMetric(metric, ++position, find, context)
  }
}

function decodeMetric(metric: Json, position: number, find: SeriesFinder, context: DecodeContext): void {
  const { outcome, registrar, limits } = context
  const refuse = (count: number) => {
    const { reason, detail } = registrar
    const excerpt = Buffer.from(isObject(metric) ? textOf(metric.metricname).slice(0, EXCERPT) : '')
    outcome.refuse(reason, detail, position, excerpt, 0, excerpt.length, count)
  }
  if (!isObject(metric) || !isObject(metric.metrics)) {
    registrar.refuse('syntax', 'expected metricname and metrics: { "<milliseconds>": value }')
    refuse(1)
    return
  }
  const labels = labelsOf(metric, LABELS)
  const units = textOf(metric.units)
  const counter = textOf(metric.type).toUpperCase() === 'COUNTER'
  const series = find(textOf(metric.metricname), labels, context, () => ({
    ...(counter && { isCounter: true }),
    ...(units !== '' && units.length <= limits.nameLength && { unitNumerators: [units] }),
  }))
  const points = Object.entries(metric.metrics)
  if (series < 0) {
    refuse(Math.max(1, points.length))
    return
  }
  for (const [time, value] of points) {
    if (value === null) outcome.skip('nan')
    else if (typeof value !== 'number' || !/^\d{1,15}$/.test(time)) {
      registrar.refuse('syntax', 'expected "<milliseconds>": number')
      refuse(1)
    } else if (takePoint(context, series, Number(time), value) < 0) refuse(1)
  }
  if (context.columns.length > limits.samplesPerRequest) throw tooManySamples(limits)
}
