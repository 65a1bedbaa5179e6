import type { HdfsDirectory, ServiceCommand, ServiceDescriptor } from '../../descriptors/index.js'
import { invalid } from '../../model/errors.js'
import type { Role, Service } from '../../model/index.js'
import { mustHaveDescriptor } from '../../model/index.js'
import { clientConfigRoles } from '../../processes/index.js'
import type { At, PlanNode, Scope } from '../types.js'
import {
  inOrder,
  refreshStep,
  roleCommandStep,
  roleScope,
  runnable,
  startStep,
  stopStep,
  validateStep,
} from './roles.js'

const scopeOf = (service: Service): Scope => ({ clusterId: service.clusterId, serviceId: service.id })
const descriptorAt = (at: At, service: Service) =>
  mustHaveDescriptor(at.instances.model, at.instances.descriptors, service)

const sideBySide = (name: string, scope: Scope, children: PlanNode[]): PlanNode => ({
  name,
  scope,
  mode: 'PARALLEL',
  children,
})

/** Validates, then starts all roles that may run. */
export function planServiceStart(at: At, service: Service): PlanNode {
  const scope = scopeOf(service)
  return { name: 'Start', scope, children: [validateStep(scope, [service.id]), ...startStages(at, service)] }
}

function startStages(at: At, service: Service, only?: (role: Role) => boolean): PlanNode[] {
  const roles = runnable(at, service).filter(only ?? (() => true))
  return inOrder(descriptorAt(at, service), roles).map((stage) =>
    sideBySide(
      'StartRoles',
      scopeOf(service),
      stage.map((role) => startStep(at, role)),
    ),
  )
}

/** First the service's own graceful stop, where its descriptor has one; then what still runs, in the reverse order of a start. */
export function planServiceStop(at: At, service: Service): PlanNode {
  const scope = scopeOf(service)
  const { model, descriptors } = at.instances
  const running = (model.rolesOfService.get(service.id) ?? []).filter((role) => at.isWanted(role.id))
  const descriptor = descriptors.descriptors.find((each) => each.type === service.type)
  const master = running.find((role) => role.type === descriptor?.stopRunner?.masterRole)
  const stages = descriptor ? inOrder(descriptor, running).reverse() : [running]
  return {
    name: 'Stop',
    scope,
    children: [
      // Should it fail, they are stopped all the same.
      ...(descriptor?.stopRunner && master
        ? [{ name: 'GracefulStop', kind: 'serviceStop' as const, scope: roleScope(at, master), tolerance: 1 }]
        : []),
      ...stages.map((stage) =>
        sideBySide(
          'StopRoles',
          scope,
          stage.map((role) => stopStep(at, role)),
        ),
      ),
    ],
  }
}

export function planServiceRestart(at: At, service: Service): PlanNode {
  const scope = scopeOf(service)
  return {
    name: 'Restart',
    scope,
    // Before the stop: what cannot be started again must not be stopped.
    children: [validateStep(scope, [service.id]), planServiceStop(at, service), ...startStages(at, service)],
  }
}

export interface RollingRestartOptions {
  /** Workers that are down at the same time. Default 1. */
  slaveBatchSize?: number | undefined
  /** Between two batches. Default 0. */
  sleepSeconds?: number | undefined
  /** Batches that may fail before it ends. Default 0. */
  slaveFailCountThreshold?: number | undefined
  staleConfigsOnly?: boolean | undefined
  restartRoleTypes?: readonly string[] | undefined
  restartRoleNames?: readonly string[] | undefined
  /** Workers, all others, or both. Default all. */
  rolesToInclude?: 'SLAVES_ONLY' | 'NON_SLAVES_ONLY' | 'ALL_ROLES' | undefined
}

/**
 * Restarts the running roles so that the service goes on: as its descriptor says, or else one after another. Nothing goes
 * on after a role that does not come up again.
 */
