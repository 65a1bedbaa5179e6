import { createHash } from 'node:crypto'
import { NATIVE_BATCH_MAGIC } from '../../wire/native-batch.js'
import { type DecodeContext, type Rest, tooManySamples } from '../decode.js'
import { MalformedBodyError, RequestTooLargeError } from '../errors.js'
import type { IngestLimits } from '../limits.js'
import type { Reason } from '../outcome.js'
import { type RefusedDefinition, readNativeHeader } from './native-header.js'

/**
 * The agent's own format (src/wire/native-batch.ts). Header and series are the same from batch to batch of one sender, so
 * a digest of their bytes is the key of the cached series; then decoding is copying columns and checking each sample.
 */
export type NativeDecoder = (body: Uint8Array, context: DecodeContext) => Rest

interface Dictionary {
  sender: string
  /** Index of the catalogue by series of the batch; where it has none, `REFUSED` less the place of the reason in `WHY`. */
  series: Uint32Array
}

const FIXED = 16
const align8 = (n: number) => (n + 7) & ~7
/** What a cached dictionary costs beside four bytes a series. */
const DICTIONARY_COST = 400

/** A decoder with a cache of its own, bounded by `labelCacheBytes`. Throws `MalformedBodyError`, `RequestTooLargeError`. */
export function createNativeDecoder(limits: Pick<IngestLimits, 'labelCacheBytes'>): NativeDecoder {
  const cache = new Map<string, Dictionary>()
  let cached = 0
  return (body, context) => {
    if (body.length < FIXED)
      throw new MalformedBodyError('native batch: shorter than its fixed part', body.length)
    const bytes = body.byteOffset % 8 === 0 ? body : body.slice()
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (view.getUint32(0, true) !== NATIVE_BATCH_MAGIC)
      throw new MalformedBodyError('native batch: no BWB1 at the start', 0)
    const headerLength = view.getUint32(4, true)
    const seriesCount = view.getUint32(8, true)
    const count = view.getUint32(12, true)
    if (count > context.limits.samplesPerRequest) throw tooManySamples(context.limits)
    if (headerLength > context.limits.jsonBytes)
      throw new RequestTooLargeError(
        `the header has more than ${context.limits.jsonBytes} bytes (limit jsonBytes)`,
      )
    const seriesAt = FIXED + headerLength
    const samplesAt = seriesAt + 8 * seriesCount
    const timesAt = samplesAt + align8(4 * count)
    if (headerLength % 8 !== 0 || timesAt + 16 * count !== bytes.length)
      throw new MalformedBodyError(`native batch: its lengths do not add up to ${bytes.length} bytes`, 4)

    const digest = createHash('sha256')
      .update(bytes.subarray(4, 12))
      .update(bytes.subarray(FIXED, samplesAt))
      .digest('base64')
    const finish = (dictionary: Dictionary): void => {
      context.registrar.sender = dictionary.sender
      copySamples(bytes, samplesAt, timesAt, count, dictionary.series, context)
    }
    const known = cache.get(digest)
    if (known !== undefined) {
      cache.delete(digest)
      cache.set(digest, known)
      return finish(known)
    }
    const refusedBefore = context.outcome.refused
    const registering = register(bytes, seriesAt, seriesCount, context)
    const goOn = (): Rest => {
      const turn = registering.next()
      if (!turn.done) return goOn
      // A dictionary that was refused in part is asked about again: a limit may have been raised since.
      if (context.outcome.refused === refusedBefore) remember(digest, turn.value)
      finish(turn.value)
    }
    return goOn()
  }

  function remember(digest: string, dictionary: Dictionary): void {
    // The same batch may have been registered by another request between two turns.
    if (cache.has(digest)) return
    const cost = DICTIONARY_COST + 4 * dictionary.series.length
    for (const [key, old] of cache) {
      if (cached + cost <= limits.labelCacheBytes) break
      cache.delete(key)
      cached -= DICTIONARY_COST + 4 * old.series.length
    }
    cache.set(digest, dictionary)
    cached += cost
  }
}

