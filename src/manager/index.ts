export { type ActiveManager, type ActiveOptions, startActive } from './active.js'
export {
  type AuthMode,
  createManagerApi,
  ensureFirstUser,
  type FirstUser,
  fromActive,
  type ManagerApi,
  type ManagerApiOptions,
} from './api/index.js'
export { createManager, type ManagerOptions } from './app.js'
export * from './commands/index.js'
export * from './configuration/index.js'
export { type Core, type CoreOptions, createCore, type Log } from './core.js'
export * from './database/index.js'
export { loadCommonFiles, loadDescriptors, ourDescriptors, reloadDescriptors } from './descriptors/index.js'
export { createSystemEvents, type SystemEvents } from './health/index.js'
export * from './heartbeats/index.js'
export {
  type DatabaseServer,
  type Deployment,
  type Lifecycle,
  type LifecycleOptions,
  type ManagerState,
  startLifecycle,
} from './lifecycle.js'
export * from './model/index.js'
export * from './processes/index.js'
export * from './users/index.js'
