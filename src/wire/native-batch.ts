/**
 * The agent's own ingest format: one dictionary of entities and metrics, then columns.
 *
 * Layout, little endian, content type `application/x-bellwether-batch`:
 *
 * | bytes | what |
 * | --- | --- |
 * | 4 | magic `BWB1` |
 * | 4 | length H of the header, UTF-8 JSON, padded with spaces so that 16 + H is a multiple of 8 |
 * | 4 | number of series S: a series is a pair (metric, entity) of the dictionary |
 * | 4 | number of samples N |
 * | H | header: `NativeBatchHeader` |
 * | 4·S, then 4·S | per series: index into `metrics`, index into `entities` |
 * | 4·N, padded to 8 | per sample: index of its series |
 * | 8·N | per sample: time, Float64, milliseconds since the epoch |
 * | 8·N | per sample: value, Float64 |
 *
 * Bytes 0 … up to the samples are the same from batch to batch of one sender, so a receiver can key a cache on them.
 */

export const NATIVE_BATCH_CONTENT_TYPE = 'application/x-bellwether-batch'
export const NATIVE_BATCH_MAGIC = 0x31425742

export interface MetricDefinition {
  /** Lower-case snake case, e.g. `cpu_user_rate`. */
  name: string
  displayName?: string
  description?: string
  /** Unit of the numerator and the denominator: `bytes` per `seconds`; both empty for a plain number. */
  unitNumerators?: string[]
  unitDenominators?: string[]
  /** True for a value that only grows until its source restarts. */
  isCounter?: boolean
  aliases?: string[]
  /** Of an average, such as a mean time per read: the metric that says of how many it is one, by which entities' averages are weighted. */
  weightingMetricName?: string
}

export interface EntityDefinition {
  /** Upper-case, e.g. `HOST`, `DISK`, `ROLE`. */
  category: string
  /** The `entityName`: unique within the category; see `identity` for what stays when it changes. */
  name: string
  /**
   * What never changes about the entity; default: its name. A known identity under a new name is a rename; where it is left
   * out, the entity that has the name as its identity is meant, whatever it is called now.
   */
  identity?: string
  displayName?: string
  /** Every attribute but `category` and `entityName`, which are fields of their own. */
  attributes: Record<string, string>
}

export interface NativeBatchHeader {
  /** Who sends: shown in the cardinality page and in logs; at most 200 characters. */
  sender: string
  metrics: MetricDefinition[]
  entities: EntityDefinition[]
}

export interface NativeBatch extends NativeBatchHeader {
  seriesMetric: Uint32Array
  seriesEntity: Uint32Array
  sampleSeries: Uint32Array
  /** Milliseconds since the epoch. */
  sampleTime: Float64Array
  sampleValue: Float64Array
}

const align8 = (n: number) => (n + 7) & ~7

/** Encodes a batch. The columns must have equal lengths; throws RangeError when they do not. */
export function encodeNativeBatch(batch: NativeBatch): Uint8Array {
  const { sender, metrics, entities, seriesMetric, seriesEntity, sampleSeries, sampleTime, sampleValue } =
    batch
  const seriesCount = seriesMetric.length
  const count = sampleSeries.length
  if (seriesEntity.length !== seriesCount)
    throw new RangeError('seriesMetric and seriesEntity differ in length')
  if (sampleTime.length !== count || sampleValue.length !== count)
    throw new RangeError('sample columns differ in length')
  const json = new TextEncoder().encode(JSON.stringify({ sender, metrics, entities }))
  const headerLength = align8(json.length)
  const out = new Uint8Array(16 + headerLength + 8 * seriesCount + align8(4 * count) + 16 * count)
  const view = new DataView(out.buffer)
  view.setUint32(0, NATIVE_BATCH_MAGIC, true)
  view.setUint32(4, headerLength, true)
  view.setUint32(8, seriesCount, true)
  view.setUint32(12, count, true)
  out.set(json, 16)
  out.fill(0x20, 16 + json.length, 16 + headerLength)
  let at = 16 + headerLength
  new Uint32Array(out.buffer, at, seriesCount).set(seriesMetric)
  at += 4 * seriesCount
  new Uint32Array(out.buffer, at, seriesCount).set(seriesEntity)
  at += 4 * seriesCount
  new Uint32Array(out.buffer, at, count).set(sampleSeries)
  at += align8(4 * count)
  new Float64Array(out.buffer, at, count).set(sampleTime)
  at += 8 * count
  new Float64Array(out.buffer, at, count).set(sampleValue)
  return out
}
