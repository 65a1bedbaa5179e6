import type { ActiveManager } from '../../active.js'
import { type CommandView, roleState } from '../../commands/index.js'
import { GATEWAY } from '../../descriptors/index.js'
import { shownProcess } from '../../generate/index.js'
import { fieldMetric, fieldMetrics, type RoleFieldName } from '../../health/index.js'
import { descriptorOf, type Model, type Role, type Service } from '../../model/index.js'
import { clientConfigProcess, clientConfigRoles, loadProcess } from '../../processes/index.js'
import type { TypeOf } from '../contract/types.js'
import { healthFor } from './health.js'
import { planFor, serviceCommandNames } from './plans.js'
import type {
  ClientConfig,
  CommandRecord,
  Commands,
  HealthScope,
  ProcessFiles,
  Resources,
  Runtime,
} from './ports.js'
import { roleLogs } from './role-log.js'

type FromActive = Omit<
  Resources,
  'authentication' | 'instances' | 'version' | 'embeddedDatabase' | 'log' | 'reloadServiceTypes'
>

/** What the resources stand on, from the parts of an active manager. */
export function fromActive(active: ActiveManager): FromActive {
  return {
    core: active.core,
    runtime: (model, explained) => liveRuntime(active, model, explained),
    commands: liveCommands(active),
    processFiles: liveFiles(active),
    staleness: async (role) => active.staleness.ofRole(await active.core.instances(), role),
    roleLog: roleLogs(active),
    createJoinToken: (options) => active.tokens.createJoinToken(options),
    clientConfig: (service) => clientConfigOf(active, service),
    alerting: active.monitor,
  }
}

async function liveRuntime(
  { core, runtime, staleness, health, roleSamples }: ActiveManager,
  model: Model,
  explained: HealthScope | undefined,
): Promise<Runtime> {
  const instances = await core.instances()
  const [healthOf, sampleOf] = await Promise.all([
    healthFor(health, model, explained),
    roleSamples?.read(fieldMetrics(model, core.descriptors())),
  ])
  /** What runs tells its mode by a metric; undefined: its type has none. */
  function field(role: Role, name: RoleFieldName): string | undefined {
    const metric = fieldMetric(model, core.descriptors(), role, name)
    if (!metric) return undefined
    const sample = sampleOf?.(role.name, metric.name)
    const startedAt = runtime.currentProcess(role.id)?.report?.startedAt ?? 0
    const isPresent = sample && roleState(runtime, role) === 'STARTED' && sample.at >= startedAt
    const words = Object.entries(metric.shown.values)
    return (isPresent && words.find(([, value]) => value === sample.value)?.[0]) || 'UNKNOWN'
  }
  return {
    roleState: (role) => roleState(runtime, role),
    roleStaleness: async (role) => (await staleness.ofRole(instances, role)).staleness,
    serviceStaleness: (service) => staleness.ofService(instances, service.id),
    clientStaleness: (service) => staleness.ofClientConfig(instances, service.id),
    haStatus: (role) => field(role, 'haStatus') as TypeOf<'HaStatus'> | undefined,
    zooKeeperMode: (role) => field(role, 'zooKeeperServerMode') as TypeOf<'ZooKeeperServerMode'> | undefined,
    health: healthOf,
    host(host) {
      const known = runtime.host(host.id)
      return {
        lastHeartbeat: known?.lastHeartbeat || undefined,
        cores: known?.facts?.cores,
        physicalCores: known?.facts?.physicalCores ?? known?.facts?.cores,
        memory: known?.facts?.memory,
        os: known?.facts && { name: known.facts.os.name, version: known.facts.os.version },
      }
    },
  }
}

/** Children are shown so deep; the parts of a rolling restart over many hosts are asked for one by one. */
const MAX_DEPTH = 4

