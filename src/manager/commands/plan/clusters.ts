import { invalid } from '../../model/errors.js'
import { type Cluster, type Host, mayRun, type Role, type Service } from '../../model/index.js'
import type { At, PlanNode, Scope } from '../types.js'
import { startStep, validateStep } from './roles.js'
import {
  decommission,
  planDeployClientConfig,
  planServiceFirstRun,
  planServiceRefresh,
  planServiceRollingRestart,
  planServiceStart,
  planServiceStop,
  type RollingRestartOptions,
} from './services.js'

const scopeOf = (cluster: Cluster): Scope => ({ clusterId: cluster.id })

/** Each service after those that it depends on. Services that depend on each other come in the order of their names. */
export function inDependencyOrder(at: At, services: readonly Service[]): Service[] {
  const { model } = at.instances
  const out: Service[] = []
  const seen = new Set<number>()
  const visit = (service: Service) => {
    if (seen.has(service.id)) return
    seen.add(service.id)
    for (const dependency of at.instances.service(service)?.dependencies.values() ?? []) {
      const found = (model.servicesOfCluster.get(service.clusterId ?? 0) ?? []).find(
        (each) => each.name === dependency.name,
      )
      if (found) visit(found)
    }
    out.push(service)
  }
  for (const service of services) visit(service)
  return out.filter((service) => services.includes(service))
}

function servicesOf(at: At, cluster: Cluster, names?: readonly string[]): Service[] {
  const all = at.instances.model.servicesOfCluster.get(cluster.id) ?? []
  for (const name of names ?? [])
    if (!all.some((each) => each.name === name))
      throw invalid(`Cluster "${cluster.name}" has no service "${name.slice(0, 80)}".`)
  return inDependencyOrder(
    at,
    names && names.length > 0 ? all.filter((each) => names.includes(each.name)) : all,
  )
}

export function planClusterStart(at: At, cluster: Cluster): PlanNode {
  const services = servicesOf(at, cluster)
  return {
    name: 'Start',
    scope: scopeOf(cluster),
    children: [validateAll(cluster, services), ...services.map((service) => planServiceStart(at, service))],
  }
}

export function planClusterStop(at: At, cluster: Cluster): PlanNode {
  return {
    name: 'Stop',
    scope: scopeOf(cluster),
    children: servicesOf(at, cluster)
      .reverse()
      .map((service) => planServiceStop(at, service)),
  }
}

export interface ClusterRestartOptions {
  restartServiceNames?: readonly string[] | undefined
  restartOnlyStaleServices?: boolean | undefined
  redeployClientConfiguration?: boolean | undefined
}

export function planClusterRestart(at: At, cluster: Cluster, options: ClusterRestartOptions = {}): PlanNode {
  const services = servicesOf(at, cluster, options.restartServiceNames).filter(
    (service) => !options.restartOnlyStaleServices || hasStale(at, service),
  )
  return {
    name: 'Restart',
    scope: scopeOf(cluster),
    children: [
      validateAll(cluster, services),
      ...[...services].reverse().map((service) => planServiceStop(at, service)),
      ...redeploy(at, cluster, services, options),
      ...services.map((service) => planServiceStart(at, service)),
    ],
  }
}

export function planClusterRollingRestart(
  at: At,
  cluster: Cluster,
  options: RollingRestartOptions & Omit<ClusterRestartOptions, 'restartOnlyStaleServices'> = {},
): PlanNode {
  const services = servicesOf(at, cluster, options.restartServiceNames)
  return {
    name: 'RollingRestart',
    scope: scopeOf(cluster),
    children: [
      validateAll(cluster, services),
      ...redeploy(at, cluster, services, options),
      ...services.map((service) => planServiceRollingRestart(at, service, options)),
    ],
  }
}

export function planClusterRefresh(at: At, cluster: Cluster): PlanNode {
  const services = servicesOf(at, cluster)
  return {
    name: 'RefreshCluster',
    scope: scopeOf(cluster),
    mode: 'PARALLEL',
    children: services.map((service) => planServiceRefresh(at, service)),
  }
}