export function planServiceRollingRestart(
  at: At,
  service: Service,
  options: RollingRestartOptions = {},
): PlanNode {
  const { slaveBatchSize = 1, sleepSeconds = 0, slaveFailCountThreshold = 0 } = options
  if (slaveBatchSize < 1 || sleepSeconds < 0 || slaveFailCountThreshold < 0)
    throw invalid('A rolling restart needs a batch size of at least 1, and no negative numbers.')
  const scope = scopeOf(service)
  const descriptor = descriptorAt(at, service)
  for (const type of options.restartRoleTypes ?? [])
    if (!descriptor.roles.some((each) => each.type === type))
      throw invalid(`The service type ${service.type} has no role type "${type.slice(0, 80)}".`)
  const worker = descriptor.rollingRestart?.workerSteps?.roleName
  const roles = runnable(at, service).filter(
    (role) => at.isWanted(role.id) && isChosen(at, role, options, role.type === worker),
  )
  const rules = descriptor.rollingRestart ?? {
    nonWorkerSteps: descriptor.roles.map(({ type }) => ({
      roleName: type,
      bringDownCommands: [],
      bringUpCommands: [],
    })),
    workerSteps: undefined,
  }
  const children: PlanNode[] = [validateStep(scope, [service.id])]
  for (const rule of rules.nonWorkerSteps)
    for (const role of roles.filter((each) => each.type === rule.roleName))
      children.push({
        name: 'RollingRestartRole',
        scope: roleScope(at, role),
        children: downAndUp(rule).map((command) => roleStep(at, role, command)),
      })
  const { workerSteps } = rules
  const workers = workerSteps ? roles.filter((role) => role.type === workerSteps.roleName) : []
  const batches: PlanNode[] = []
  for (let i = 0; workerSteps && i < workers.length; i += slaveBatchSize) {
    const batch = workers.slice(i, i + slaveBatchSize)
    batches.push({
      name: 'RollingRestartBatch',
      scope,
      children: downAndUp(workerSteps).flatMap((command) =>
        workerStep(at, service, descriptor, batch, command),
      ),
    })
    if (sleepSeconds > 0 && i + slaveBatchSize < workers.length)
      batches.push({ name: 'Pause', kind: 'pause', scope, args: { seconds: sleepSeconds } })
  }
  if (batches.length > 0)
    children.push({
      name: 'RollingRestartWorkers',
      scope,
      tolerance: slaveFailCountThreshold,
      children: batches,
    })
  return { name: 'RollingRestart', scope, children }
}

function isChosen(at: At, role: Role, options: RollingRestartOptions, isWorker: boolean): boolean {
  const { restartRoleTypes: types, restartRoleNames: names, staleConfigsOnly, rolesToInclude } = options
  if (rolesToInclude === (isWorker ? 'NON_SLAVES_ONLY' : 'SLAVES_ONLY')) return false
  if (types && types.length > 0 && !types.includes(role.type)) return false
  if (names && names.length > 0 && !names.includes(role.name)) return false
  return !staleConfigsOnly || at.isStale?.(role.id) === true
}

function downAndUp(rule: {
  bringDownCommands: readonly string[]
  bringUpCommands: readonly string[]
}): string[] {
  return [
    ...(rule.bringDownCommands.length > 0 ? rule.bringDownCommands : ['Stop']),
    ...(rule.bringUpCommands.length > 0 ? rule.bringUpCommands : ['Start']),
  ]
}

function roleStep(at: At, role: Role, command: string): PlanNode {
  if (command === 'Stop') return stopStep(at, role)
  return command === 'Start' ? startStep(at, role) : roleCommandStep(at, role, command)
}

/** For workers the descriptor names service commands; those run for the roles of the batch. */
function workerStep(
  at: At,
  service: Service,
  descriptor: ServiceDescriptor,
  batch: readonly Role[],
  command: string,
): PlanNode[] {
  if (command === 'Stop' || command === 'Start')
    return [
      sideBySide(
        command,
        scopeOf(service),
        batch.map((role) => roleStep(at, role, command)),
      ),
    ]
  const found = descriptor.commands.find((each) => each.name === command)
  if (!found)
    return [
      sideBySide(
        command,
        scopeOf(service),
        batch.map((role) => roleCommandStep(at, role, command)),
      ),
    ]
  const chosen = batch.filter((role) => role.type === found.roleName)
  return chosen.length > 0
    ? [
        sideBySide(
          command,
          scopeOf(service),
          chosen.map((role) => roleCommandStep(at, role, found.roleCommand)),
        ),
      ]
    : [serviceCommandNode(at, service, found)]
}

/** Writes refreshable files anew into the folders of running roles. */
export function planServiceRefresh(at: At, service: Service): PlanNode {
  const roles = runnable(at, service).filter((role) => at.isWanted(role.id))
  const scope = scopeOf(service)
  return {
    name: 'Refresh',
    scope,
    children: [
      validateStep(scope, [service.id]),
      sideBySide(
        'RefreshRoles',
        scope,
        roles.map((role) => refreshStep(at, role)),
      ),
    ],
  }
}

/** To every host that has a role of the service, or to those of these roles. */
export function planDeployClientConfig(at: At, service: Service, roles?: readonly Role[]): PlanNode {
  const descriptor = descriptorAt(at, service)
  if (!descriptor.gateway)
    throw invalid(`The service type ${service.type} has no client configuration to deploy.`)
  const chosen = clientConfigRoles(at.instances.model, service.id).filter(
    (role) => !roles || roles.some((each) => each.hostId === role.hostId),
  )
  return {
    name: 'DeployClientConfig',
    scope: scopeOf(service),
    mode: 'PARALLEL',
    children: chosen.map((role) => ({
      name: 'DeployClientConfig',
      kind: 'clientConfig',
      scope: { ...scopeOf(service), hostId: role.hostId },
      args: { roleId: role.id },
    })),
  }
}

