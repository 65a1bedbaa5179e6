import type {
  DesiredClientConfig,
  DesiredFile,
  DesiredProcess,
  DesiredState,
  HostPlace,
  MetricRule,
  ResourceLimits,
} from '../../wire/heartbeat.js'
import { DEFAULT_LOG_RULES, type LogRule, parseLogRules } from '../../wire/log-rules.js'
import { ShapeError } from '../../wire/shape.js'
import type { Instances } from '../configuration/index.js'
import type { Core } from '../core.js'
import type { MetricDescriptor } from '../descriptors/index.js'
import type { Limits } from '../generate/index.js'
import { DEFAULT_RACK } from '../model/hosts.js'
import type { Cluster, Host, Model, Role } from '../model/types.js'
import type { CanaryHosts } from './canary-hosts.js'
import { type StoredProcess, unpackProcess } from './spec.js'
import { named } from './store.js'

/** Where agents fetch files by their digest. */
export const BLOB_PATH = '/agent/files'

export interface DesiredAt {
  readonly generation: number
  readonly desired: DesiredState
}

/**
 * Everything that an agent has to do, of one moment. Undefined: there is no such host (any more). An agent that cannot run
 * processes as other users is not asked to: they run as it does.
 */
export async function desiredState(
  core: Core,
  instances: Instances,
  hostId: number,
  options: { switchesUser?: boolean; canaryHosts?: Pick<CanaryHosts, 'isChosen'> } = {},
): Promise<DesiredAt | undefined> {
  const found = await core.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (trx) => {
      const host = await trx
        .selectFrom('host')
        .select('generation')
        .where('id', '=', hostId)
        .executeTakeFirst()
      if (!host) return undefined
      const processes = await trx
        .selectFrom('process')
        .select(['id', 'kind', 'name', 'roleId', 'spec', 'revision', 'wanted'])
        .where('hostId', '=', hostId)
        .where('listed', '=', true)
        .orderBy('id')
        .execute()
      const clients = await trx.selectFrom('clientConfig').selectAll().where('hostId', '=', hostId).execute()
      return { generation: host.generation, processes, clients }
    })
  const host = instances.model.hosts.get(hostId)
  if (!found || !host) return undefined
  const asOthers = options.switchesUser !== false
  const settings = instances.host(host)
  const logs = {
    maxBytes: Number(settings.get('process_log_max_bytes')?.value ?? 10 * 1024 ** 2),
    backups: Number(settings.get('process_log_backups')?.value ?? 2),
  }
  const javaHome = settings.get('java_home')?.value
  const metricSets: Record<string, MetricRule[]> = {}
  const targets = new Map<number, StoredProcess>()
  const processes = found.processes.map((row): DesiredProcess => {
    const stored = unpackProcess(core.keys, row.spec)
    if (stored.process.clientConfig) targets.set(row.id, stored)
    const role = row.roleId === null ? undefined : instances.model.roles.get(row.roleId)
    if (row.kind === 'ROLE' && stored.metrics.length > 0)
      metricSets[stored.ruleSet] ??= rulesOf(instances, stored, role)
    const { process } = stored
    return {
      id: row.id,
      name: named(row).name,
      wanted: row.wanted,
      run: row.kind === 'ROLE' ? 'keep' : 'once',
      revision: row.revision,
      program: process.program,
      args: [...process.args],
      environment: { ...(javaHome ? { JAVA_HOME: javaHome } : {}), ...process.environment },
      ...(asOthers ? { user: process.user, group: process.group } : {}),
      files: stored.files.map(desiredFile),
      directories: process.directories.map(({ path, user, group, mode }) => ({
        path,
        mode: octal(mode),
        ...(asOthers ? { user, group } : {}),
      })),
      limits: desiredLimits(process.limits),
      autoRestart: process.autoRestart,
      startRetries: process.startRetries,
      startSeconds: process.startSeconds,
      stop: { signal: 'SIGTERM', timeoutMs: process.stopSeconds * 1000 },
      logs,
      ...(row.kind === 'ROLE' && role
        ? {
            entity: roleEntity(instances.model, role),
            ...logEventsOf(instances, role),
            ...canariesOf(instances, stored, role, options.canaryHosts),
          }
        : {}),
      metrics:
        row.kind === 'ROLE'
          ? stored.metrics.map((target, i) => ({
              name: `${target.type}-${i}`,
              type: target.type,
              ...(target.url === undefined ? {} : { url: target.url }),
              ...(target.token === undefined ? {} : { token: target.token }),
              ...(target.caFile === undefined ? {} : { caFile: target.caFile }),
              ...(target.host === undefined ? {} : { host: target.host }),
              ...(target.port === undefined ? {} : { port: target.port }),
              rules: stored.ruleSet,
              timeoutMs: 5_000,
              maxBytes: 16 * 1024 ** 2,
            }))
          : [],
    }
  })
  const clientConfigs = found.clients.flatMap((row): DesiredClientConfig[] => {
    const target = targets.get(row.processId)?.process.clientConfig
    if (!target) return []
    return [
      {
        name: row.name,
        revision: row.processId,
        directory: target.destination,
        files: [],
        alternatives: { link: target.link, name: target.alternative, priority: target.priority },
        from: { processId: row.processId, folder: target.folder },
      },
    ]
  })
  const place = placeOf(instances.model, host)
  return { generation: found.generation, desired: { processes, clientConfigs, metricSets, place } }
}

