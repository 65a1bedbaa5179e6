import {
  type At,
  type PlanNode,
  planClusterDeployClientConfig,
  planClusterFirstRun,
  planClusterRefresh,
  planClusterRestart,
  planClusterRollingRestart,
  planClusterStart,
  planClusterStop,
  planDecommissionHosts,
  planDecommissionRoles,
  planDeployClientConfig,
  planRecommissionHosts,
  planRecommissionRoles,
  planRoleCommand,
  planRoleRefresh,
  planRoleRestart,
  planRoleStart,
  planRoleStop,
  planServiceCommand,
  planServiceFirstRun,
  planServiceRefresh,
  planServiceRestart,
  planServiceRollingRestart,
  planServiceStart,
  planServiceStop,
  planStartRolesOnHosts,
} from '../../commands/index.js'
import { GATEWAY } from '../../descriptors/index.js'
import type { Cluster, Host, Role, Service } from '../../model/index.js'
import { badRequest } from '../http/errors.js'
import type { CommandRequest } from './ports.js'

type Args = Readonly<Record<string, never>>

const onCluster: Readonly<Record<string, (at: At, cluster: Cluster, args: Args) => PlanNode>> = {
  Start: planClusterStart,
  Stop: planClusterStop,
  Restart: planClusterRestart,
  RollingRestart: planClusterRollingRestart,
  Refresh: planClusterRefresh,
  DeployClientConfig: planClusterDeployClientConfig,
  FirstRun: planClusterFirstRun,
}

const onService: Readonly<Record<string, (at: At, service: Service, args: Args) => PlanNode>> = {
  Start: planServiceStart,
  Stop: planServiceStop,
  Restart: planServiceRestart,
  RollingRestart: planServiceRollingRestart,
  Refresh: planServiceRefresh,
  DeployClientConfig: (at, service) => planDeployClientConfig(at, service),
  FirstRun: planServiceFirstRun,
}

const onRole: Readonly<Record<string, (at: At, role: Role) => PlanNode>> = {
  Start: planRoleStart,
  Stop: planRoleStop,
  Restart: planRoleRestart,
  Refresh: planRoleRefresh,
}

const onRoles: Readonly<Record<string, (at: At, service: Service, roles: readonly Role[]) => PlanNode>> = {
  Decommission: planDecommissionRoles,
  Recommission: (_, service, roles) => planRecommissionRoles(service, roles),
  DeployClientConfig: planDeployClientConfig,
}

const onHosts: Readonly<Record<string, (at: At, hosts: readonly Host[]) => PlanNode>> = {
  HostsDecommission: planDecommissionHosts,
  HostsRecommission: (at, hosts) => planRecommissionHosts(at, hosts),
  HostsRecommissionWithStart: (at, hosts) => planRecommissionHosts(at, hosts, true),
  HostsStartRoles: planStartRolesOnHosts,
}

/** The steps of a command that the API was asked for. Throws INVALID for what cannot be done. */
export function planFor(at: At, request: CommandRequest): PlanNode {
  const { name, cluster, service, roles, hosts } = request
  const args = (request.args ?? {}) as Args
  if (hosts && Object.hasOwn(onHosts, name)) return onHosts[name]!(at, hosts)
  if (name === 'StartRoles' && cluster && roles) return startRoles(at, cluster, roles)
  if (service && roles) {
    if (Object.hasOwn(onRoles, name)) return onRoles[name]!(at, service, roles)
    // The plan itself picks these by their names.
    if (name === 'RollingRestart') return planServiceRollingRestart(at, service, args)
    if (roles.length === 1)
      return Object.hasOwn(onRole, name) ? onRole[name]!(at, roles[0]!) : planRoleCommand(at, roles[0]!, name)
  } else if (service) {
    return Object.hasOwn(onService, name)
      ? onService[name]!(at, service, args)
      : planServiceCommand(at, service, name)
  } else if (cluster && Object.hasOwn(onCluster, name)) return onCluster[name]!(at, cluster, args)
  throw badRequest(`There is no command "${name}" for this.`)
}

/** Roles that a host template has just made, whatever service they are of. */
const startRoles = (at: At, cluster: Cluster, roles: readonly Role[]): PlanNode => ({
  name: 'StartRoles',
  scope: { clusterId: cluster.id },
  mode: 'PARALLEL',
  children: roles.filter(({ type }) => type !== GATEWAY).map((role) => planRoleStart(at, role)),
})

/** Names that a service takes besides those of its type. */
export const serviceCommandNames: readonly string[] = Object.keys(onService)
