export {
  type Change,
  createModelStore,
  type ModelContext,
  type ModelEvents,
  type ModelStore,
} from './change.js'
export {
  addHostsToCluster,
  type ClusterUpdate,
  createClusters,
  deleteCluster,
  type NewCluster,
  removeHostsFromCluster,
  updateCluster,
} from './clusters.js'
export { mayRun, setHostCommission, setRoleCommission } from './commission.js'
export { ModelError, type ModelErrorCode } from './errors.js'
export {
  baseGroup,
  clusterNamed,
  clusterOf,
  descriptorOf,
  groupNamed,
  groupOfClusterNamed,
  hostNamed,
  mustHaveDescriptor,
  roleDescriptor,
  roleNamed,
  serviceNamed,
  templateNamed,
} from './find.js'
export {
  createRoleConfigGroups,
  deleteRoleConfigGroup,
  moveRoles,
  moveRolesToBase,
  type NewRoleConfigGroup,
  updateRoleConfigGroup,
} from './groups.js'
export { createHosts, DEFAULT_RACK, deleteHost, type HostUpdate, type NewHost, updateHost } from './hosts.js'
export { loadModel } from './load.js'
export { maintenanceOwners, setMaintenance } from './maintenance.js'
export { baseGroupName, generatedRoleName } from './names.js'
export { createRoles, deleteRoles, type NewRole } from './roles.js'
export { createServices, deleteService, type NewService, roleTypes, updateService } from './services.js'
export { deleteTags, setTags } from './tags.js'
export {
  applyHostTemplate,
  createHostTemplate,
  deleteHostTemplate,
  type NewHostTemplate,
  updateHostTemplate,
} from './templates.js'
export {
  type Cluster,
  type ConfigTarget,
  type Entity,
  type Host,
  type HostTemplate,
  type Model,
  type Role,
  type RoleConfigGroup,
  type Service,
  type StoredValue,
  tagKey,
  targetKey,
} from './types.js'
