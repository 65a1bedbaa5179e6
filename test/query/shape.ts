import { readFileSync } from 'node:fs'

interface Schema {
  $ref?: string
  type?: string
  properties?: Record<string, Schema>
  additionalProperties?: Schema | boolean
  items?: Schema
  allOf?: Schema[]
  required?: string[]
}

const { definitions } = JSON.parse(
  readFileSync(new URL('./fixtures/api-definitions.json', import.meta.url), 'utf8'),
) as { definitions: Record<string, Schema> }

/**
 * What of a value is not as the definition says: wrong types, unknown fields. Null stands for an absent field, as Cloudera's
 * own server writes it.
 */
export function shapeErrors(value: unknown, name: string): string[] {
  const errors: string[] = []
  check(value, { $ref: `#/definitions/${name}` }, name, errors)
  return errors
}

function flatten(schema: Schema): Schema {
  if (schema.$ref !== undefined)
    return flatten(definitions[schema.$ref.split('/').at(-1) as string] as Schema)
  const parts = (schema.allOf ?? []).map(flatten)
  return {
    ...schema,
    properties: Object.assign({}, ...parts.map((part) => part.properties), schema.properties),
    required: [...(schema.required ?? []), ...parts.flatMap((part) => part.required ?? [])],
  }
}

function check(value: unknown, given: Schema, at: string, errors: string[]): void {
  if (value === null) return
  const schema = flatten(given)
  if (schema.items !== undefined) {
    if (!Array.isArray(value)) errors.push(`${at} is no list`)
    else value.forEach((item, i) => void check(item, schema.items as Schema, `${at}[${i}]`, errors))
    return
  }
  if (schema.type === 'object' || Object.keys(schema.properties ?? {}).length > 0) {
    if (typeof value !== 'object') {
      errors.push(`${at} is no object`)
      return
    }
    for (const name of schema.required ?? []) if (!(name in value)) errors.push(`${at} lacks ${name}`)
    for (const [name, field] of Object.entries(value)) {
      const known = schema.properties?.[name]
      if (known !== undefined) check(field, known, `${at}.${name}`, errors)
      else if (typeof schema.additionalProperties === 'object')
        check(field, schema.additionalProperties, `${at}.${name}`, errors)
      else errors.push(`${at}.${name} is unknown`)
    }
    return
  }
  const fine =
    schema.type === 'integer'
      ? Number.isInteger(value)
      : schema.type === 'number'
        ? typeof value === 'number'
        : typeof value === schema.type
  if (!fine) errors.push(`${at} is ${JSON.stringify(value)}, not ${schema.type}`)
}
