export { type RoleCanary, roleCanaries } from './canaries.js'
export { type CollectedMetric, type CollectionTarget, collectionTargets } from './collection.js'
export {
  type Differences,
  differences,
  type FileDifference,
  type SettingDifference,
  type Staleness,
} from './differences.js'
export { generateClientConfig, generateRole, generateRoleCommand, generateStop, STAGE } from './generate.js'
export { hdfsDirectoryOf } from './hdfs-directory.js'
export type { ParcelEnvironment, ProcessInput, RoleInstance, ServiceInstance } from './input.js'
export { isKerberized } from './kerberos.js'
export { roleLogFile } from './log-file.js'
export { MASK } from './mask.js'
export { GenerationError, type GenerationProblem } from './problem.js'
export type { ClientConfigTarget, Directory, GeneratedFile, Limits, Process } from './process.js'
export { shownContents, shownProcess } from './shown.js'