function copySamples(
  bytes: Uint8Array,
  samplesAt: number,
  timesAt: number,
  count: number,
  series: Uint32Array,
  context: DecodeContext,
): void {
  const { columns, outcome, earliest, latest } = context
  const index = new Uint32Array(bytes.buffer, bytes.byteOffset + samplesAt, count)
  const times = new Float64Array(bytes.buffer, bytes.byteOffset + timesAt, count)
  const values = new Float64Array(bytes.buffer, bytes.byteOffset + timesAt + 8 * count, count)
  columns.grow(columns.length + count)
  let length = columns.length
  const refuse = (reason: Reason, detail: string, k: number) =>
    outcome.refuse(reason, detail, k + 1, bytes, samplesAt + 4 * k, samplesAt + 4 * k)
  for (let k = 0; k < count; k++) {
    const which = index[k]!
    const time = times[k]!
    const value = values[k]!
    if (which >= series.length)
      refuse('syntax', `sample of series ${which}, the batch has ${series.length}`, k)
    else if (series[which]! > REFUSED - WHY.length)
      refuse(WHY[REFUSED - series[which]!]!, 'its series was refused', k)
    else if (Number.isNaN(value)) outcome.skip('nan')
    else if (!Number.isFinite(value)) refuse('value', 'the value is infinite', k)
    else if (time > latest) refuse('time-future', 'the time lies too far in the future', k)
    else if (!(time >= earliest)) refuse('time-past', 'the time lies too far in the past', k)
    else {
      columns.series[length] = series[which]!
      columns.time[length] = time
      columns.value[length++] = value
    }
  }
  columns.length = length
}

const REFUSED = 0xffff_ffff
const WHY = ['catalogue-limit', 'label-length', 'label-count'] as const

/**
 * Registers the dictionary; what is refused of it becomes `REFUSED` in the series that need it. Stops, to be gone on with, when the
 * registrar's time is up.
 */
function* register(
  bytes: Uint8Array,
  seriesAt: number,
  seriesCount: number,
  context: DecodeContext,
): Generator<void, Dictionary> {
  const { registrar, outcome, limits } = context
  const header = readNativeHeader(bytes.subarray(FIXED, seriesAt), limits)
  registrar.sender = header.sender
  const refuse = (reason: Reason, what: string, position: number): number => {
    outcome.refuse(reason, what, position, bytes, FIXED, FIXED)
    return -1 - Math.max(0, WHY.indexOf(reason as (typeof WHY)[number]))
  }
  /** The index, or below zero -1 less the place in `WHY`. */
  const taken = (index: number, what: () => string, position: number): number =>
    index >= 0 ? index : refuse(registrar.reason, `${what()}: ${registrar.detail}`, position)
  const isRefused = (definition: object): definition is RefusedDefinition => 'refused' in definition
  const metrics = header.metrics.map((metric, k) =>
    isRefused(metric)
      ? refuse(metric.refused, metric.detail, k + 1)
      : taken(registrar.metric(metric), () => `metric ${metric.name.slice(0, 80)}`, k + 1),
  )
  const entities: number[] = []
  for (const entity of header.entities) {
    if (registrar.isTimeUp) yield
    const position = entities.length + 1
    entities.push(
      isRefused(entity)
        ? refuse(entity.refused, entity.detail, position)
        : taken(
            registrar.definedEntity(entity),
            () => `entity ${entity.category} ${entity.name.slice(0, 80)}`,
            position,
          ),
    )
  }
  const pairs = new Uint32Array(bytes.buffer, bytes.byteOffset + seriesAt, 2 * seriesCount)
  const series = new Uint32Array(seriesCount)
  for (let k = 0; k < seriesCount; k++) {
    if (registrar.isTimeUp) yield
    const metric = metrics[pairs[k]!]
    const entity = entities[pairs[seriesCount + k]!]
    if (metric === undefined || entity === undefined)
      throw new MalformedBodyError(
        `native batch: series ${k} is of a metric or entity that the header lacks`,
        seriesAt + 4 * k,
      )
    const index =
      metric < 0
        ? metric
        : entity < 0
          ? entity
          : taken(registrar.series(metric, entity), () => 'series', k + 1)
    series[k] = index >= 0 ? index : REFUSED + 1 + index
  }
  return { sender: header.sender, series }
}
