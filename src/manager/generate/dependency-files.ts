import { allDependencies } from './client-variables.js'
import { configFiles, type DraftFile } from './config-files.js'
import { writeHadoopXml } from './formats/hadoop-xml.js'
import type { ServiceInstance } from './input.js'
import { lookupIn } from './lookup.js'
import type { Context } from './scope.js'
import { substitute } from './substitute.js'

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
  const out = configFiles(context, gateway.configWriter, gateway.logging, files)
  const coreSite = defaultFileSystem(context, `${gateway.alternatives.name}/core-site.xml`)
  return coreSite && !out.some((file) => file.path === coreSite.path) ? [...out, coreSite] : out
}

/** A file system that is not HDFS is made known to Hadoop's clients by its URI alone. */
function defaultFileSystem(context: Context, path: string): DraftFile | undefined {
  const { providesDfs, type } = context.service.descriptor
  if (!providesDfs) return undefined
  const value = substitute(
    providesDfs.fileSystemUri,
    lookupIn(context),
    `${type} providesDfs fileSystemUri`,
    context.problems,
  )
  const contents = Buffer.from(writeHadoopXml([{ key: 'fs.defaultFS', value, sensitive: false }], ''))
  return { path, contents, mode: 0o640, refreshable: false, origin: 'GENERATED' }
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
