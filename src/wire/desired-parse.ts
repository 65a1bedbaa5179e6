import { file } from './desired-file.js'
import { desiredProcess } from './desired-process.js'
import type { DesiredClientConfig, DesiredState, HostPlace, MetricRule } from './desired-state.js'
import type { DesiredFault } from './heartbeat.js'
import { absolute, httpUrl, id, relative, revision } from './heartbeat-checks.js'
import { metricRule } from './metric-endpoint.js'
import {
  byDefault,
  type Check,
  isObject,
  list,
  optional,
  ShapeError,
  shape,
  text,
  truth,
  whole,
} from './shape.js'

/** A desired state; what cannot be read of it goes to `faults`. Throws ShapeError when it is none at all. */
export function parseDesired(value: unknown, faults: DesiredFault[]): DesiredState {
  const rest = shape<Omit<DesiredState, 'processes' | 'clientConfigs' | 'metricSets'>>({
    monitor: optional(
      shape({ urls: list(httpUrl, 20), token: optional(text(4000, /^[\x21-\x7e]*$/, 'a token')) }) as Check<
        NonNullable<DesiredState['monitor']>
      >,
    ),
    managerUrls: optional(list(httpUrl, 20)),
    place: optional(
      shape<HostPlace>({
        rackId: optional(text(4000)),
        clusterName: optional(text(4000)),
        clusterDisplayName: optional(text(4000)),
        clusterId: optional(text(4000)),
        version: optional(text(4000)),
      }),
    ),
    hardStop: optional(truth),
  })(value, 'desired')
  const { processes, clientConfigs, metricSets } = value as Record<string, unknown>
  const good = each(processes, desiredProcess, 'desired.processes', 10_000, faults)
  const seen = new Set<number>()
  const unique = good.filter(({ id: one }) => {
    if (!seen.has(one)) return seen.add(one)
    faults.push({ path: 'desired.processes', message: `process ${one} is there twice`, id: one })
    return false
  })
  const sets: Record<string, MetricRule[]> = Object.create(null)
  for (const [name, rules] of Object.entries(isObject(metricSets) ? metricSets : {}))
    sets[name] = each(rules, metricRule, `desired.metricSets.${name}`, 20_000, faults)
  return {
    ...rest,
    processes: unique,
    clientConfigs: each(clientConfigs ?? [], clientConfig, 'desired.clientConfigs', 1000, faults),
    metricSets: sets,
  }
}

const clientConfig = shape<DesiredClientConfig>({
  name: text(200, /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'a name of letters, digits, dots and dashes'),
  revision,
  directory: absolute,
  files: byDefault(list(file, 1000), []),
  alternatives: optional(
    shape({
      link: absolute,
      name: text(100, /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'a name'),
      priority: whole(0, 1_000_000),
    }),
  ),
  from: optional(shape({ processId: id, folder: relative })),
})

const MAX_FAULTS = 20_000

/** Every good one of a list; a bad one does not cost the others. Throws ShapeError when it is no list. */
export function each<T>(
  value: unknown,
  check: Check<T>,
  path: string,
  max: number,
  faults: DesiredFault[],
): T[] {
  return list((one) => one, max)(value, path).flatMap((one, i) => {
    try {
      return [check(one, `${path}[${i}]`)]
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error
      const known = isObject(one) && Number.isSafeInteger(one.id) ? { id: one.id as number } : {}
      if (faults.length < MAX_FAULTS) faults.push({ path: error.path, message: error.message, ...known })
      return []
    }
  })
}