/** Where a host belongs; a rack that nobody has set is left to the agent's own setting. */
function placeOf(model: Model, { rackId, clusterId }: Host): HostPlace {
  const cluster = clusterId === null ? undefined : model.clusters.get(clusterId)
  return {
    ...(rackId === DEFAULT_RACK ? {} : { rackId }),
    ...(cluster ? clusterAttributes(cluster) : {}),
  }
}

/** `version` as Cloudera Manager gives it: `CDH 7.1.7`. */
function clusterAttributes({ name, displayName, uuid, fullVersion }: Cluster) {
  return {
    clusterName: name,
    clusterDisplayName: displayName,
    clusterId: uuid,
    ...(fullVersion ? { version: `CDH ${fullVersion}` } : {}),
  }
}

function desiredFile(file: StoredProcess['files'][number]): DesiredFile {
  const { path } = file
  const mode = octal(file.mode)
  // What belongs to a descriptor is read by everyone and written by nobody but the agent.
  if ('digest' in file)
    return { path, mode, owner: 'agent', digest: file.digest, url: `${BLOB_PATH}/${file.digest}` }
  return { path, mode, owner: 'process', base64: file.contents }
}

/** Of a cgroup v2 in which nothing was set, for CPU and I/O alike. */
const KERNEL_WEIGHT = 100

function desiredLimits(limits: Limits): ResourceLimits {
  const { openFiles, cpuShares, ioWeight, memorySoftBytes, memoryHardBytes } = limits
  // As systemd translates them (cgroup v1's 2 … 262144 around 1024 to v2's 1 … 10000 around 100).
  const cpu = clamp(Math.round((cpuShares * 100) / 1024), 1, 10_000)
  const io = clamp(Math.round((ioWeight * 100) / 500), 1, 10_000)
  return {
    ...(openFiles === undefined ? {} : { rlimits: { nofile: openFiles } }),
    // What the kernel does anyway is not asked for: hosts without the controllers would report that they cannot.
    ...(cpu === KERNEL_WEIGHT ? {} : { cpuWeight: cpu }),
    ...(io === KERNEL_WEIGHT ? {} : { ioWeight: io }),
    ...(memorySoftBytes < 0 ? {} : { memoryHigh: memorySoftBytes }),
    ...(memoryHardBytes < 0 ? {} : { memoryMax: memoryHardBytes }),
  }
}

