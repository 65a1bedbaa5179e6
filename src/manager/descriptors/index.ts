export {
  type EffectiveConfig,
  type EffectiveValue,
  effectiveConfig,
  hostConfig,
  type Level,
  roleConfig,
  type Source,
  serviceConfig,
  type Values,
} from './config/cascade.js'
export { initialValues, uniqueIds } from './config/initial.js'
export type { ConfigMessage } from './config/message.js'
export { emittedText, listOf } from './config/text-value.js'
export { MAX_VALUE_LENGTH, validateValue } from './config/validate.js'
export { validateConfig } from './config/validate-all.js'
export { environmentLines } from './config/valve.js'
export { dependencyParameter } from './derive/complete.js'
export { isSingleton } from './derive/health.js'
export { logFile } from './derive/logging.js'
export { parametersInScope } from './derive/scope.js'
export { testsOfDescriptor } from './health/of-descriptor.js'
export { parametersOfTests, triggersParameter } from './health/parameters.js'
export { healthPaths, ourHealthTestFiles, ourHealthTests } from './health/tests.js'
export { type Bundle, BundleError, bundleLimits } from './load/bundle.js'
export { chooseDescriptor } from './load/choose.js'
export { loadCommonFiles, ourDescriptors } from './load/common.js'
export { type Described, describeBundle } from './load/describe.js'
export { type DescriptorFolder, type DescriptorSet, loadDescriptors, type Refused } from './load/load.js'
export { type Changes, reloadDescriptors, type ServiceInUse, type Stranded, stranded } from './load/reload.js'
export { rateName } from './metrics/name.js'
export type * from './model/commands.js'
export type * from './model/config-writer.js'
export type * from './model/mdl.js'
export { roleFields } from './model/mdl.js'
export type { Parameter, ParameterType, Purpose, Scope, Unit } from './model/parameter.js'
export { isArray, parameter } from './model/parameter.js'
export type * from './model/role.js'
export type { AdditionalConfig, Condition, Logging, LoggingType, Runner } from './model/runner.js'
export type * from './model/service.js'
export { GATEWAY } from './model/service.js'
export { type Problem, type ProblemCode, problemText } from './problem.js'
export { compareVersions, inRange } from './sdl/version.js'
export { token, tokens } from './token.js'
