import { readTriggers, type TriggerDefinition, type TriggerProblem } from './definition.js'
import type { TriggerOwner } from './evaluate.js'

/** The parameter that holds an entity's triggers. */
export const TRIGGER_PARAMETERS: Readonly<Record<string, string>> = {
  CLUSTER: 'cluster_triggers',
  SERVICE: 'service_triggers',
  ROLE: 'role_triggers',
  HOST: 'host_triggers',
}

interface Named {
  identity: string
  name: string
  /** Key in `configs`. */
  config?: string | undefined
}

/** What of the health model triggers need; `HealthModel` of src/wire has it. */
export interface TriggerModel {
  configs: Readonly<Record<string, { values: Readonly<Record<string, string>> }>>
  clusters: readonly Named[]
  services: readonly (Named & { serviceName: string; cluster?: string | undefined })[]
  hosts: readonly (Named & { hostname: string; cluster?: string | undefined })[]
  roles: readonly (Named & { service: string; host: string })[]
}

interface Read {
  triggers: readonly TriggerDefinition[]
  problems: readonly TriggerProblem[]
}

const NONE: Read = { triggers: [], problems: [] }

/** The entities that have triggers, also such as cannot be read, with what the variables of their expressions stand for. */
export function triggerOwners(model: TriggerModel): TriggerOwner[] {
  const read = new Map<string, Read>()
  const triggersOf = (category: string, config: string | undefined): Read => {
    if (config === undefined) return NONE
    const parameter = TRIGGER_PARAMETERS[category]!
    const key = `${parameter} ${config}`
    let found = read.get(key)
    if (found === undefined)
      read.set(key, (found = readTriggers(parameterOf(model.configs[config]?.values, parameter))))
    return found
  }

  const owners: TriggerOwner[] = []
  const add = (category: string, entity: Named, variables: () => Record<string, string>) => {
    const { triggers, problems } = triggersOf(category, entity.config)
    if (triggers.length + problems.length > 0)
      owners.push({
        category,
        identity: entity.identity,
        variables: { ENTITYNAME: entity.name, ...variables() },
        triggers,
        ...(problems.length > 0 && { problems }),
      })
  }
  const byIdentity = <T extends Named>(list: readonly T[]) => new Map(list.map((one) => [one.identity, one]))
  const clusters = byIdentity(model.clusters)
  const services = byIdentity(model.services)
  const hosts = byIdentity(model.hosts)
  const ofCluster = (identity: string | undefined): Record<string, string> => {
    const cluster = identity === undefined ? undefined : clusters.get(identity)
    return cluster ? { CLUSTERNAME: cluster.name, CLUSTERID: cluster.identity } : {}
  }
  const ofHost = (identity: string): Record<string, string> => {
    const host = hosts.get(identity)
    return host ? { HOSTID: host.identity, HOSTNAME: host.hostname } : {}
  }

  for (const cluster of model.clusters) add('CLUSTER', cluster, () => ofCluster(cluster.identity))
  for (const service of model.services)
    add('SERVICE', service, () => ({ SERVICENAME: service.serviceName, ...ofCluster(service.cluster) }))
  for (const host of model.hosts)
    add('HOST', host, () => ({ ...ofHost(host.identity), ...ofCluster(host.cluster) }))
  for (const role of model.roles)
    add('ROLE', role, () => {
      const service = services.get(role.service)
      return {
        ROLENAME: role.name,
        ...ofHost(role.host),
        ...(service ? { SERVICENAME: service.serviceName, ...ofCluster(service.cluster) } : {}),
      }
    })
  return owners
}

/** Names of parameters are compared without case. */
function parameterOf(values: Readonly<Record<string, string>> | undefined, name: string): string {
  if (!values) return ''
  const exact = values[name]
  if (exact !== undefined) return exact
  for (const [key, value] of Object.entries(values)) if (key.toLowerCase() === name) return value
  return ''
}