/** A role as queries know it: `roleName`, `serviceName` and the other attributes of tsquery. */
export function roleEntity(model: Model, role: Role): NonNullable<DesiredProcess['entity']> {
  const service = model.services.get(role.serviceId)
  const cluster = service?.clusterId == null ? undefined : model.clusters.get(service.clusterId)
  const host: Host | undefined = model.hosts.get(role.hostId)
  const group = model.groups.get(role.roleConfigGroupId)
  return {
    name: role.name,
    displayName: `${role.type} (${host?.hostname ?? ''})`,
    attributes: {
      roleName: role.name,
      roleType: role.type,
      roleConfigGroup: group?.name ?? '',
      serviceName: service?.name ?? '',
      serviceType: service?.type ?? '',
      serviceDisplayName: service?.displayName ?? '',
      ...(cluster ? clusterAttributes(cluster) : {}),
      hostname: host?.hostname ?? '',
      hostId: host?.hostId ?? '',
      rackId: host?.rackId ?? '',
    },
  }
}

/** Those that the role is to run now: switched on, and of its service only where it was chosen. */
function canariesOf(
  instances: Instances,
  { canaries = [] }: StoredProcess,
  role: Role,
  hosts: Pick<CanaryHosts, 'isChosen'> | undefined,
): Pick<DesiredProcess, 'canaries'> {
  const service = instances.model.services.get(role.serviceId)
  const ofService = service && instances.service(service)?.config
  const ofRole = instances.role(role)?.role.config
  const wanted = canaries.filter(({ on, roleTypes, enabled }) => {
    const config = on === 'SERVICE' ? ofService : ofRole
    if (enabled !== undefined && config?.get(enabled)?.value === 'false') return false
    return on === 'ROLE' || hosts?.isChosen(role, roleTypes)
  })
  return wanted.length === 0 ? {} : { canaries: wanted.map(({ canary }) => canary) }
}

/** Where the role logs, and what of it becomes events; rules that cannot be read are as if there were none. */
function logEventsOf(instances: Instances, role: Role): Pick<DesiredProcess, 'logEvents'> {
  const config = instances.role(role)?.role.config
  const folder = config?.get('log_dir')?.value
  if (!folder?.startsWith('/')) return {}
  let rules: LogRule[] = [...DEFAULT_LOG_RULES]
  try {
    const given = config?.get('log_event_whitelist')?.value
    if (given) rules = parseLogRules(given)
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error
  }
  return { logEvents: { folders: [folder], rules } }
}

/** What is read, with names, units and kinds from the descriptor; one list for all roles of a type. */
function rulesOf(instances: Instances, stored: StoredProcess, role: Role | undefined): MetricRule[] {
  const service = role && instances.model.services.get(role.serviceId)
  const descriptor = service && instances.service(service)?.descriptor
  const described = new Map<string, MetricDescriptor>(
    (descriptor?.metrics?.roles.find((each) => each.type === role?.type)?.metrics ?? []).map((each) => [
      each.name,
      each,
    ]),
  )
  const byName = new Map(
    stored.metrics.flatMap((target) => target.metrics).map((metric) => [metric.name, metric]),
  )
  return [...byName.values()].map((metric): MetricRule => {
    const own = described.get(metric.name)
    return {
      context: metric.context,
      metric: {
        name: metric.name,
        isCounter: metric.counter,
        ...(own
          ? {
              displayName: own.label,
              description: own.description,
              unitNumerators: [own.numeratorUnit],
              unitDenominators: own.denominatorUnit === undefined ? [] : [own.denominatorUnit],
              aliases: [...own.aliases],
              ...(own.weightingMetricName !== undefined && { weightingMetricName: own.weightingMetricName }),
            }
          : {}),
      },
      ...(metric.valueMap ? { valueMap: { ...metric.valueMap } } : {}),
      ...(metric.scale === 1 ? {} : { scale: metric.scale }),
      ...(metric.as === undefined ? {} : { as: metric.as }),
    }
  })
}

function octal(mode: number): string {
  return `0${mode.toString(8).padStart(3, '0')}`
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}
