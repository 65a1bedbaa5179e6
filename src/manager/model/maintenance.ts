import type { Change } from './change.js'
import type { Entity, Model } from './types.js'

const tables = { CLUSTER: 'cluster', SERVICE: 'service', ROLE: 'role', HOST: 'host' } as const

/** Switches the maintenance mode of one entity; what is below it is in it as well, through it (`maintenanceOwners`). */
export async function setMaintenance(
  change: Change,
  entity: Entity,
  id: number,
  maintenance: boolean,
): Promise<void> {
  await change.trx.updateTable(tables[entity]).set({ maintenance }).where('id', '=', id).execute()
  change.touch(tables[entity], [id])
}

/** Through which entities an entity is in maintenance mode; empty: it is not. Itself first. */
export function maintenanceOwners(model: Model, entity: Entity, id: number): Entity[] {
  switch (entity) {
    case 'CLUSTER':
      return model.clusters.get(id)?.maintenance ? ['CLUSTER'] : []
    case 'HOST':
      return model.hosts.get(id)?.maintenance ? ['HOST'] : []
    case 'SERVICE': {
      const service = model.services.get(id)
      if (!service) return []
      const above = service.clusterId === null ? [] : maintenanceOwners(model, 'CLUSTER', service.clusterId)
      return [...(service.maintenance ? (['SERVICE'] as const) : []), ...above]
    }
    case 'ROLE': {
      const role = model.roles.get(id)
      if (!role) return []
      return [
        ...(role.maintenance ? (['ROLE'] as const) : []),
        ...maintenanceOwners(model, 'SERVICE', role.serviceId),
        ...maintenanceOwners(model, 'HOST', role.hostId),
      ]
    }
  }
}
