import type { ServiceInstance } from './input.js'
import { lookupIn } from './lookup.js'
import type { GenerationProblem } from './problem.js'
import { substitute } from './substitute.js'

/** Is a service kerberized: by its own setting, or by that of any service it depends on (csd.md §2.1)? */
export function isKerberized(
  service: ServiceInstance,
  problems: GenerationProblem[],
  seen: ReadonlySet<ServiceInstance> = new Set(),
): boolean {
  if (seen.has(service)) return false
  const { kerberos, type } = service.descriptor
  if (kerberos !== undefined) {
    const context = { service, roleType: '', hostname: '', config: service.config, problems }
    const value = substitute(kerberos, lookupIn(context), `${type} kerberos`, problems).toLowerCase()
    if (value === 'true' || value === 'kerberos') return true
  }
  const trail = new Set([...seen, service])
  return [...service.dependencies.values()].some((each) => isKerberized(each, problems, trail))
}
