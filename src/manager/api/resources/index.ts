import type { Handlers } from '../http/call.js'
import { alertResources } from './alerts.js'
import { auditResources } from './audits.js'
import { clusterTemplateResources } from './cluster-template.js'
import { clusterResources } from './clusters.js'
import { managerResources } from './cm.js'
import { commandResources } from './commands.js'
import { configResources } from './config.js'
import { deploymentResources } from './deployment.js'
import { groupResources } from './groups.js'
import { hostResources } from './hosts.js'
import { joinTokenResources } from './join-tokens.js'
import { maintenanceResources } from './maintenance.js'
import type { Resources } from './ports.js'
import { roleResources } from './roles.js'
import { serviceTypeResources } from './service-types.js'
import { serviceResources } from './services.js'
import { templateResources } from './templates.js'
import { toolResources } from './tools.js'
import { userResources } from './users.js'

/** Everything that the API serves; what is not here answers 404. */
export function allHandlers(resources: Resources): Handlers {
  return {
    ...managerResources(resources),
    ...joinTokenResources(resources),
    ...serviceTypeResources(resources),
    ...deploymentResources(resources),
    ...configResources(resources),
    ...clusterResources(resources),
    ...clusterTemplateResources(resources),
    ...hostResources(resources),
    ...serviceResources(resources),
    ...roleResources(resources),
    ...groupResources(resources),
    ...templateResources(resources),
    ...maintenanceResources(resources),
    ...commandResources(resources),
    ...userResources(resources),
    ...auditResources(resources),
    ...alertResources(resources),
    ...toolResources,
  }
}

export type * from './ports.js'
