import { deleteRoles, type Model, type Role, roleNamed } from '../../model/index.js'
import type { Model as ApiModel } from '../contract/types.js'
import { type Handlers, type SharedCall, shared } from '../http/call.js'
import { badRequest, notFound } from '../http/errors.js'
import { buildRoles } from './build.js'
import { changeFor } from './change.js'
import type { Resources } from './ports.js'
import { sceneFor, serviceAt } from './scene.js'
import { type Scene, toRole, toRoles } from './views.js'

type Params = SharedCall['params']

/** Roles that a filter such as `type==SERVER;hostname==one.example` lets through. */
export function filterRoles(
  scene: Scene,
  roles: readonly Role[],
  filter: string | undefined,
): readonly Role[] {
  const conditions = (filter ?? '').split(/[;,]/).filter((each) => each.trim() !== '')
  const tests = conditions.map((condition) => {
    const [, name = '', value = ''] = /^\s*(\w+)\s*==\s*(.*?)\s*$/.exec(condition) ?? []
    const read = Object.hasOwn(READ, name) ? READ[name] : undefined
    if (!read)
      throw badRequest(
        `The parameter "filter" has "${condition.slice(0, 60)}"; it takes ${Object.keys(READ).join(', ')}, each with == and a value, joined by ";".`,
      )
    return (role: Role) => read(scene, role).toLowerCase() === value.toLowerCase()
  })
  return roles.filter((role) => tests.every((test) => test(role)))
}

const READ: Readonly<Record<string, (scene: Scene, role: Role) => string>> = {
  type: (_, role) => role.type,
  hostId: ({ model }, role) => model.hosts.get(role.hostId)!.hostId,
  hostname: ({ model }, role) => model.hosts.get(role.hostId)!.hostname,
  healthState: ({ runtime }, role) => runtime.health({ role })?.summary ?? 'NOT_AVAILABLE',
  roleState: ({ runtime }, role) => runtime.roleState(role),
  haStatus: ({ runtime }, role) => runtime.haStatus(role) ?? '',
  commissionState: (_, role) => role.commissionState,
}

export function rolesNamed(
  model: Model,
  place: { clusterName?: string; serviceName?: string },
  names: readonly string[],
): Role[] {
  const { service } = serviceAt(model, place)
  return names.map((name) => roleNamed(model, service, name))
}

export function roleResources(resources: Resources): Handlers {
  async function list(call: SharedCall): Promise<ApiModel<'ApiRoleList'>> {
    const scene = await sceneFor(resources, call)
    const { service } = serviceAt(scene.model, call.params)
    const { filter } = call.query as { filter?: string }
    const roles = filterRoles(scene, scene.model.rolesOfService.get(service.id) ?? [], filter)
    return { items: await toRoles(scene, roles) }
  }

  async function create(call: SharedCall<ApiModel<'ApiRoleList'>>): Promise<ApiModel<'ApiRoleList'>> {
    call.audit.command = 'createRoles'
    const ids = await changeFor(resources, call, async (change) => {
      const { service } = serviceAt(await change.model(), call.params)
      return buildRoles(resources, change, service, call.body.items ?? [])
    })
    const scene = await sceneFor(resources, call)
    return {
      items: await toRoles(
        scene,
        ids.map((id) => scene.model.roles.get(id)!),
      ),
    }
  }

  async function read(call: SharedCall): Promise<ApiModel<'ApiRole'>> {
    const scene = await sceneFor(resources, call)
    const { service } = serviceAt(scene.model, call.params)
    return toRole(scene, roleNamed(scene.model, service, call.params.roleName ?? ''))
  }

  async function remove(call: SharedCall, names: readonly string[]): Promise<ApiModel<'ApiRole'>[]> {
    call.audit.command = 'deleteRoles'
    call.audit.text ??= names.join(', ')
    const scene = await sceneFor(resources, call, 'summary')
    const before = await toRoles(scene, rolesNamed(scene.model, call.params, names))
    await changeFor(resources, call, async (change) => {
      await deleteRoles(change, rolesNamed(await change.model(), call.params, names))
    })
    return before
  }

  async function roleAt(params: Params): Promise<Role> {
    const model = await resources.core.model()
    return roleNamed(model, serviceAt(model, params).service, params.roleName ?? '')
  }

  const C = '/clusters/{clusterName}/services/{serviceName}'
  return shared({
    [`GET ${C}/roles`]: list,
    [`POST ${C}/roles`]: create,
    [`GET ${C}/roles/{roleName}`]: read,
    [`DELETE ${C}/roles/{roleName}`]: async (call: SharedCall) =>
      (await remove(call, [call.params.roleName ?? '']))[0]!,
    [`POST ${C}/roles/bulkDelete`]: async (call: SharedCall<ApiModel<'ApiRoleNameList'>>) => ({
      items: await remove(call, call.body.items ?? []),
    }),
    'GET /cm/service/roles': list,
    'POST /cm/service/roles': create,
    'GET /cm/service/roles/{roleName}': read,
    'DELETE /cm/service/roles/{roleName}': async (call: SharedCall) =>
      (await remove(call, [call.params.roleName ?? '']))[0]!,

    async [`GET ${C}/roles/{roleName}/staleness`]({ params }: SharedCall): Promise<ApiModel<'BwStaleness'>> {
      const { staleness, problem, files, settings } = await resources.staleness(await roleAt(params))
      return {
        staleness,
        problem,
        files: files.map(({ before, after, ...file }) => ({
          ...file,
          before: shown(before),
          after: shown(after),
        })),
        settings: [...settings],
      }
    },

    async [`GET ${C}/roles/{roleName}/process`]({ params }: SharedCall) {
      const role = await roleAt(params)
      const configFiles = await resources.processFiles.list(role)
      if (!configFiles) throw notFound(`Role "${role.name}" has never been started: it has no process.`)
      return { configFiles }
    },
    ...Object.fromEntries(
      (['full', 'stdout', 'stderr'] as const).map((which) => [
        `GET ${C}/roles/{roleName}/logs/${which}`,
        async ({ params, signal }: SharedCall) => resources.roleLog(await roleAt(params), which, signal),
      ]),
    ),
    async [`GET ${C}/roles/{roleName}/process/configFiles/{configFileName}`]({ params }: SharedCall) {
      const role = await roleAt(params)
      const name = params.configFileName ?? ''
      const contents = await resources.processFiles.read(role, name)
      if (!contents) throw notFound(`The process of role "${role.name}" has no file "${name}".`)
      return { name, type: 'application/octet-stream', contents }
    },
  })
}

/** Files that are no text are only said to be so. */
function shown(contents: Uint8Array | undefined): string | undefined {
  if (contents === undefined) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(contents)
  } catch {
    return `(${contents.byteLength} bytes)`
  }
}
