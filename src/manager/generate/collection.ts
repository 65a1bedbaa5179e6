import { metricsToken } from '../../wire/port-tokens.js'
import { type CollectorType, type MetricDescriptor, rateName } from '../descriptors/index.js'
import type { ProcessInput } from './input.js'
import { lookupIn } from './lookup.js'
import { GenerationError } from './problem.js'
import { type Context, textOf } from './scope.js'
import { substitute } from './substitute.js'

/** One value that the agent reads for a role. */
export interface CollectedMetric {
  /** Name under which it is stored. */
  readonly name: string
  /** Where it is in what the source gives; for `json` and `jmx` a path whose parts are joined with `::`, filled in. */
  readonly context: string
  /** A value that only grows. */
  readonly counter: boolean
  /** Where its rate per second is stored as well; undefined for gauges. */
  readonly rateName: string | undefined
  readonly valueMap: Readonly<Record<string, number>> | undefined
  readonly scale: number
  readonly as?: 'age' | 'count' | undefined
}

/** A place that the agent asks, with what it takes from there. */
export interface CollectionTarget {
  readonly type: CollectorType
  /** For all but `mntr`. */
  readonly url: string | undefined
  /** Good for reading /metrics alone. */
  readonly token?: string
  readonly caFile?: string
  /** For `mntr`. */
  readonly host: string | undefined
  readonly port: number | undefined
  /** Empty: everything that a `prometheus` page has, under its own names. */
  readonly metrics: readonly CollectedMetric[]
}

/**
 * What the agent collects of a role beside the metrics of its process: none for a role type without an MDL, and none from
 * a source whose address is empty. Throws `GenerationError` for a template that cannot be filled in.
 */
export function collectionTargets(input: Pick<ProcessInput, 'service' | 'role'>): CollectionTarget[] {
  const { service, role } = input
  const own = service.descriptor.metrics?.roles.find((each) => each.type === role.type)
  if (!own || (own.metrics.length === 0 && own.collectors.length === 0)) return []
  const context: Context = {
    service,
    roleType: role.type,
    hostname: role.hostname,
    config: role.config,
    problems: [],
  }
  const lookup = lookupIn(context)
  const fill = (template: string | undefined, what: string) =>
    template === undefined
      ? undefined
      : substitute(template, lookup, `${role.type} collector ${what}`, context.problems).trim()
  const collectors =
    own.collectors.length > 0
      ? own.collectors
      : [
          {
            type: (textOf(role.config, 'metrics_format') ?? 'json') as CollectorType,
            url: textOf(role.config, 'metrics_url') ?? '',
            host: undefined,
            port: undefined,
            secureUrl: undefined,
            secureWhen: undefined,
            portToken: undefined,
            caFile: undefined,
          },
        ]
  const metrics = own.metrics.map((metric) =>
    collected({ ...metric, context: fill(metric.context, `metric ${metric.name}`) }),
  )
  const out: CollectionTarget[] = []
  for (const { type, ...templates } of collectors) {
    const isSecure = templates.secureWhen !== undefined && !!textOf(role.config, templates.secureWhen)
    const url = fill((isSecure ? templates.secureUrl : undefined) ?? templates.url, 'url')
    const portToken = fill(templates.portToken, 'portToken')
    const caFile = isSecure ? fill(templates.caFile, 'caFile') : undefined
    const port = fill(templates.port, 'port')
    if (type === 'mntr' ? !port : !url) continue
    if (metrics.length === 0 && type !== 'prometheus') continue
    out.push({
      type,
      url: type === 'mntr' ? undefined : url,
      ...(portToken ? { token: metricsToken(portToken) } : {}),
      ...(caFile ? { caFile } : {}),
      host: type === 'mntr' ? (fill(templates.host, 'host') ?? '127.0.0.1') : undefined,
      port: type === 'mntr' ? Number(port) : undefined,
      metrics,
    })
  }
  if (context.problems.length > 0) throw new GenerationError(`Metrics of ${role.name}`, context.problems)
  return out
}

function collected(metric: MetricDescriptor): CollectedMetric {
  return {
    name: metric.name,
    context: metric.context ?? metric.name,
    counter: metric.counter,
    rateName: metric.counter ? rateName(metric.name) : undefined,
    valueMap: metric.valueMap,
    scale: metric.scale ?? 1,
    as: metric.as,
  }
}
