import type { ServiceInstance } from './input.js'
import { clientVariable } from './lookup.js'
import type { GenerationProblem } from './problem.js'

/**
 * The variables of all dependencies, those of their dependencies too: a process of a service that depends on HDFS also
 * learns of the ZooKeeper that HDFS depends on.
 */
export function dependencyVariables(
  service: ServiceInstance,
  problems: GenerationProblem[],
): Record<string, string> {
  const out: Record<string, string> = {}
  for (const dependency of allDependencies(service))
    for (const { name } of dependency.descriptor.clientVariables)
      out[name] ??= clientVariable(dependency, name, problems) ?? ''
  return out
}

/** Dependencies, then theirs, each once. */
export function allDependencies(service: ServiceInstance): ServiceInstance[] {
  const out: ServiceInstance[] = []
  const seen = new Set<ServiceInstance>([service])
  const visit = (each: ServiceInstance) => {
    const direct = [...each.dependencies.values()].filter((dependency) => !seen.has(dependency))
    for (const dependency of direct) {
      seen.add(dependency)
      out.push(dependency)
    }
    for (const dependency of direct) visit(dependency)
  }
  visit(service)
  return out
}