function liveCommands({ core, commands }: ActiveManager): Commands {
  /** `over` is when the whole command ended, whatever of it was never begun. */
  async function record(
    view: CommandView,
    model: Model,
    depth: number,
    over: number | undefined,
  ): Promise<CommandRecord> {
    const { names, scope } = view
    const untouched = view.active && over !== undefined
    const children = depth > 0 ? await commands.children(view.id) : []
    return {
      id: view.id,
      name: view.name,
      startedAt: view.startTime,
      endedAt: view.active ? over : (view.endTime ?? view.startTime),
      success: untouched ? false : view.success,
      message: untouched ? 'It was not begun.' : view.resultMessage,
      cluster:
        names.clusterName === undefined
          ? undefined
          : { name: names.clusterName, displayName: model.clusters.get(scope.clusterId ?? 0)?.displayName },
      service:
        names.serviceName === undefined
          ? undefined
          : { name: names.serviceName, type: model.services.get(scope.serviceId ?? 0)?.type },
      roleName: names.roleName,
      host:
        names.hostId === undefined
          ? undefined
          : { hostId: names.hostId, hostname: names.hostname ?? names.hostId },
      parentId: view.parentId ?? undefined,
      canRetry: view.canRetry,
      children: await Promise.all(children.map((child) => record(child, model, depth - 1, over))),
    }
  }

  async function endOf(view: CommandView): Promise<number | undefined> {
    const root = view.parentId === null ? view : await commands.get(view.rootId)
    return root.active ? undefined : (root.endTime ?? root.startTime)
  }

  return {
    async start(request, username) {
      const { args, cluster, service } = request
      const onlyStale = args?.staleConfigsOnly === true || args?.restartOnlyStaleServices === true
      const services = service
        ? [service.id]
        : ((await core.model()).servicesOfCluster.get(cluster?.id ?? -1) ?? []).map(({ id }) => id)
      const at = await commands.at(onlyStale ? { withStaleness: services } : {})
      return (await commands.submit(planFor(at, request), username)).id
    },
    async find(id) {
      const view = await commands.get(id)
      return record(view, await core.model(), MAX_DEPTH, await endOf(view))
    },
    async active(filter) {
      const [found, model] = await Promise.all([
        commands.list({ ...filter, active: true, limit: 1_000 }),
        core.model(),
      ])
      return Promise.all(found.map((view) => record(view, model, 0, undefined)))
    },
    async recent(limit) {
      const [found, model] = await Promise.all([commands.list({ limit }), core.model()])
      return Promise.all(
        found.map(async (view) => ({
          username: view.username,
          record: await record(view, model, 0, undefined),
        })),
      )
    },
    async abort(id) {
      await commands.abort(id)
    },
    retry: async (id, username) => (await commands.retry(id, username)).id,
    async output(id, stream) {
      const outputs = (await commands.outputs(id)).filter((each) => each[stream] !== '')
      const printed = outputs
        .map((each) => `==> ${each.who} (command ${each.commandId})\n${each[stream].trimEnd()}\n`)
        .join('')
      if (stream === 'stderr') return printed || undefined
      const lines = await commands.logs(id)
      return lines.map(({ at, text }) => `${new Date(at).toISOString()} ${text}\n`).join('') + printed
    },
    async names(service) {
      const model = await core.model()
      const descriptor = descriptorOf(model, core.descriptors(), service)
      const own = [...(descriptor?.commands ?? []), ...(descriptor?.hdfsDirs ?? [])].map(({ name }) => name)
      const common = serviceCommandNames.filter(
        (name) => name !== 'DeployClientConfig' || descriptor?.gateway,
      )
      return [...common, ...own]
    },
  }
}

function liveFiles({ core, runtime }: ActiveManager): ProcessFiles {
  async function shown(role: Role) {
    const current = runtime.currentProcess(role.id)
    const process = current && (await loadProcess(core.db, core.keys, current.id))
    return process && shownProcess(process)
  }
  return {
    list: async (role) => (await shown(role))?.files.map(({ path }) => path),
    read: async (role, name) => (await shown(role))?.files.find(({ path }) => path === name)?.contents,
  }
}

/** As a gateway of the service gets it, or any role where there is no gateway. */
async function clientConfigOf({ core }: ActiveManager, service: Service): Promise<ClientConfig | undefined> {
  const instances = await core.instances()
  const roles = clientConfigRoles(instances.model, service.id)
  const role = roles.find(({ type }) => type === GATEWAY) ?? roles[0]
  if (!role || !instances.service(service)?.descriptor.gateway) return undefined
  const process = shownProcess(clientConfigProcess(core, instances, role))
  const folder = process.clientConfig?.folder
  if (folder === undefined) return undefined
  return {
    folder,
    files: process.files
      .filter(({ path }) => path.startsWith(`${folder}/`))
      .map(({ path, contents }) => ({ path: path.slice(folder.length + 1), contents })),
  }
}
