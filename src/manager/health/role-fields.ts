import type { TimeSeriesResponse } from '../../wire/timeseries.js'
import type { Log } from '../core.js'
import type { DescriptorSet, RoleField, roleFields } from '../descriptors/index.js'
import { descriptorOf, type Model, type Role } from '../model/index.js'
import type { MonitorClient } from './client.js'
import { keep } from './kept.js'

export type RoleFieldName = keyof typeof roleFields

/** A sample: its time, milliseconds since the epoch, and its value. */
interface Sample {
  readonly at: number
  readonly value: number
}

/** The newest sample of a metric of a role. */
export type SampleOf = (roleName: string, metric: string) => Sample | undefined

/** The newest samples of metrics that tell a field of roles in the API, such as `haStatus`. */
export interface RoleSamples {
  /** At most 5 s old; empty when the monitor has not answered for 20 s. Without metrics to ask for it does not ask. */
  read(metrics: readonly string[]): Promise<SampleOf>
  stop(): void
}

const FRESH_MS = 5_000
const FORGET_MS = 20_000
const TIMEOUT_MS = 10_000
/** Of an agent that collects every minute, two samples. */
const WINDOW = 'now-2m'
const MOST_ROLES = 5_000

const NOTHING: SampleOf = () => undefined

export function createRoleSamples({ client, logger }: { client: MonitorClient; logger: Log }): RoleSamples {
  const ending = new AbortController()
  let asked: readonly string[] = []
  const kept = keep<SampleOf>({
    async ask() {
      const query = new URLSearchParams({
        query: `select ${asked.join(', ')} where category = ROLE`,
        from: WINDOW,
        streamLimit: String(MOST_ROLES),
      })
      const { status, body } = await client.ask('GET', `/api/v45/timeseries?${query}`, {
        timeoutMs: TIMEOUT_MS,
        signal: ending.signal,
      })
      if (status !== 200 || body === undefined) throw new Error(`HTTP ${status}`)
      return newest(body as TimeSeriesResponse)
    },
    onFailure(error) {
      if (!ending.signal.aborted)
        logger.warn({ reason: String(error) }, 'The monitor does not tell the modes of roles')
    },
    freshMs: FRESH_MS,
    forgetMs: FORGET_MS,
  })
  return {
    async read(metrics) {
      if (metrics.length === 0) return NOTHING
      asked = metrics
      return (await kept.read()) ?? NOTHING
    },
    stop: () => ending.abort(),
  }
}

function newest({ items }: TimeSeriesResponse): SampleOf {
  const samples = new Map<string, Sample>()
  for (const { timeSeries } of items)
    for (const { metadata, data } of timeSeries) {
      const last = data.at(-1)
      if (!last) continue
      const sample = { at: Date.parse(last.timestamp), value: last.value }
      samples.set(`${metadata.attributes.roleName} ${metadata.metricName}`, sample)
    }
  return (roleName, metric) => samples.get(`${roleName} ${metric}`)
}

/** The metric that tells a field of a role, where its service type has one. */
export function fieldMetric(
  model: Model,
  descriptors: DescriptorSet,
  role: Role,
  field: RoleFieldName,
): { name: string; shown: RoleField } | undefined {
  const service = model.services.get(role.serviceId)
  const descriptor = service && descriptorOf(model, descriptors, service)
  const metrics = descriptor?.metrics?.roles.find(({ type }) => type === role.type)?.metrics ?? []
  for (const { name, shownAs } of metrics) {
    if (shownAs?.field !== field) continue
    const siblings = (model.rolesOfService.get(role.serviceId) ?? []).filter(({ type }) => type === role.type)
    return siblings.length >= shownAs.minInstances ? { name, shown: shownAs } : undefined
  }
  return undefined
}

/** Names of all metrics of the model's service types that tell a field of a role. */
export function fieldMetrics(model: Model, descriptors: DescriptorSet): string[] {
  const names = new Set<string>()
  for (const service of model.services.values())
    for (const { metrics } of descriptorOf(model, descriptors, service)?.metrics?.roles ?? [])
      for (const { name, shownAs } of metrics) if (shownAs) names.add(name)
  return [...names].sort()
}
