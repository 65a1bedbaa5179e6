import type { Instances } from '../../configuration/index.js'
import type { Core } from '../../core.js'
import { GATEWAY, type ServiceDescriptor } from '../../descriptors/index.js'
import { ModelError, mustHaveDescriptor, roleDescriptor } from '../../model/index.js'
import {
  clientConfigProcess,
  directoryProcess,
  insertProcess,
  roleCommandProcess,
  serviceStopProcess,
  unlistProcess,
} from '../../processes/index.js'
import { done, failed, type Output, roleOf, type StepContext, type StepResult } from '../context.js'
import { lastLine, openOutput, sealOutput } from './output.js'
import { ended, isOver, unreached } from './role.js'

/** What has no bound of its own ends after a day. */
const LONGEST_MS = 24 * 3_600_000
const DEPLOY_MS = 600_000

interface RoleCommandArgs {
  command?: string
  /** Of a command that makes a directory: which of which service. */
  directory?: string
  forService?: number
}

/** Runs a command of a role's descriptor on its host, to its end. */
export async function roleCommand(context: StepContext): Promise<StepResult> {
  const { core, row } = context
  const instances = await context.instances()
  const role = roleOf(context, instances)
  const service = role && instances.model.services.get(role.serviceId)
  if (!role || !service) return failed('The role has been deleted.')
  const descriptor = mustHaveDescriptor(instances.model, core.descriptors(), service)
  const { command: name, directory, forService } = row.args as RoleCommandArgs
  const command = roleDescriptor(descriptor, role.type)?.commands.find((each) => each.name === name)
  if (!command) return failed(`The role type ${role.type} has no command "${name}" any more.`)
  const current = context.runtime.currentProcess(role.id)
  const running = current !== undefined && current.wanted === 'RUNNING' && !isOver(current)
  const begun = (row.progress as { process?: number }).process
  if (begun === undefined && command.requiredRoleState === 'running' && !running)
    return failed('The command needs the role to run. Start it first.')
  if (begun === undefined && command.requiredRoleState === 'stopped' && running)
    return failed('The command needs the role to be stopped. Stop it first.')
  const process = () =>
    directory === undefined
      ? roleCommandProcess(core, instances, role, command)
      : directoryProcess(core, instances, role, command, directoryAt(core, instances, forService, directory))
  const id = await context.onceProcess('process', async (trx) =>
    insertProcess(trx, core.keys, {
      process: process(),
      roleId: role.id,
      serviceId: role.serviceId,
      hostId: role.hostId,
    }),
  )
  return toTheEnd(context, id!, command.expectedExitCodes, LONGEST_MS)
}

function directoryAt(core: Core, { model }: Instances, serviceId: number | undefined, name: string) {
  const service = model.services.get(serviceId ?? 0)
  if (!service) throw new ModelError('NOT_FOUND', 'The service has been deleted.')
  const directory = mustHaveDescriptor(model, core.descriptors(), service).hdfsDirs.find(
    (each) => each.name === name,
  )
  if (directory) return { service, directory }
  throw new ModelError('NOT_FOUND', `The service type ${service.type} has no directory "${name}" any more.`)
}

/** Runs the graceful stop of a service, in the context of one of its master roles. */
export async function serviceStop(context: StepContext): Promise<StepResult> {
  const { core } = context
  const instances = await context.instances()
  const role = roleOf(context, instances)
  const found = role && instances.role(role)
  const runner: ServiceDescriptor['stopRunner'] = found?.service.descriptor.stopRunner
  if (!role || !runner) return failed('The role has been deleted.')
  const id = await context.onceProcess('process', async (trx) =>
    insertProcess(trx, core.keys, {
      process: serviceStopProcess(core, instances, role),
      roleId: role.id,
      serviceId: role.serviceId,
      hostId: role.hostId,
    }),
  )
  return toTheEnd(context, id!, [0], runner.timeout > 0 ? runner.timeout : LONGEST_MS)
}

