import {
  clusterNamed,
  type Entity,
  hostNamed,
  type Model,
  roleNamed,
  setMaintenance,
} from '../../model/index.js'
import { type Handlers, type SharedCall, shared } from '../http/call.js'
import { changeFor } from './change.js'
import { synchronous } from './command-views.js'
import type { Resources } from './ports.js'
import { serviceAt } from './scene.js'
import { clusterRef, hostRef, serviceRef } from './views.js'

type Params = SharedCall['params']

interface Found {
  entity: Entity
  id: number
  about: Parameters<typeof synchronous>[1]
}

const places: Readonly<Record<string, (model: Model, params: Params) => Found>> = {
  '/clusters/{clusterName}': (model, params) => {
    const cluster = clusterNamed(model, params.clusterName!)
    return { entity: 'CLUSTER', id: cluster.id, about: { clusterRef: clusterRef(cluster) } }
  },
  '/clusters/{clusterName}/services/{serviceName}': (model, params) => {
    const { service } = serviceAt(model, params)
    return { entity: 'SERVICE', id: service.id, about: { serviceRef: serviceRef(model, service) } }
  },
  '/clusters/{clusterName}/services/{serviceName}/roles/{roleName}': (model, params) => {
    const { cluster, service } = serviceAt(model, params)
    const role = roleNamed(model, service, params.roleName!)
    return {
      entity: 'ROLE',
      id: role.id,
      about: { roleRef: { clusterName: cluster?.name, serviceName: service.name, roleName: role.name } },
    }
  },
  '/hosts/{hostId}': (model, params) => {
    const host = hostNamed(model, params.hostId!)
    return { entity: 'HOST', id: host.id, about: { hostRef: hostRef(host) } }
  },
}

/** Maintenance mode of clusters, services, roles and hosts: done at once, so the command has the id -1. */
export function maintenanceResources(resources: Resources): Handlers {
  const handlers: Record<string, (call: SharedCall) => unknown> = {}
  for (const [path, find] of Object.entries(places))
    for (const [word, on] of [
      ['enterMaintenanceMode', true],
      ['exitMaintenanceMode', false],
    ] as const)
      handlers[`POST ${path}/commands/${word}`] = async (call) => {
        call.audit.command = word
        const { about } = await changeFor(resources, call, async (change) => {
          const found = find(await change.model(), call.params)
          await setMaintenance(change, found.entity, found.id, on)
          return found
        })
        return synchronous(on ? 'EnterMaintenanceMode' : 'ExitMaintenanceMode', about)
      }
  return shared(handlers)
}
