export { type CanaryHosts, type CanaryWorld, createCanaryHosts } from './canary-hosts.js'
export { BLOB_PATH, desiredState, roleEntity } from './desired.js'
export {
  canariesOfRole,
  clientConfigProcess,
  clientConfigRoles,
  directoryProcess,
  roleCommandProcess,
  roleMetrics,
  roleProcess,
  serviceStopProcess,
} from './generate.js'
export { createStalenessStore, type RoleStaleness, type StalenessStore, worstStaleness } from './staleness.js'
export {
  insertProcess,
  loadBlob,
  loadProcess,
  type NewProcess,
  named,
  type ProcessRow,
  processColumns,
  refreshProcess,
  stopProcess,
  unlistProcess,
} from './store.js'
