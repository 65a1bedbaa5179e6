import { type Cluster, clusterNamed, type Model, type Service, serviceNamed } from '../../model/index.js'
import type { View } from '../contract/types.js'
import { notFound } from '../http/errors.js'
import type { HealthScope, Resources } from './ports.js'
import type { Scene } from './views.js'

interface Looking {
  endpoint?: string
  base: string
  query: object
  params?: object
}

/** The model and the running world as they are now, as a request looks at them. */
export async function sceneFor(resources: Resources, call: Looking, view?: View): Promise<Scene> {
  const model = await resources.core.model()
  const asked = (call.query as { view?: View }).view
  const seen = view ?? asked ?? 'summary'
  const explained = seen === 'full_with_health_check_explanation' ? scopeOf(model, call) : undefined
  return { model, runtime: await resources.runtime(model, explained), view: seen, base: call.base }
}

/** The part of the model that a path is about. */
function scopeOf(model: Model, call: Looking): HealthScope {
  const { clusterName, serviceName } = (call.params ?? {}) as { clusterName?: string; serviceName?: string }
  if (call.endpoint?.includes(' /cm/service')) return { serviceName: findManagementService(model)?.name }
  if (serviceName !== undefined) return { clusterName, serviceName }
  if (clusterName !== undefined) return { clusterName }
  return { category: 'HOST' }
}

export interface ServicePlace {
  cluster: Cluster | undefined
  service: Service
}

/** The service that a path names: one of a cluster's, or the management service. */
export function serviceAt(
  model: Model,
  params: { clusterName?: string; serviceName?: string },
): ServicePlace {
  if (params.clusterName === undefined) return { cluster: undefined, service: managementService(model) }
  return {
    cluster: clusterNamed(model, params.clusterName),
    service: serviceNamed(model, params.clusterName, params.serviceName ?? ''),
  }
}

export const MANAGEMENT_TYPE = 'MGMT'

export function findManagementService(model: Model): Service | undefined {
  return model.servicesOfCluster.get(0)?.find((service) => service.type === MANAGEMENT_TYPE)
}

export function managementService(model: Model): Service {
  const found = findManagementService(model)
  if (found) return found
  throw notFound('There is no management service yet; PUT /cm/service makes it.')
}
