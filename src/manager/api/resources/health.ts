import type { HealthSummary, SummarizedEntity } from '../../../wire/health.js'
import {
  clusterIdentity,
  type Explanations,
  type HealthOf,
  type HealthResults,
  serviceIdentity,
} from '../../health/index.js'
import type { Model } from '../../model/index.js'
import type { Health, HealthScope, Runtime } from './ports.js'

const NO_EXPLANATIONS: Explanations = new Map()

/** How things are at this moment, as views ask for it; nothing has a health while the monitor is away. */
export async function healthFor(
  results: HealthResults | undefined,
  model: Model,
  explained: HealthScope | undefined,
): Promise<Runtime['health']> {
  if (!results) return () => undefined
  const [of, why] = await Promise.all([
    results.read(),
    explained ? results.explanations(scopeOf(model, explained)) : NO_EXPLANATIONS,
  ])
  return (what) => {
    if ('host' in what) return found(of, why, 'HOST', what.host.hostId)
    if ('role' in what) return found(of, why, 'ROLE', what.role.name)
    return found(of, why, 'SERVICE', serviceIdentity(model, what.service))
  }
}

function found(of: HealthOf, why: Explanations, category: string, identity: string): Health | undefined {
  const entity = of(category, identity)
  if (!entity) return undefined
  const sentences = why.get(`${category} ${identity}`)
  return {
    summary: entity.summary,
    checks: checksOf(entity, sentences),
  }
}

function checksOf(
  { tests }: SummarizedEntity,
  sentences: ReadonlyMap<string, string> | undefined,
): Health['checks'] {
  return tests.map(([name, summary, suppressed]) => ({
    name,
    summary: summary satisfies HealthSummary,
    explanation: sentences?.get(name) ?? '',
    suppressed,
  }))
}

function scopeOf(model: Model, { clusterName, serviceName, category }: HealthScope) {
  const cluster = [...model.clusters.values()].find(({ name }) => name === clusterName)
  const service =
    serviceName === undefined
      ? undefined
      : (model.servicesOfCluster.get(cluster?.id ?? 0) ?? []).find(({ name }) => name === serviceName)
  if (service) return { service: serviceIdentity(model, service) }
  return {
    ...(category && { category }),
    ...(cluster && { cluster: clusterIdentity(cluster) }),
  }
}
