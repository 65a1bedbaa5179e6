import { fieldsOf, known, type Shape, shapeOf } from '../contract/shape.js'

/**
 * An answer with just the fields that the asked version knew: clients of old versions stop at a name that they do not
 * know. What is undefined or null is left out, as Cloudera Manager does.
 *
 * @example
 * trim('ApiHost', { hostId: 'a', numPhysicalCores: 4 }, 6) // { hostId: 'a' }
 */
export function trim(type: string, value: unknown, version: number): unknown {
  return trimTo(shapeOf(type), value, version)
}

/** `trim`, for a type that has been taken apart. */
export function trimTo(shape: Shape, value: unknown, version: number): unknown {
  if (value === undefined || value === null) return undefined
  switch (shape.kind) {
    case 'list':
      return (value as unknown[]).map((each) => trimTo(shape.of, each, version))
    case 'map':
      return Object.fromEntries(
        Object.entries(value).map(([key, each]) => [key, trimTo(shape.of, each, version)]),
      )
    case 'model': {
      const from = value as Record<string, unknown>
      const result: Record<string, unknown> = {}
      for (const field of fieldsOf(shape.name)) {
        if (!known(field, version)) continue
        const kept = trimTo(field.shape, from[field.name], version)
        if (kept !== undefined) result[field.name] = kept
      }
      return result
    }
    case 'integer':
    case 'number':
      return Number.isFinite(value) ? value : undefined
    default:
      return value
  }
}
