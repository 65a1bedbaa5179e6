import type { Model } from '../../model/index.js'
import type { Model as ApiModel } from '../contract/types.js'
import type { SharedCall } from '../http/call.js'
import type { CommandRecord, CommandRequest, Resources } from './ports.js'

type ApiCommand = ApiModel<'ApiCommand'>

export function toCommand(record: CommandRecord): ApiCommand {
  const { cluster, service, roleName, host, parentId, children } = record
  const clusterName = cluster?.name
  return {
    id: record.id,
    name: record.name,
    startTime: new Date(record.startedAt).toISOString(),
    endTime: record.endedAt === undefined ? undefined : new Date(record.endedAt).toISOString(),
    active: record.endedAt === undefined,
    success: record.endedAt === undefined ? undefined : record.success === true,
    resultMessage: record.message,
    clusterRef: cluster && { clusterName, displayName: cluster.displayName },
    serviceRef: service && { clusterName, serviceName: service.name, serviceType: service.type },
    roleRef: roleName === undefined ? undefined : { clusterName, serviceName: service?.name, roleName },
    hostRef: host,
    parent: parentId === undefined ? undefined : { id: parentId },
    children: children.length > 0 ? { items: children.map(toCommand) } : undefined,
    canRetry: record.canRetry,
  }
}

/** What was done at once, as a command: there is nothing to wait for, so its id is -1. */
export function synchronous(
  name: string,
  about: Pick<ApiCommand, 'clusterRef' | 'serviceRef' | 'roleRef' | 'hostRef'>,
): ApiCommand {
  const now = new Date().toISOString()
  return { id: -1, name, startTime: now, endTime: now, active: false, success: true, ...about }
}

/** Starts a command for a request. `request` makes it from the model as it is now. */
export async function startCommand(
  resources: Resources,
  call: Pick<SharedCall, 'user' | 'audit'>,
  request: (model: Model) => CommandRequest,
): Promise<ApiCommand> {
  const wanted = request(await resources.core.model())
  call.audit.command = wanted.name
  return commandById(resources, await resources.commands.start(wanted, call.user.name))
}

export const commandById = async (resources: Resources, id: number): Promise<ApiCommand> =>
  toCommand(await resources.commands.find(id))
