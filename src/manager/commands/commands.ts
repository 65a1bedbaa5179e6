import type { Core } from '../core.js'
import { withTerm } from '../database/index.js'
import { GATEWAY } from '../descriptors/index.js'
import type { Runtime } from '../heartbeats/index.js'
import { invalid, notFound } from '../model/errors.js'
import type { Model, Role } from '../model/index.js'
import type { StalenessStore } from '../processes/index.js'
import type { Executor } from './executor.js'
import {
  type CommandOutput,
  type CommandQuery,
  childrenOf,
  commandLogs,
  commandOutputs,
  deletedOf,
  getCommand,
  insertCommand,
  listCommands,
  loadTree,
  remainder,
} from './store.js'
import type { At, CommandView, PlanNode } from './types.js'

export interface Commands {
  /**
   * What plans are made from, at this moment. `withStaleness` for the roles of these services: for plans that restart
   * only what is outdated.
   */
  at(options?: { withStaleness?: readonly number[] }): Promise<At>
  /** Stores a command and begins it. Throws `ModelError` `IN_USE` while another one is at work on one of its roles. */
  submit(plan: PlanNode, username: string): Promise<CommandView>
  get(id: number): Promise<CommandView>
  children(id: number): Promise<CommandView[]>
  list(query?: CommandQuery): Promise<CommandView[]>
  logs(id: number): Promise<{ commandId: number; at: number; text: string }[]>
  /** What the programs of a command and of its parts have printed, in their order; the end of each. */
  outputs(id: number): Promise<CommandOutput[]>
  /** What has not begun does not begin; what has begun on hosts goes on. */
  abort(id: number): Promise<CommandView>
  /** A new command of what did not succeed. */
  retry(id: number, username: string): Promise<CommandView>
  /** Resolves with the command when it has ended. */
  ended(id: number): Promise<CommandView>
}

export function createCommands(options: {
  core: Core
  runtime: Runtime
  executor: Executor
  staleness: StalenessStore
}): Commands {
  const { core, runtime, executor, staleness } = options

  async function start(
    model: Model,
    plan: PlanNode,
    username: string,
    retryOf?: number,
  ): Promise<CommandView> {
    const id = await insertCommand(core, model, plan, {
      username,
      ...(retryOf === undefined ? {} : { retryOf }),
    })
    executor.run(id)
    return getCommand(core, id)
  }

  return {
    async at({ withStaleness } = {}) {
      const instances = await core.instances()
      const stale = new Set<number>()
      for (const serviceId of withStaleness ?? [])
        for (const role of instances.model.rolesOfService.get(serviceId) ?? [])
          if ((await staleness.ofRole(instances, role)).staleness !== 'FRESH') stale.add(role.id)
      return {
        instances,
        isWanted: (roleId) => runtime.currentProcess(roleId)?.wanted === 'RUNNING',
        ...(withStaleness ? { isStale: (roleId: number) => stale.has(roleId) } : {}),
      }
    },
    submit: async (plan, username) => start(await core.model(), plan, username),
    get: (id) => getCommand(core, id),
    children: (id) => childrenOf(core, id),
    list: (query) => listCommands(core, query),
    logs: (id) => commandLogs(core, id),
    outputs: (id) => commandOutputs(core, id),
    async abort(id) {
      const { rootId } = await getCommand(core, id)
      await withTerm(core.db, core.term(), (trx) =>
        trx.updateTable('command').set({ abortRequested: true }).where('id', '=', rootId).execute(),
      )
      executor.abort(rootId)
      return getCommand(core, id)
    },
    async retry(id, username) {
      const before = await getCommand(core, id)
      if (before.parentId !== null)
        throw invalid(`Command ${id} is a part of command ${before.rootId}; retry that one.`)
      const [model, rows] = [await core.model(), await loadTree(core, id)]
      const root = rows.find((row) => row.id === id)
      const deleted = root && deletedOf(model, root)
      if (deleted) throw invalid(`Command ${id} was about ${deleted}, which has been deleted.`)
      if (!before.canRetry) throw invalid(`Command ${id} did not fail; there is nothing to retry.`)
      const plan = remainder(model, rows, id)
      if (!plan) throw notFound(`Command ${id}`)
      return start(model, plan, username, id)
    },
    async ended(id) {
      await executor.ended(id)
      const { rootId } = await getCommand(core, id)
      if (rootId !== id) await executor.ended(rootId)
      return getCommand(core, id)
    },
  }
}

export type RoleState = 'STOPPED' | 'STARTING' | 'STARTED' | 'STOPPING' | 'NA'

/** What a role does, as the API calls it. */
export function roleState(runtime: Runtime, role: Role): RoleState {
  if (role.type === GATEWAY) return 'NA'
  const process = runtime.currentProcess(role.id)
  if (!process) return 'STOPPED'
  const state = process.absent ? undefined : process.report?.state
  const over = process.absent || state === 'STOPPED' || state === 'EXITED' || state === 'FATAL'
  if (process.wanted === 'STOPPED') return over || state === undefined ? 'STOPPED' : 'STOPPING'
  if (state === 'RUNNING') return 'STARTED'
  return state === 'STOPPED' || state === 'EXITED' || state === 'FATAL' ? 'STOPPED' : 'STARTING'
}

/** Of a service: started as soon as a role is. */
export function serviceState(runtime: Runtime, model: Model, serviceId: number): RoleState {
  const states = (model.rolesOfService.get(serviceId) ?? []).map((role) => roleState(runtime, role))
  for (const state of ['STARTING', 'STOPPING', 'STARTED', 'STOPPED'] as const)
    if (states.includes(state)) return state
  return 'NA'
}
