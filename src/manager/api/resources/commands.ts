import { clusterNamed, hostNamed, type Model } from '../../model/index.js'
import type { Model as ApiModel } from '../contract/types.js'
import { type Handlers, type SharedCall, shared } from '../http/call.js'
import { badRequest, notFound } from '../http/errors.js'
import { commandById, startCommand, toCommand } from './command-views.js'
import type { CommandFilter, CommandRequest, Resources } from './ports.js'
import { rolesNamed } from './roles.js'
import { serviceAt } from './scene.js'

type Params = SharedCall['params']

const S = '/clusters/{clusterName}/services/{serviceName}'

const MAX_RECENT = 200

export function commandResources(resources: Resources): Handlers {
  const handlers: Record<string, (call: SharedCall) => unknown> = {}

  /** Commands on a cluster: `start` is the command `Start`. */
  for (const word of [
    'start',
    'stop',
    'restart',
    'rollingRestart',
    'refresh',
    'deployClientConfig',
    'firstRun',
  ])
    handlers[`POST /clusters/{clusterName}/commands/${word}`] = (call) =>
      startCommand(resources, call, (model) => {
        const cluster = clusterNamed(model, call.params.clusterName!)
        const args = call.body as { restartServiceNames?: string[] } | undefined
        for (const name of args?.restartServiceNames ?? [])
          serviceAt(model, { clusterName: cluster.name, serviceName: name })
        return { name: titled(word), cluster, args }
      })

  for (const word of ['start', 'stop', 'restart', 'rollingRestart', 'firstRun'])
    handlers[`POST ${S}/commands/${word}`] = (call) =>
      startCommand(resources, call, (model) => onService(model, call, titled(word)))
  for (const word of ['start', 'stop', 'restart'])
    handlers[`POST /cm/service/commands/${word}`] = (call) =>
      startCommand(resources, call, (model) => onService(model, call, titled(word)))

  /** On roles of a service by their names; without a body, on all that it makes sense for. */
  for (const word of ['decommission', 'recommission', 'deployClientConfig'])
    handlers[`POST ${S}/commands/${word}`] = (call) =>
      startCommand(resources, call, (model) => {
        const names = (call.body as ApiModel<'ApiRoleNameList'> | undefined)?.items
        const { args: _, ...request } = onService(model, call, titled(word))
        if (word !== 'deployClientConfig' && !names?.length)
          throw badRequest('items: must name at least one role.')
        if (names?.length) call.audit.text ??= names.join(', ')
        return { ...request, ...(names?.length ? { roles: rolesNamed(model, call.params, names) } : {}) }
      })

  for (const word of ['start', 'stop', 'restart', 'refresh']) {
    handlers[`POST ${S}/roleCommands/${word}`] = (call) => bulk(call, titled(word))
    if (word !== 'refresh')
      handlers[`POST /cm/service/roleCommands/${word}`] = (call) => bulk(call, titled(word))
  }

  handlers[`POST ${S}/commands/{commandName}`] = (call) =>
    startCommand(resources, call, (model) => onService(model, call, call.params.commandName ?? ''))
  handlers[`POST ${S}/roleCommands/{commandName}`] = (call) => bulk(call, call.params.commandName ?? '')

  async function bulk(call: SharedCall, name: string): Promise<ApiModel<'ApiBulkCommandList'>> {
    const names = (call.body as ApiModel<'ApiRoleNameList'>).items ?? []
    serviceAt(await resources.core.model(), call.params)
    const items: ApiModel<'ApiCommand'>[] = []
    const errors: string[] = []
    call.audit.text ??= `${name}: ${names.join(', ')}`
    // Each role gets a command of its own; those that cannot be named do not hold the others up.
    for (const roleName of names)
      try {
        items.push(
          await startCommand(resources, call, (model) => ({
            ...onService(model, call, name),
            roles: rolesNamed(model, call.params, [roleName]),
          })),
        )
      } catch (error) {
        const { code, message } = error as { code?: string; message: string }
        const known = code === 'NOT_FOUND' || code === 'INVALID' || code === 'IN_USE'
        // What has been started by then is to be told, and to be in the audit.
        if (!known && items.length === 0) throw error
        if (!known)
          resources.core.logger.error({ err: error, role: roleName }, 'a command could not be started')
        errors.push(known ? message : `${roleName}: the manager failed on this role; its log says why.`)
      }
    return { items, errors }
  }

  for (const word of ['Decommission', 'Recommission', 'RecommissionWithStart', 'StartRoles'])
    handlers[`POST /cm/commands/hosts${word}`] = (call) =>
      startCommand(resources, call, (model) => {
        const names = (call.body as ApiModel<'ApiHostNameList'>).items ?? []
        if (names.length === 0) throw badRequest('items: must name at least one host.')
        call.audit.text ??= names.join(', ')
        return { name: `Hosts${word}`, hosts: names.map((name) => hostNamed(model, name)) }
      })

  const lists: Record<string, (model: Model, params: Params) => CommandFilter> = {
    'GET /cm/commands': () => ({}),
    'GET /cm/service/commands': (model) => ({ serviceId: serviceAt(model, {}).service.id }),
    'GET /clusters/{clusterName}/commands': (model, { clusterName }) => ({
      clusterId: clusterNamed(model, clusterName!).id,
    }),
    [`GET ${S}/commands`]: (model, params) => ({ serviceId: serviceAt(model, params).service.id }),
    [`GET ${S}/roles/{roleName}/commands`]: (model, params) => ({
      roleId: rolesNamed(model, params, [params.roleName!])[0]!.id,
    }),
  }
  for (const [name, filter] of Object.entries(lists))
    handlers[name] = async ({ params }) => {
      const found = await resources.commands.active(filter(await resources.core.model(), params))
      return { items: found.map(toCommand) }
    }

  handlers['GET /cm/recentCommands'] = async ({ query }) => {
    const limit = Number((query as { maxResults?: number }).maxResults)
    if (limit < 1 || limit > MAX_RECENT) throw badRequest(`maxResults: must be 1 to ${MAX_RECENT}.`)
    const found = await resources.commands.recent(limit)
    return { items: found.map(({ username, record }) => ({ username, command: toCommand(record) })) }
  }
  handlers['GET /commands/{commandId}'] = ({ params }) => commandById(resources, idOf(params))
  handlers['POST /commands/{commandId}/abort'] = async (call) => {
    call.audit.command = 'abort'
    await resources.commands.abort(idOf(call.params))
    return commandById(resources, idOf(call.params))
  }
  handlers['POST /commands/{commandId}/retry'] = async (call) => {
    call.audit.command = 'retry'
    return commandById(resources, await resources.commands.retry(idOf(call.params), call.user.name))
  }
  for (const stream of ['stdout', 'stderr'] as const)
    handlers[`GET /commands/{commandId}/logs/${stream}`] = async ({ params }) => {
      const id = idOf(params)
      const output = await resources.commands.output(id, stream)
      if (output === undefined) throw notFound(`Command ${id} does not exist, or wrote no ${stream}.`)
      return { name: `command-${id}-${stream}.log`, type: 'text/plain; charset=utf-8', contents: output }
    }
  return shared(handlers)
}

const titled = (word: string) => word[0]!.toUpperCase() + word.slice(1)

function onService(model: Model, call: SharedCall, name: string): CommandRequest {
  const { cluster, service } = serviceAt(model, call.params)
  const args = call.body as { restartRoleNames?: string[]; restartRoleTypes?: string[] } | undefined
  const roles = args?.restartRoleNames?.length
    ? rolesNamed(model, call.params, args.restartRoleNames)
    : undefined
  return {
    name,
    cluster,
    service,
    ...(roles ? { roles } : {}),
    args: args as Record<string, unknown> | undefined,
  }
}

function idOf({ commandId = '' }: Params): number {
  if (!/^\d{1,15}$/.test(commandId)) throw notFound(`Command "${commandId.slice(0, 40)}" does not exist.`)
  return Number(commandId)
}
