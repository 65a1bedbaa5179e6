import { setTimeout as delay } from 'node:timers/promises'
import { checkService, validationText } from '../../configuration/index.js'
import type { CommissionState } from '../../database/index.js'
import { GATEWAY } from '../../descriptors/index.js'
import { type Model, mayRun, type Role, setHostCommission, setRoleCommission } from '../../model/index.js'
import { done, failed, type StepContext, type StepResult } from '../context.js'

const SHOWN = 10

/** Checks all configuration of some services, and tells every error. */
export async function validate(context: StepContext): Promise<StepResult> {
  const { serviceIds = [], roleIds } = context.row.args as { serviceIds?: number[]; roleIds?: number[] }
  const instances = await context.instances()
  const only = roleIds && new Set(roleIds)
  const messages = serviceIds.flatMap((id) => {
    const service = instances.model.services.get(id)
    return service ? checkService(instances, service, only) : []
  })
  const errors = messages.filter((each) => each.level === 'ERROR')
  const shown = messages.filter((each) => !each.suppressed).slice(0, 1_000)
  if (shown.length > 0)
    await context.log(shown.map((each) => `${each.level} ${validationText(each)}`).join('\n'))
  if (errors.length === 0) return done('The configuration is valid.')
  const more = errors.length > SHOWN ? `; and ${errors.length - SHOWN} more` : ''
  return failed(
    `The configuration is not valid: ${errors.slice(0, SHOWN).map(validationText).join('; ')}${more}.`,
  )
}

export async function commission(context: StepContext): Promise<StepResult> {
  const { roleIds, hostIds, state } = context.row.args as {
    roleIds: number[]
    hostIds: number[]
    state: CommissionState
  }
  let left = ''
  await context.core.change(async (change) => {
    const model = await change.model()
    const roles = roleIds.flatMap((id) => model.roles.get(id) ?? [])
    await setRoleCommission(change, roles, state)
    left = state === 'DECOMMISSIONING' ? lastOnes(await change.model(), roles) : ''
    await setHostCommission(
      change,
      hostIds.flatMap((id) => model.hosts.get(id) ?? []),
      state,
    )
  })
  const count = (number: number, what: string) => (number === 1 ? `1 ${what}` : `${number} ${what}s`)
  const both = [
    ...(roleIds.length > 0 || hostIds.length === 0 ? [count(roleIds.length, 'role')] : []),
    ...(hostIds.length > 0 ? [count(hostIds.length, 'host')] : []),
  ]
  const verb = roleIds.length + hostIds.length === 1 ? 'is' : 'are'
  return done(`${both.join(' and ')} ${verb} ${state}.${left}`)
}

/** Says which services are left without a role of a kind that could serve. */
function lastOnes(model: Model, roles: readonly Role[]): string {
  const none = new Set<string>()
  for (const { type, serviceId } of roles) {
    const others = (model.rolesOfService.get(serviceId) ?? []).filter((each) => each.type === type)
    if (type !== GATEWAY && !others.some((each) => mayRun(model, each)))
      none.add(`No role ${type} of service "${model.services.get(serviceId)?.name}" is left in duty.`)
  }
  return [...none]
    .slice(0, SHOWN)
    .map((each) => ` ${each}`)
    .join('')
}

/** Waits; the time at which it ends is stored, so that a new manager does not begin anew. */
export async function pause(context: StepContext): Promise<StepResult> {
  const { seconds } = context.row.args as { seconds: number }
  const until = await context.once('until', async () => Date.now() + seconds * 1_000)
  await delay(Math.max(0, until - Date.now()), undefined, { signal: context.signal }).catch(() => {
    throw context.signal.reason
  })
  return done(`Waited ${seconds} s.`)
}

export async function unsupported(context: StepContext): Promise<StepResult> {
  return failed(
    String((context.row.args as { message?: string }).message ?? 'This is not done by this version.'),
  )
}
