import type { ProcessInput } from './input.js'
import { lookupIn } from './lookup.js'
import { type Context, textOf } from './scope.js'
import { substitute } from './substitute.js'

export interface RoleLink {
  readonly name: string
  readonly label: string
  readonly url: string
}

/** The links of a role, filled in; secure ones where its TLS is on. A link that cannot be filled in is left out. */
export function roleLinks(input: Pick<ProcessInput, 'service' | 'role'>): RoleLink[] {
  const { service, role } = input
  const descriptor = service.descriptor.roles.find((each) => each.type === role.type)
  if (!descriptor) return []
  const secure =
    descriptor.sslServer !== undefined &&
    (descriptor.sslServer.enabledOptionality !== 'optional' || textOf(role.config, 'ssl_enabled') === 'true')
  return descriptor.externalLinks.flatMap((link) => {
    const context: Context = {
      service,
      roleType: role.type,
      hostname: role.hostname,
      config: role.config,
      problems: [],
    }
    const template = secure ? (link.secureUrl ?? link.url) : link.url
    const url = substitute(template, lookupIn(context), `externalLink ${link.name}`, context.problems)
    return context.problems.length === 0 && /^https?:\/\//i.test(url)
      ? [{ name: link.name, label: link.label, url }]
      : []
  })
}
