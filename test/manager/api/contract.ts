import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'

/** Facts of Cloudera Manager's API v45, flattened: an independent judge of what the manager answers. */
interface Contract {
  endpoints: Record<string, { query?: Record<string, string>; body?: string; answer: string | null }>
  models: Record<string, Record<string, string>>
  enums: Record<string, string[]>
}

export const contract: Contract = JSON.parse(
  readFileSync(new URL('./fixtures/contract-v45.json', import.meta.url), 'utf8'),
)

/** Fields that old versions had and v45 has no more. */
const formerly: Record<string, Record<string, string>> = { ApiUser2: { roles: '[string]' } }

/** What we have beside it (docs/api.md): clusters have no configuration there. */
const ours: Record<string, Record<string, string>> = {
  ApiDeployment2: { bwClusterSettings: '[BwClusterSettings]' },
  BwClusterSettings: { clusterName: 'string', config: 'ApiConfigList' },
}

const PRIMITIVE = new Set(['string', 'boolean', 'integer', 'number'])

function schemaOf(type: string): object {
  if (type.startsWith('[')) return { type: 'array', items: schemaOf(type.slice(1, -1)) }
  if (type.startsWith('{')) return { type: 'object', additionalProperties: schemaOf(type.slice(1, -1)) }
  if (PRIMITIVE.has(type)) return { type }
  if (type === 'object') return {}
  return { $ref: `#/$defs/${type}` }
}

function definitions(withFormer: boolean): Record<string, object> {
  const result: Record<string, object> = {}
  for (const [name, words] of Object.entries(contract.enums)) result[name] = { enum: words }
  for (const [name, fields] of Object.entries<Record<string, string>>({
    BwClusterSettings: {},
    ...contract.models,
  }))
    result[name] = {
      type: 'object',
      additionalProperties: false,
      properties: Object.fromEntries(
        Object.entries({ ...fields, ...ours[name], ...(withFormer ? formerly[name] : {}) }).map(
          ([field, type]) => [field, schemaOf(type)],
        ),
      ),
    }
  return result
}

const compiled = new Map<string, ValidateFunction>()
const ajv = new Ajv({ allErrors: true, strict: true })

/** Throws, with every place, when `value` is no `type` of the contract: a wrong type, or a field that it does not have. */
export function expectContract(type: string, value: unknown, version = 45): void {
  const former = version < 31
  const key = `${type} ${former}`
  let validate = compiled.get(key)
  if (!validate) {
    validate = ajv.compile({ ...schemaOf(type), $defs: definitions(former) })
    compiled.set(key, validate)
  }
  if (validate(value)) return
  const problems = validate.errors!.map(
    ({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
  )
  throw new Error(`no ${type} of the contract:\n${problems.join('\n')}\n${JSON.stringify(value, null, 1)}`)
}

/** The contract's endpoint of a request, such as `GET /hosts/{hostId}`. */
export function endpointOf(method: string, path: string): string | undefined {
  const parts = path.split('?')[0]!.replace(/\/$/, '').split('/')
  const fits = Object.keys(contract.endpoints).filter((name) => {
    const [itsMethod, itsPath = ''] = name.split(' ')
    const its = itsPath.split('/')
    return (
      itsMethod === method &&
      its.length === parts.length &&
      its.every((part, i) => part.startsWith('{') || part === parts[i])
    )
  })
  // The one with fewest parameters: `/users/sessions` is no user.
  return fits.sort((a, b) => a.split('{').length - b.split('{').length)[0]
}