/** The descriptor's steps before the start, the start, the steps after it; then the client configuration. */
export function planServiceFirstRun(at: At, service: Service): PlanNode {
  const descriptor = descriptorAt(at, service)
  const scope = scopeOf(service)
  const steps = (list: ServiceDescriptor['serviceInit']['preStartSteps']): PlanNode[] =>
    list.map(({ commandName, failureAllowed }) => ({
      ...planServiceCommand(at, service, commandName),
      tolerance: failureAllowed ? Number.MAX_SAFE_INTEGER : 0,
    }))
  return {
    name: 'FirstRun',
    scope,
    children: [
      validateStep(scope, [service.id]),
      ...steps(descriptor.serviceInit.preStartSteps),
      ...startStages(at, service),
      ...steps(descriptor.serviceInit.postStartSteps),
      ...(descriptor.gateway ? [planDeployClientConfig(at, service)] : []),
    ],
  }
}

/** A command of the service's descriptor, by its name; also the names of its directories. */
export function planServiceCommand(at: At, service: Service, name: string): PlanNode {
  const descriptor = descriptorAt(at, service)
  const command = descriptor.commands.find((each) => each.name === name)
  if (command) return serviceCommandNode(at, service, command)
  const directory = descriptor.hdfsDirs.find((each) => each.name === name)
  if (directory) return directoryNode(at, service, directory)
  throw invalid(`The service type ${service.type} has no command "${name}".`)
}

/** A directory is made by a role of the file system that the service depends on, itself or by another service. */
function directoryNode(at: At, service: Service, { name, path, permissions }: HdfsDirectory): PlanNode {
  const scope = scopeOf(service)
  const maker = directoryMaker(at, service)
  if (maker) {
    const step = roleCommandStep(at, maker.role, maker.command)
    const args = { ...step.args, directory: name, forService: service.id }
    return { name, scope, children: [{ ...step, args }] }
  }
  const message = `Service "${service.name}" depends on no file system in which this manager could make the directory ${path} (${permissions}). Choose one in its configuration, or make it by hand.`
  return { name, scope, kind: 'unsupported', args: { message } }
}

function directoryMaker(at: At, service: Service): { role: Role; command: string } | undefined {
  const { instances } = at
  const first = instances.service(service)
  const seen = new Set(first ? [first] : [])
  // The set grows as it is walked: the nearest come first.
  for (const instance of seen) {
    for (const dependency of instance.dependencies.values()) seen.add(dependency)
    const row = (instances.model.servicesOfCluster.get(service.clusterId ?? 0) ?? []).find(
      (each) => each.name === instance.name,
    )
    for (const { type, commands } of instance.descriptor.roles) {
      const command = commands.find(({ makesDirectories }) => makesDirectories)
      const roles = row && command ? runnable(at, row).filter((role) => role.type === type) : []
      const role = roles.find(({ id }) => at.isWanted(id)) ?? roles[0]
      if (command && role) return { role, command: command.name }
    }
  }
  return undefined
}

function serviceCommandNode(at: At, service: Service, command: ServiceCommand): PlanNode {
  const roles = runnable(at, service).filter((role) => role.type === command.roleName)
  if (roles.length === 0)
    throw invalid(
      `Service "${service.name}" has no role ${command.roleName} that could run "${command.name}".`,
    )
  const chosen = command.runMode === 'all' ? roles : roles.slice(0, 1)
  return sideBySide(
    command.name,
    scopeOf(service),
    chosen.map((role) => roleCommandStep(at, role, command.roleCommand)),
  )
}

/** Out of duty: they are stopped, and cannot be started until they are recommissioned. */
export function planDecommissionRoles(at: At, service: Service, roles: readonly Role[]): PlanNode {
  return {
    name: 'Decommission',
    scope: scopeOf(service),
    children: decommission(at, scopeOf(service), roles),
  }
}

export function decommission(
  at: At,
  scope: Scope,
  roles: readonly Role[],
  hostIds: readonly number[] = [],
): PlanNode[] {
  const roleIds = roles.map((role) => role.id)
  const state = (to: string): PlanNode => ({
    name: 'SetCommissionState',
    kind: 'commission',
    scope,
    args: { roleIds, hostIds, state: to },
  })
  return [
    state('DECOMMISSIONING'),
    sideBySide(
      'StopRoles',
      scope,
      roles.filter((role) => role.type !== 'GATEWAY').map((role) => stopStep(at, role)),
    ),
    state('DECOMMISSIONED'),
  ]
}

export function planRecommissionRoles(service: Service, roles: readonly Role[]): PlanNode {
  const roleIds = roles.map((role) => role.id)
  return {
    name: 'Recommission',
    scope: scopeOf(service),
    children: [
      {
        name: 'SetCommissionState',
        kind: 'commission',
        scope: scopeOf(service),
        args: { roleIds, hostIds: [], state: 'COMMISSIONED' },
      },
    ],
  }
}
