import type { EntityDefinition, MetricDefinition } from '../../wire/native-batch.js'
import { MalformedBodyError } from '../errors.js'
import type { IngestLimits } from '../limits.js'
import { categoryName, metricName } from '../naming.js'

/** A definition that passes a limit: the others are taken without it. */
export interface RefusedDefinition {
  refused: 'label-count' | 'label-length'
  detail: string
}

export interface NativeHeader {
  sender: string
  metrics: (MetricDefinition | RefusedDefinition)[]
  entities: (EntityDefinition | RefusedDefinition)[]
}

/** Reads and checks a native batch's header. Throws `MalformedBodyError` that names the field. */
export function readNativeHeader(bytes: Uint8Array, limits: IngestLimits): NativeHeader {
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new MalformedBodyError('native batch: the header is not JSON in UTF-8', 16, { cause })
  }
  const header = record(parsed, 'header')
  return {
    sender: text(header.sender, 'sender', limits.nameLength),
    metrics: list(header.metrics, 'metrics').map((value, k) =>
      withinLimits(() => metric(value, `metrics[${k}]`, limits)),
    ),
    entities: list(header.entities, 'entities').map((value, k) =>
      withinLimits(() => entity(value, `entities[${k}]`, limits)),
    ),
  }
}

/** Nothing is wrong with the batch, but this part of it is too long or too much. */
class LimitError extends MalformedBodyError {
  readonly reason: RefusedDefinition['refused']
  constructor(message: string, reason: RefusedDefinition['refused']) {
    super(message, 16)
    this.reason = reason
  }
}

function withinLimits<D>(read: () => D): D | RefusedDefinition {
  try {
    return read()
  } catch (error) {
    if (error instanceof LimitError) return { refused: error.reason, detail: error.message }
    throw error
  }
}

function metric(value: unknown, path: string, limits: IngestLimits): MetricDefinition {
  const given = record(value, path)
  const definition: MetricDefinition = {
    name: metricName(text(given.name, `${path}.name`, limits.nameLength)),
  }
  for (const key of ['displayName', 'description'] as const)
    if (given[key] !== undefined) definition[key] = text(given[key], `${path}.${key}`, limits.valueLength)
  for (const key of ['unitNumerators', 'unitDenominators', 'aliases'] as const)
    if (given[key] !== undefined)
      definition[key] = list(given[key], `${path}.${key}`)
        .slice(0, limits.labels)
        .map((item, k) => text(item, `${path}.${key}[${k}]`, limits.nameLength))
  if (given.weightingMetricName !== undefined)
    definition.weightingMetricName = metricName(
      text(given.weightingMetricName, `${path}.weightingMetricName`, limits.nameLength),
    )
  if (given.isCounter !== undefined) definition.isCounter = given.isCounter === true
  return definition
}

function entity(value: unknown, path: string, limits: IngestLimits): EntityDefinition {
  const given = record(value, path)
  const attributes = Object.entries(record(given.attributes, `${path}.attributes`))
  if (attributes.length > limits.labels)
    throw new LimitError(`native batch: ${path} has more than ${limits.labels} attributes`, 'label-count')
  const definition: EntityDefinition = {
    category: categoryName(text(given.category, `${path}.category`, limits.nameLength)),
    name: text(given.name, `${path}.name`, limits.valueLength),
    attributes: Object.fromEntries(
      attributes.map(([key, item]) => [
        text(key, `${path}.attributes`, limits.nameLength),
        text(item, `${path}.attributes.${key.slice(0, 80)}`, limits.valueLength),
      ]),
    ),
  }
  if (definition.name === '') throw new MalformedBodyError(`native batch: ${path}.name is empty`, 16)
  for (const key of ['identity', 'displayName'] as const)
    if (given[key] !== undefined) definition[key] = text(given[key], `${path}.${key}`, limits.valueLength)
  return definition
}

function record(value: unknown, path: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw new MalformedBodyError(`native batch: ${path} is not an object`, 16)
}

function list(value: unknown, path: string): unknown[] {
  if (Array.isArray(value)) return value
  throw new MalformedBodyError(`native batch: ${path} is not a list`, 16)
}

function text(value: unknown, path: string, most: number): string {
  if (typeof value !== 'string') throw new MalformedBodyError(`native batch: ${path} is not a text`, 16)
  if (value.length <= most) return value
  throw new LimitError(`native batch: ${path} has more than ${most} characters`, 'label-length')
}
