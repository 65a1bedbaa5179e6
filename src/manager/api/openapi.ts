import { endpoints } from './contract/endpoints.js'
import { enums } from './contract/enums.js'
import { models } from './contract/models.js'
import { fieldsOf, known, type Shape, shapeOf } from './contract/shape.js'
import { type EndpointName, type ModelName, views } from './contract/types.js'

/** OpenAPI 3.0.3 of what one version of the API serves here, made from the same tables that requests are checked by. */
export function openApiDocument(version: number, served: ReadonlySet<EndpointName>): Record<string, unknown> {
  const used = new Set<string>()
  const paths: Record<string, Record<string, unknown>> = {}
  for (const [name, facts] of Object.entries(endpoints)) {
    if (!served.has(name as EndpointName) || facts.since > version) continue
    const [method = '', path = ''] = name.split(' ')
    paths[path] ??= {}
    paths[path][method.toLowerCase()] = operation(name, path, facts, used)
  }
  return {
    openapi: '3.0.3',
    info: {
      title: 'Bellwether',
      version: `v${version}`,
      description: "The manager's API, in the form of Cloudera Manager's. Every answer is 200 with a body.",
    },
    servers: [{ url: `/api/v${version}` }],
    security: [{ basic: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        basic: { type: 'http', scheme: 'basic' },
        session: { type: 'apiKey', in: 'cookie', name: 'CLOUDERA_MANAGER_SESSIONID' },
      },
      schemas: schemas(used, version),
    },
  }
}

interface Facts {
  needs: string
  query?: Readonly<Record<string, string>>
  body?: string
  answer: string
}

function operation(name: string, path: string, facts: Facts, used: Set<string>) {
  const inPath = [...path.matchAll(/{(\w+)}/g)].map(([, each]) => ({
    name: each,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const inQuery = Object.entries(facts.query ?? {}).map(([each, type]) => ({
    name: each,
    in: 'query',
    schema: parameter(type),
  }))
  return {
    operationId: name.replace(/[^\w]+(\w)?/g, (_, letter?: string) => letter?.toUpperCase() ?? ''),
    description: `Needs the right ${facts.needs}.`,
    parameters: [...inPath, ...inQuery],
    ...(facts.body
      ? {
          requestBody: {
            required: !facts.body.endsWith('?'),
            content: { 'application/json': { schema: schema(shapeOf(facts.body.replace('?', '')), used) } },
          },
        }
      : {}),
    responses: {
      200: { description: 'Done', content: content(facts.answer, used) },
      default: {
        description: 'Not done',
        content: {
          'application/json': {
            schema: {
              type: 'object',
              properties: {
                message: { type: 'string' },
                causes: { type: 'array', items: { type: 'string' } },
              },
            },
          },
        },
      },
    },
  }
}

function content(answer: string, used: Set<string>): Record<string, unknown> {
  if (answer === 'text') return { 'text/plain': { schema: { type: 'string' } } }
  if (answer === 'file')
    return { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }
  const of = answer === 'none' ? { type: 'object' } : schema(shapeOf(answer), used)
  return { 'application/json': { schema: of } }
}

function parameter(text: string): Record<string, unknown> {
  const [type = '', byDefault] = text.split(/=(.*)/s)
  if (type === '[string]') return { type: 'array', items: { type: 'string' } }
  if (type === 'view') return { type: 'string', enum: [...views], default: byDefault }
  if (byDefault === undefined) return { type }
  return { type, default: type === 'string' ? byDefault : JSON.parse(byDefault) }
}

function schema(shape: Shape, used: Set<string>): Record<string, unknown> {
  switch (shape.kind) {
    case 'list':
      return { type: 'array', items: schema(shape.of, used) }
    case 'map':
      return { type: 'object', additionalProperties: schema(shape.of, used) }
    case 'enum':
    case 'model':
      used.add(shape.name)
      return { $ref: `#/components/schemas/${shape.name}` }
    case 'object':
      return {}
    default:
      return { type: shape.kind }
  }
}

/** The schemas of all names in `used`, and of those that these refer to. */
function schemas(used: Set<string>, version: number): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const name of used) {
    if (name in enums) result[name] = { type: 'string', enum: [...enums[name as keyof typeof enums]] }
    else if (name in models)
      result[name] = {
        type: 'object',
        properties: Object.fromEntries(
          fieldsOf(name as ModelName)
            .filter((field) => known(field, version))
            .map((field) => [field.name, schema(field.shape, used)]),
        ),
      }
  }
  return Object.fromEntries(Object.entries(result).sort(([a], [b]) => (a < b ? -1 : 1)))
}
