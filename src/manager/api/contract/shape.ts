import { enums } from './enums.js'
import { models } from './models.js'
import type { ModelName } from './types.js'

/** A type of the tables, taken apart. */
export type Shape =
  | { kind: 'string' | 'boolean' | 'integer' | 'number' | 'object' }
  | { kind: 'enum'; name: string; words: readonly string[] }
  | { kind: 'list'; of: Shape }
  | { kind: 'map'; of: Shape }
  | { kind: 'model'; name: ModelName }

export interface Field {
  name: string
  shape: Shape
  since: number
  until: number
}

/** Takes a type such as `[ApiHost]` apart. Throws for a name that no table has: a mistake in the tables. */
export function shapeOf(type: string): Shape {
  if (type.startsWith('[')) return { kind: 'list', of: shapeOf(type.slice(1, -1)) }
  if (type.startsWith('{')) return { kind: 'map', of: shapeOf(type.slice(1, -1)) }
  switch (type) {
    case 'string':
    case 'boolean':
    case 'integer':
    case 'number':
    case 'object':
      return { kind: type }
  }
  if (type in enums) return { kind: 'enum', name: type, words: enums[type as keyof typeof enums] }
  if (type in models) return { kind: 'model', name: type as ModelName }
  throw new Error(`no type "${type}"`)
}

function readField(name: string, text: string): Field {
  const [, type = '', since = '0', until = 'Infinity'] =
    /^(\S+?)(?: v(\d+))?(?: until v(\d+))?$/.exec(text) ?? []
  return { name, shape: shapeOf(type), since: Number(since), until: Number(until) }
}

const read = new Map<ModelName, readonly Field[]>(
  Object.entries(models).map(([name, fields]) => [
    name as ModelName,
    Object.entries(fields).map(([field, text]) => readField(field, text)),
  ]),
)

/** The fields of a model, in the order in which answers have them. */
export const fieldsOf = (name: ModelName): readonly Field[] => read.get(name)!

export const known = (field: Field, version: number) => field.since <= version && version <= field.until
