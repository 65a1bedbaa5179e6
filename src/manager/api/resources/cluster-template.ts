import { listStored, parametersAt } from '../../configuration/index.js'
import {
  type Cluster,
  type ConfigTarget,
  clusterNamed,
  descriptorOf,
  type Host,
  type Model,
  type Service,
  tagKey,
} from '../../model/index.js'
import type { Model as ApiModel } from '../contract/types.js'
import type { Handlers } from '../http/call.js'
import type { Resources } from './ports.js'
import { tagsOf } from './views.js'

type Config = ApiModel<'ApiClusterTemplateConfig'>

const TO_FILL_IN = '<changeme>'

/**
 * A cluster as a template: its services, groups and values without its hosts' names and without secrets. Both stand as
 * `<changeme>`, for whoever makes another cluster of it. Hosts that carry the same groups are one host template.
 */
export function clusterTemplateResources(resources: Resources): Handlers {
  const { core } = resources
  return {
    async 'GET /clusters/{clusterName}/export'({ params }) {
      const model = await core.model()
      return templateOf(resources, model, clusterNamed(model, params.clusterName))
    },
  }
}

function templateOf(resources: Resources, model: Model, cluster: Cluster): ApiModel<'ApiClusterTemplate'> {
  const variables: string[] = []
  const services = model.servicesOfCluster.get(cluster.id) ?? []
  const { templates, hosts } = hostTemplates(model, model.hostsOfCluster.get(cluster.id) ?? [])
  return {
    cdhVersion: cluster.fullVersion,
    displayName: cluster.displayName,
    cmVersion: resources.version,
    products: [],
    repositories: [],
    services: services.map((service) => serviceOf(resources, model, service, variables)),
    hostTemplates: templates,
    tags: tagsOf(model, tagKey('CLUSTER', cluster.id)),
    instantiator: {
      clusterName: cluster.name,
      hosts,
      variables: variables.map((name) => ({ name, value: TO_FILL_IN })),
      roleConfigGroups: services
        .flatMap((service) => model.groupsOfService.get(service.id) ?? [])
        .filter((group) => !group.base)
        .map(({ name }) => ({ rcgRefName: name, name })),
    },
  }
}

function serviceOf(
  resources: Resources,
  model: Model,
  service: Service,
  variables: string[],
): ApiModel<'ApiClusterTemplateService'> {
  const config = (target: ConfigTarget, owner: string) => configOf(resources, model, target, owner, variables)
  return {
    refName: service.name,
    serviceType: service.type,
    displayName: service.displayName,
    serviceConfigs: config({ scope: 'SERVICE', id: service.id }, service.name),
    roleConfigGroups: (model.groupsOfService.get(service.id) ?? []).map((group) => ({
      refName: group.name,
      roleType: group.roleType,
      base: group.base,
      displayName: group.displayName,
      configs: config({ scope: 'GROUP', id: group.id }, group.name),
    })),
    tags: tagsOf(model, tagKey('SERVICE', service.id)),
  }
}

function configOf(
  { core }: Resources,
  model: Model,
  target: ConfigTarget,
  owner: string,
  variables: string[],
): Config[] {
  const service = target.scope === 'SERVICE' ? model.services.get(target.id) : undefined
  const references =
    service && descriptorOf(model, core.descriptors(), service)
      ? parametersAt(model, core.descriptors(), target).filter(({ purpose }) => purpose === 'DEPENDENCY')
      : []
  return listStored(model, core.descriptors(), core.keys, target).map(
    ({ name, value, sensitive }): Config => {
      if (sensitive) {
        const variable = `${owner}-${name}`
        variables.push(variable)
        return { name, variable }
      }
      return references.some((each) => each.name === name) ? { name, ref: value } : { name, value }
    },
  )
}

function hostTemplates(model: Model, hosts: readonly Host[]) {
  const byGroups = new Map<string, { groups: string[]; count: number }>()
  const infos: ApiModel<'ApiClusterTemplateHostInfo'>[] = []
  for (const host of hosts) {
    const groups = (model.rolesOfHost.get(host.id) ?? [])
      .filter((role) => model.services.get(role.serviceId)?.clusterId === host.clusterId)
      .map((role) => model.groups.get(role.roleConfigGroupId)!.name)
      .sort()
    if (groups.length === 0) continue
    const key = groups.join('/')
    const found = byGroups.get(key) ?? { groups, count: 0 }
    found.count++
    byGroups.set(key, found)
    const index = [...byGroups.keys()].indexOf(key)
    infos.push({ hostName: TO_FILL_IN, hostTemplateRefName: `HostTemplate-${index}`, rackId: host.rackId })
  }
  const templates = [...byGroups.values()].map(({ groups, count }, i) => ({
    refName: `HostTemplate-${i}`,
    roleConfigGroupsRefNames: groups,
    cardinality: count,
  }))
  return { templates, hosts: infos }
}