/** Has a host make the client configuration of a service, and put it in its place. */
export async function clientConfig(context: StepContext): Promise<StepResult> {
  const { core, row, signal } = context
  const instances = await context.instances()
  const { model } = instances
  const wanted = (row.args as { roleId?: number }).roleId
  const onHost = (model.rolesOfService.get(row.serviceId ?? 0) ?? []).filter(
    (each) => each.hostId === row.hostId,
  )
  const role =
    onHost.find((each) => each.id === wanted) ?? onHost.find((each) => each.type === GATEWAY) ?? onHost[0]
  if (!role) return failed('The host has no role of the service any more.')
  const id = await context.onceProcess('process', async (trx) => {
    const process = clientConfigProcess(core, instances, role)
    const made = await insertProcess(trx, core.keys, {
      process,
      // Of the host's, not of the role: it stays when the role goes.
      roleId: null,
      serviceId: role.serviceId,
      hostId: role.hostId,
    })
    const before = await trx
      .selectFrom('clientConfig')
      .select('processId')
      .where('serviceId', '=', role.serviceId)
      .where('hostId', '=', role.hostId)
      .executeTakeFirst()
    if (before) await unlistProcess(trx, before.processId)
    await trx
      .insertInto('clientConfig')
      .values({
        serviceId: role.serviceId,
        hostId: role.hostId,
        name: `${process.clientConfig?.folder}.${role.serviceId}.${process.serviceName}`,
        processId: made.id,
        deployedProcessId: null,
        state: 'WANTED',
        message: '',
      })
      .onConflict((c) =>
        c.constraint('client_config_place').doUpdateSet({ processId: made.id, state: 'WANTED', message: '' }),
      )
      .execute()
    return made
  })
  const deployed = () =>
    core.db
      .selectFrom('clientConfig')
      .select(['state', 'message'])
      .where('processId', '=', id!)
      .executeTakeFirst()
  // Two things end it: the process that makes the files fails, or the agent says that they are (not) in their place.
  for (const deadline = Date.now() + DEPLOY_MS; ; ) {
    const row = await deployed()
    if (!row) return failed('It has been overtaken by another deployment.')
    if (row.state === 'DEPLOYED') {
      await keepPrinted(context, id!, role.hostId)
      return done('The client configuration is deployed.')
    }
    if (row.state === 'FAILED') {
      const output = await keepPrinted(context, id!, role.hostId)
      return failed(withReason(`The client configuration could not be deployed: ${row.message}.`, output))
    }
    const end = await context.waiting.until(
      id!,
      (each) => each.report !== undefined && isOver(each) && (each.report.exit?.code ?? 0) !== 0,
      { timeoutMs: 1_000, signal },
    )
    if (end.end === 'reached') {
      const output = await keepPrinted(context, id!, role.hostId)
      return failed(withReason(ended(end.process.report), output))
    }
    if (end.end === 'gone' || end.end === 'silent' || Date.now() > deadline)
      return failed(unreached(context, end, 'to deploy'))
  }
}

/** The files that it made stay, and so does the process: the host may have to deploy them again. */
async function keepPrinted(context: StepContext, id: number, hostId: number): Promise<Output> {
  const output = await context.outputOf(hostId, id, context.signal)
  await context.once('output', async () => sealOutput(context.core, output))
  return output
}

async function toTheEnd(
  context: StepContext,
  id: number,
  expected: readonly number[],
  timeoutMs: number,
): Promise<StepResult> {
  const end = await context.waiting.until(id, (each) => each.report !== undefined && isOver(each), {
    timeoutMs,
    signal: context.signal,
  })
  if (end.end !== 'reached') {
    await context.once('over', (trx) => unlistProcess(trx, id).then(() => ''))
    return failed(unreached(context, end, 'to end'))
  }
  const { report, hostId } = end.process
  const code = report?.exit?.code
  if (code !== undefined && expected.includes(code)) {
    await keepOutput(context, id, hostId)
    return done(code === 0 ? 'It has ended.' : `It has ended with code ${code}, as it may.`)
  }
  return failed(withReason(ended(report), await keepOutput(context, id, hostId)))
}

/** Takes what a process that has ended has printed from its host, and has the agent forget it. */
async function keepOutput(context: StepContext, id: number, hostId: number): Promise<Output | undefined> {
  const { core, row } = context
  const isKept = Object.hasOwn(row.progress as object, 'over')
  const output = isKept ? undefined : await context.outputOf(hostId, id, context.signal)
  const sealed = await context.once('over', async (trx) => {
    await unlistProcess(trx, id)
    return output ? sealOutput(core, output) : ''
  })
  return openOutput(core, sealed)
}

/** What a program says last on stderr is mostly why it failed. */
function withReason(message: string, output: Output | undefined): string {
  const words = lastLine(output?.stderr ?? '')
  return words === '' ? message : `${message} Its last words: ${words}`
}
