import type { EntityDefinition, MetricDefinition, NativeBatchHeader } from '../../wire/native-batch.js'
import { MalformedBodyError } from '../errors.js'
import type { IngestLimits } from '../limits.js'
import { categoryName, metricName } from '../naming.js'

/** Reads and checks a native batch's header. Throws `MalformedBodyError` that names the field. */
export function readNativeHeader(bytes: Uint8Array, limits: IngestLimits): NativeBatchHeader {
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new MalformedBodyError('native batch: the header is not JSON in UTF-8', 16, { cause })
  }
  const header = record(parsed, 'header')
  return {
    sender: text(header.sender, 'sender', limits.nameLength),
    metrics: list(header.metrics, 'metrics').map((value, k) => metric(value, `metrics[${k}]`, limits)),
    entities: list(header.entities, 'entities').map((value, k) => entity(value, `entities[${k}]`, limits)),
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
  if (given.isCounter !== undefined) definition.isCounter = given.isCounter === true
  return definition
}

function entity(value: unknown, path: string, limits: IngestLimits): EntityDefinition {
  const given = record(value, path)
  const attributes = Object.entries(record(given.attributes, `${path}.attributes`))
  if (attributes.length > limits.labels)
    throw new MalformedBodyError(`native batch: ${path} has more than ${limits.labels} attributes`, 16)
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
  if (typeof value === 'string' && value.length <= most) return value
  throw new MalformedBodyError(`native batch: ${path} is not a text of at most ${most} characters`, 16)
}
