import type { HdfsDirectory } from '../descriptors/index.js'
import type { ServiceInstance } from './input.js'
import { lookupIn } from './lookup.js'
import { GenerationError } from './problem.js'
import { type Context, processUser } from './scope.js'
import { substitute } from './substitute.js'

/** A directory to make in the file system that a service depends on, filled in. */
export function hdfsDirectoryOf(
  service: ServiceInstance,
  directory: HdfsDirectory,
): { path: string; user: string; group: string; permissions: string } {
  const context: Context = { service, roleType: '', hostname: '', config: service.config, problems: [] }
  const path = substitute(
    directory.path,
    lookupIn(context),
    `hdfsDirs ${directory.name} path`,
    context.problems,
  )
  if (context.problems.length > 0)
    throw new GenerationError(`Directory ${directory.name} of ${service.name}`, context.problems)
  return { path, ...processUser(context), permissions: directory.permissions }
}
