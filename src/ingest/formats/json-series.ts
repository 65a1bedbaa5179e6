import type { MetricDefinition } from '../../wire/native-batch.js'
import type { DecodeContext } from '../decode.js'
import { MalformedBodyError, RequestTooLargeError } from '../errors.js'
import type { IngestLimits } from '../limits.js'
import { type Label, metricName } from '../naming.js'
import { createStringCache } from '../string-cache.js'

/** What formats in JSON have in common: parsing within a bound, and series by their texts. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** Parses a body; throws `RequestTooLargeError` beyond `jsonBytes` (parsed JSON takes many times its size), `MalformedBodyError`. */
export function parseJson(body: Uint8Array, limits: Pick<IngestLimits, 'jsonBytes'>): Json {
  if (body.length > limits.jsonBytes)
    throw new RequestTooLargeError(
      `the JSON has more than ${limits.jsonBytes} bytes (limit jsonBytes): send smaller batches`,
    )
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as Json
  } catch (cause) {
    throw new MalformedBodyError('the body is not JSON in UTF-8', 0, { cause })
  }
}

export const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A text, or empty for anything else. */
export const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

/** Those of an object's texts that are labels; empty ones are none. */
export function labelsOf(object: { [key: string]: Json }, names: readonly string[]): Label[] {
  const labels: Label[] = []
  for (const name of names) {
    const value = textOf(object[name])
    if (value !== '') labels.push({ name, value })
  }
  return labels
}

/** The series of a metric and its labels; -1 when the registrar refuses. `definition` is only asked on a miss. */
export type SeriesFinder = (
  name: string,
  labels: readonly Label[],
  context: DecodeContext,
  define?: () => Omit<MetricDefinition, 'name'>,
) => number

export function createSeriesFinder(limits: Pick<IngestLimits, 'labelCacheBytes'>): SeriesFinder {
  const cache = createStringCache<number>(limits.labelCacheBytes)
  return (name, labels, { registrar, limits }, define) => {
    // NUL cannot be confused with a part of a name: lengths make the key unambiguous even if a name holds one.
    let key = `${name.length} ${name}`
    for (const label of labels) key += `\0${label.name.length} ${label.name}\0${label.value}`
    if (key.length > limits.labelSetBytes)
      return registrar.refuse(
        'label-length',
        `name and labels take more than ${limits.labelSetBytes} characters`,
      )
    const known = cache.get(key)
    if (known !== undefined) return known
    const entity = registrar.entity(labels)
    if (entity < 0) return -1
    const metric = registrar.metric({ name: metricName(name), ...define?.() })
    if (metric < 0) return -1
    const series = registrar.series(metric, entity)
    if (series >= 0) cache.set(key, series)
    return series
  }
}

/**
 * Takes one sample of a known series; -1 when it is refused, and then the registrar knows why. NaN is left out.
 * `time` is in milliseconds.
 */
export function takePoint(context: DecodeContext, series: number, time: number, value: number): number {
  const { registrar, outcome, columns, earliest, latest } = context
  if (Number.isNaN(value)) {
    outcome.skip('nan')
    return 0
  }
  if (!Number.isFinite(value)) return registrar.refuse('value', 'the value is infinite')
  if (time > latest) return registrar.refuse('time-future', 'the time lies too far in the future')
  if (!(time >= earliest)) return registrar.refuse('time-past', 'the time lies too far in the past')
  columns.push(series, Math.floor(time), value)
  return 1
}
