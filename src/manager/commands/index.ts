export { type BusyCommands, createBusyCommands } from './busy.js'
export { type Commands, createCommands, type RoleState, roleState, serviceState } from './commands.js'
export { createExecutor, type Executor } from './executor.js'
export {
  type ClusterRestartOptions,
  inDependencyOrder,
  planClusterDeployClientConfig,
  planClusterFirstRun,
  planClusterRefresh,
  planClusterRestart,
  planClusterRollingRestart,
  planClusterStart,
  planClusterStop,
  planDecommissionHosts,
  planRecommissionHosts,
  planStartRolesOnHosts,
} from './plan/clusters.js'
export {
  planRoleCommand,
  planRoleRefresh,
  planRoleRestart,
  planRoleStart,
  planRoleStop,
} from './plan/roles.js'
export {
  planDecommissionRoles,
  planDeployClientConfig,
  planRecommissionRoles,
  planServiceCommand,
  planServiceFirstRun,
  planServiceRefresh,
  planServiceRestart,
  planServiceRollingRestart,
  planServiceStart,
  planServiceStop,
  type RollingRestartOptions,
} from './plan/services.js'
export { outputReader } from './steps/output.js'
export type { CommandQuery } from './store.js'
export type { At, CommandNames, CommandView, PlanNode, Scope } from './types.js'
export { createWaiting, type Waiting } from './waiting.js'
