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
 * collectd's `write_http` in JSON: a list of value lists
 * `{ host, plugin, plugin_instance, type, type_instance, time, values, dstypes, dsnames }`, the time in seconds.
 *
 * The metric is `<plugin>_<type>` (only the type when that begins with the plugin's name), with `_<dsname>` unless that is `value`. Labels are `host`,
 * `plugin_instance` and `type_instance`. Data sources of type `counter` and `derive` are counters.
 */
export type CollectdDecoder = (body: Uint8Array, context: DecodeContext) => void

const LABELS = ['host', 'plugin_instance', 'type_instance']
const COUNTERS = ['counter', 'derive']
const EXCERPT = 200

/** A decoder with a cache of its own. Throws `MalformedBodyError`, `RequestTooLargeError`. */
export function createCollectdDecoder(limits: Pick<IngestLimits, 'labelCacheBytes'>): CollectdDecoder {
  const find = createSeriesFinder(limits)
  return (body, context) => {
    const parsed = parseJson(body, context.limits)
    if (!Array.isArray(parsed)) throw new MalformedBodyError('expected a list of value lists', 0)
    let position = 0
    for (const list of parsed) decodeList(list, ++position, find, context)
  }
}

function decodeList(list: Json, position: number, find: SeriesFinder, context: DecodeContext): void {
  const { outcome, registrar, limits } = context
  const refuse = () => {
    const { reason, detail } = registrar
    const name = isObject(list) ? `${textOf(list.host)} ${textOf(list.plugin)}` : ''
    const excerpt = Buffer.from(name.slice(0, EXCERPT))
    outcome.refuse(reason, detail, position, excerpt, 0, excerpt.length)
  }
  if (!isObject(list) || !Array.isArray(list.values) || typeof list.time !== 'number') {
    registrar.refuse('syntax', 'expected plugin, type, time and values')
    refuse()
    return
  }
  const labels = labelsOf(list, LABELS)
  const base = metricBase(textOf(list.plugin), textOf(list.type))
  for (let k = 0; k < list.values.length; k++) {
    const value = list.values[k]!
    if (value === null) {
      outcome.skip('nan')
      continue
    }
    const source = nth(list.dsnames, k)
    const name = source === '' || source === 'value' ? base : `${base}_${source}`
    const isCounter = COUNTERS.includes(nth(list.dstypes, k))
    if (typeof value !== 'number') registrar.refuse('syntax', 'expected numbers in values')
    else {
      const series = find(name, labels, context, () => (isCounter ? { isCounter } : {}))
      if (series >= 0 && takePoint(context, series, list.time * 1000, value) >= 0) continue
    }
    refuse()
  }
  if (context.columns.length > limits.samplesPerRequest) throw tooManySamples(limits)
}

const nth = (list: Json | undefined, k: number): string => (Array.isArray(list) ? textOf(list[k]) : '')

function metricBase(plugin: string, type: string): string {
  if (plugin === '' || type === plugin || type.startsWith(`${plugin}_`)) return type
  return type === '' ? plugin : `${plugin}_${type}`
}