export function planClusterDeployClientConfig(at: At, cluster: Cluster): PlanNode {
  return {
    name: 'DeployClusterClientConfig',
    scope: scopeOf(cluster),
    mode: 'PARALLEL',
    children: servicesOf(at, cluster)
      .filter((service) => at.instances.service(service)?.descriptor.gateway)
      .map((service) => planDeployClientConfig(at, service)),
  }
}

export function planClusterFirstRun(at: At, cluster: Cluster): PlanNode {
  const services = servicesOf(at, cluster)
  return {
    name: 'FirstRun',
    scope: scopeOf(cluster),
    children: [
      validateAll(cluster, services),
      ...services.map((service) => planServiceFirstRun(at, service)),
    ],
  }
}

/** Takes hosts out of duty: all their roles are stopped. */
export function planDecommissionHosts(at: At, hosts: readonly Host[]): PlanNode {
  const hostIds = hosts.map((host) => host.id)
  return {
    name: 'HostsDecommission',
    scope: hosts.length === 1 ? { hostId: hosts[0]!.id } : {},
    children: decommission(at, {}, rolesOn(at, hosts), hostIds),
  }
}

export function planRecommissionHosts(at: At, hosts: readonly Host[], start = false): PlanNode {
  const roles = rolesOn(at, hosts)
  const scope: Scope = hosts.length === 1 ? { hostId: hosts[0]!.id } : {}
  return {
    name: start ? 'HostsRecommissionWithStart' : 'HostsRecommission',
    scope,
    children: [
      {
        name: 'SetCommissionState',
        kind: 'commission',
        scope,
        args: {
          roleIds: roles.map((role) => role.id),
          hostIds: hosts.map((host) => host.id),
          state: 'COMMISSIONED',
        },
      },
      ...(start ? startOn(at, scope, roles) : []),
    ],
  }
}

/** All roles of these hosts that may run. */
export function planStartRolesOnHosts(at: At, hosts: readonly Host[]): PlanNode {
  const scope: Scope = hosts.length === 1 ? { hostId: hosts[0]!.id } : {}
  const { model } = at.instances
  const roles = rolesOn(at, hosts).filter((role) => mayRun(model, role))
  return { name: 'HostsStartRoles', scope, children: startOn(at, scope, roles) }
}

function startOn(at: At, scope: Scope, roles: readonly Role[]): PlanNode[] {
  const { model } = at.instances
  const withProcess = roles.filter((role) => role.type !== 'GATEWAY')
  const services = inDependencyOrder(
    at,
    [...new Set(withProcess.map((role) => role.serviceId))].flatMap((id) => model.services.get(id) ?? []),
  )
  return [
    validateStep(
      scope,
      services.map((service) => service.id),
      withProcess.map((role) => role.id),
    ),
    ...services.map(
      (service): PlanNode => ({
        name: 'StartRoles',
        scope: { ...scope, clusterId: service.clusterId, serviceId: service.id },
        mode: 'PARALLEL',
        children: withProcess
          .filter((role) => role.serviceId === service.id)
          .map((role) => startStep(at, role)),
      }),
    ),
  ]
}

function rolesOn(at: At, hosts: readonly Host[]): Role[] {
  return hosts.flatMap((host) => at.instances.model.rolesOfHost.get(host.id) ?? [])
}

function validateAll(cluster: Cluster, services: readonly Service[]): PlanNode {
  return validateStep(
    scopeOf(cluster),
    services.map((service) => service.id),
  )
}

function redeploy(
  at: At,
  cluster: Cluster,
  services: readonly Service[],
  options: { redeployClientConfiguration?: boolean | undefined },
): PlanNode[] {
  if (!options.redeployClientConfiguration) return []
  const wanted = services.filter((service) => at.instances.service(service)?.descriptor.gateway)
  return [
    {
      name: 'DeployClusterClientConfig',
      scope: scopeOf(cluster),
      mode: 'PARALLEL',
      children: wanted.map((service) => planDeployClientConfig(at, service)),
    },
  ]
}

function hasStale(at: At, service: Service): boolean {
  return (at.instances.model.rolesOfService.get(service.id) ?? []).some(
    (role) => at.isStale?.(role.id) === true,
  )
}
