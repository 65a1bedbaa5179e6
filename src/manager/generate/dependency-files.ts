import { allDependencies } from './client-variables.js'
import { configFiles, type DraftFile } from './config-files.js'
import type { ServiceInstance } from './input.js'
import type { Context } from './scope.js'

/** The client configuration of a service, as its gateway's files, seen from a host. */
export function clientFiles(
  service: ServiceInstance,
  hostname: string,
  problems: Context['problems'],
): DraftFile[] {
  const { gateway, files } = service.descriptor
  if (!gateway || !service.gatewayConfig) return []
  const context: Context = {
    service,
    roleType: 'GATEWAY',
    hostname,
    config: service.gatewayConfig,
    problems,
  }
  return configFiles(context, gateway.configWriter, gateway.logging, files)
}

/**
 * The client configuration of every dependency that is set, each in its own folder (`hadoop-conf/`): there is no folder
 * for one that is not, as scripts test for that.
 */
export function dependencyFiles(
  service: ServiceInstance,
  hostname: string,
  problems: Context['problems'],
): DraftFile[] {
  return allDependencies(service).flatMap((dependency) => {
    const folder = `${dependency.descriptor.gateway?.alternatives.name}/`
    return clientFiles(dependency, hostname, problems)
      .filter((file) => file.path.startsWith(folder))
      .map((file) => ({ ...file, origin: 'DEPENDENCY' as const }))
  })
}
