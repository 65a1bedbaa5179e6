import type { RoleInstance, ServiceInstance } from './input.js'
import { lookupIn } from './lookup.js'
import { type Context, textOf } from './scope.js'
import { substitute } from './substitute.js'

/**
 * Where a role writes its log, by its configuration as it is now: an absolute path. Undefined for those whose descriptor does
 * not say; what they print is all there is.
 */
export function roleLogFile(service: ServiceInstance, role: RoleInstance): string | undefined {
  const logging = service.descriptor.roles.find(({ type }) => type === role.type)?.logging
  if (logging?.filename === undefined) return undefined
  const context: Context = {
    service,
    roleType: role.type,
    hostname: role.hostname,
    config: role.config,
    problems: [],
  }
  const folder = textOf(role.config, 'log_dir') ?? ''
  const name = substitute(logging.filename, lookupIn(context), 'logging', context.problems)
  return folder.startsWith('/') && context.problems.length === 0 ? `${folder}/${name}` : undefined
}
