import {
  fail,
  flag,
  inside,
  list,
  matching,
  number,
  object,
  oneOf,
  optional,
  type Place,
  pairs,
  type Read,
  required,
  text,
  withDefault,
  words,
} from '../json/read.js'
import {
  type AttributeDescriptor,
  type Collector,
  collectorTypes,
  type EntityTypeDescriptor,
  type MetricDescriptor,
  type RoleField,
  type RoleMetrics,
  roleFields,
  type ServiceMetrics,
} from '../model/mdl.js'

const metricName = matching(
  /^[a-z]+[a-z0-9]*(_[a-z0-9]+)*$/,
  'must be words of lower case letters and digits joined by single underscores',
)

const numbers: Read<Readonly<Record<string, number>>> = (value, at) => {
  const out = pairs(number())(value, at)
  return out && Object.fromEntries(out)
}

const roleField: Read<RoleField> = (value, at) => {
  const out = object<RoleField>({
    field: required(oneOf(Object.keys(roleFields) as (keyof typeof roleFields)[])),
    values: required(numbers),
    minInstances: withDefault(number(), 1),
  })(value, at)
  if (!out) return undefined
  const words: readonly string[] = roleFields[out.field]
  const wrong = Object.keys(out.values).find((word) => !words.includes(word))
  if (wrong === undefined) return out
  const place = inside(inside(at, 'values'), wrong)
  return fail(place, 'BAD_VALUE', `is no word of ${out.field}; use ${words.join(', ')}`)
}

interface GivenMetric extends Omit<MetricDescriptor, 'counter'> {
  readonly counter: boolean
  readonly type: 'gauge' | 'counter' | undefined
}

const givenMetric = object<GivenMetric>({
  name: required(metricName),
  label: required(words),
  description: required(text),
  numeratorUnit: required(words),
  denominatorUnit: optional(words),
  counter: withDefault(flag, false),
  // Newer files say it this way.
  type: optional(oneOf(['gauge', 'counter'] as const)),
  weightingMetricName: optional(text),
  context: optional(text),
  aliases: withDefault(list(metricName), []),
  valueMap: optional(numbers),
  scale: optional(number()),
  as: optional(oneOf(['age', 'count'] as const)),
  shownAs: optional(roleField),
})

const metric: Read<MetricDescriptor> = (value, at) => {
  const given = givenMetric(value, at)
  if (!given) return undefined
  const { type, ...rest } = given
  const counter = given.counter || type === 'counter'
  if (counter && given.denominatorUnit !== undefined)
    return fail(inside(at, 'denominatorUnit'), 'CONFLICT', 'a counter has no denominator; remove it')
  if (counter && given.name.endsWith('_rate'))
    return fail(inside(at, 'name'), 'BAD_VALUE', 'a counter must not end in _rate: its rate will; rename it')
  if (!counter && given.name.endsWith('_rate') && given.denominatorUnit === undefined)
    return fail(inside(at, 'denominatorUnit'), 'MISSING', 'a rate needs a denominatorUnit; add it')
  return { ...rest, counter }
}

const metrics = withDefault(list(metric), [])
const names = withDefault(list(text), [])

const collector: Read<Collector> = (value, at) => {
  const out = object<Collector>({
    type: required(oneOf(collectorTypes)),
    url: optional(text),
    host: optional(text),
    port: optional(text),
    secureUrl: optional(text),
    secureWhen: optional(text),
    portToken: optional(text),
    caFile: optional(text),
  })(value, at)
  if (out && out.type !== 'mntr' && out.url === undefined)
    return fail(at, 'MISSING', `a ${out.type} collector needs a url; add it`)
  if (out?.type === 'mntr' && out.port === undefined)
    return fail(at, 'MISSING', 'a mntr collector needs a port; add it')
  return out
}

interface GivenPlural {
  readonly nameForCrossEntityAggregateMetrics: string | undefined
}

type Given<T> = Omit<T, 'type' | 'plural' | 'metrics'> &
  GivenPlural & { readonly name: string; readonly metricDefinitions: readonly MetricDescriptor[] }

const roleMetrics = object<Given<RoleMetrics>>({
  name: required(words),
  metricDefinitions: metrics,
  nameForCrossEntityAggregateMetrics: optional(text),
  additionalImmutableAttributeNames: names,
  additionalMutableAttributeNames: names,
  collectors: withDefault(list(collector), []),
})

const attribute = object<AttributeDescriptor>({
  name: required(matching(/^[a-zA-Z]+$/, 'must only contain letters')),
  label: required(words),
  description: required(text),
  valueCaseSensitive: withDefault(flag, false),
})

type GivenEntity = Omit<EntityTypeDescriptor, 'plural' | 'metrics'> &
  GivenPlural & { readonly metricDefinitions: readonly MetricDescriptor[] }

const entityType = object<GivenEntity>({
  name: required(matching(/^[A-Z][A-Z_]*$/, 'must only contain upper case letters and underscores')),
  nameForCrossEntityAggregateMetrics: optional(text),
  label: required(words),
  labelPlural: required(words),
  description: required(text),
  immutableAttributeNames: required(list(text)),
  mutableAttributeNames: names,
  entityNameFormat: required(list(text)),
  entityLabelFormat: optional(text),
  parentMetricEntityTypeNames: names,
  metricDefinitions: metrics,
})

interface GivenService extends GivenPlural {
  readonly name: string
  readonly version: string
  readonly metricDefinitions: readonly MetricDescriptor[]
  readonly roles: readonly Given<RoleMetrics>[]
  readonly metricEntityAttributeDefinitions: readonly AttributeDescriptor[]
  readonly metricEntityTypeDefinitions: readonly GivenEntity[]
}

const service = object<GivenService>({
  name: required(words),
  version: required(text),
  nameForCrossEntityAggregateMetrics: optional(text),
  metricDefinitions: metrics,
  roles: withDefault(list(roleMetrics), []),
  metricEntityAttributeDefinitions: withDefault(list(attribute), []),
  metricEntityTypeDefinitions: withDefault(list(entityType), []),
})

/** Reads a `service.mdl` (csd.md §4), with the plural names of aggregates filled in. */
export function readMetrics(value: unknown, at: Place): ServiceMetrics | undefined {
  const given = service(value, at)
  if (!given) return undefined
  const prefix = given.name.toLowerCase()
  const plural = (name: string) => {
    const lower = `${name.toLowerCase()}s`
    return lower.startsWith(`${prefix}_`) ? lower : `${prefix}_${lower}`
  }
  return {
    type: given.name,
    version: given.version,
    plural: given.nameForCrossEntityAggregateMetrics ?? `${prefix}s`,
    metrics: given.metricDefinitions,
    roles: given.roles.map(({ name, metricDefinitions, nameForCrossEntityAggregateMetrics, ...rest }) => ({
      ...rest,
      type: name,
      metrics: metricDefinitions,
      plural: nameForCrossEntityAggregateMetrics ?? plural(name),
    })),
    attributes: given.metricEntityAttributeDefinitions,
    entityTypes: given.metricEntityTypeDefinitions.map(
      ({ metricDefinitions, nameForCrossEntityAggregateMetrics, ...rest }) => ({
        ...rest,
        metrics: metricDefinitions,
        plural: nameForCrossEntityAggregateMetrics ?? plural(rest.name),
      }),
    ),
  }
}
