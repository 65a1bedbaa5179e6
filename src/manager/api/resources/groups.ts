import {
  deleteRoleConfigGroup,
  groupNamed,
  type Model,
  moveRoles,
  moveRolesToBase,
  type RoleConfigGroup,
  updateRoleConfigGroup,
} from '../../model/index.js'
import type { EndpointName, Model as ApiModel } from '../contract/types.js'
import type { Call, Handlers } from '../http/call.js'
import { badRequest } from '../http/errors.js'
import { buildGroups } from './build.js'
import { changeFor } from './change.js'
import { applyConfig, configList } from './config.js'
import type { Resources } from './ports.js'
import { rolesNamed } from './roles.js'
import { sceneFor, serviceAt } from './scene.js'
import { toGroup, toRole } from './views.js'

type Params = { clusterName?: string; serviceName?: string; roleConfigGroupName?: string }
type AnyCall = Call<EndpointName> & { params: Params }

export function groupResources(resources: Resources): Handlers {
  const { store } = resources

  const withConfig = (model: Model, group: RoleConfigGroup): ApiModel<'ApiRoleConfigGroup'> => ({
    ...toGroup(model, group),
    config: configList(resources, model, { scope: 'GROUP', id: group.id }, 'summary'),
  })
  const groupAt = (model: Model, params: Params) =>
    groupNamed(model, serviceAt(model, params).service, params.roleConfigGroupName ?? '')

  async function list({ params }: AnyCall) {
    const model = await store.current()
    const { service } = serviceAt(model, params)
    return { items: (model.groupsOfService.get(service.id) ?? []).map((group) => withConfig(model, group)) }
  }

  async function read({ params }: AnyCall) {
    const model = await store.current()
    return withConfig(model, groupAt(model, params))
  }

  async function update(call: AnyCall & { body: ApiModel<'ApiRoleConfigGroup'> }) {
    const { name, roleType, displayName, config } = call.body
    call.audit.command = 'updateRoleConfigGroup'
    const id = await changeFor(resources, call, async (change) => {
      const group = groupAt(await change.model(), call.params)
      if (name !== undefined && name !== group.name)
        throw badRequest('name: the name of a role config group cannot be changed; displayName can.')
      if (roleType !== undefined && roleType !== group.roleType)
        throw badRequest('roleType: the role type of a role config group cannot be changed.')
      await updateRoleConfigGroup(change, group, { displayName })
      await applyConfig(resources, change, { scope: 'GROUP', id: group.id }, config?.items)
      return group.id
    })
    const model = await store.current()
    return withConfig(model, model.groups.get(id)!)
  }

  async function roles(call: AnyCall) {
    const scene = await sceneFor(resources, call)
    const group = groupAt(scene.model, call.params)
    const found = (scene.model.rolesOfService.get(group.serviceId) ?? []).filter(
      (role) => role.roleConfigGroupId === group.id,
    )
    return { items: found.map((role) => toRole(scene, role)) }
  }

  async function move(call: AnyCall & { body: ApiModel<'ApiRoleNameList'> }) {
    const names = call.body.items ?? []
    call.audit.command = 'moveRoles'
    call.audit.text ??= names.join(', ')
    await changeFor(resources, call, async (change) => {
      const model = await change.model()
      const moved = rolesNamed(model, call.params, names)
      if (call.params.roleConfigGroupName === undefined)
        await moveRolesToBase(change, serviceAt(model, call.params).service, moved)
      else await moveRoles(change, groupAt(model, call.params), moved)
    })
    const scene = await sceneFor(resources, call)
    return { items: rolesNamed(scene.model, call.params, names).map((role) => toRole(scene, role)) }
  }

  const C = '/clusters/{clusterName}/services/{serviceName}/roleConfigGroups'
  return {
    [`GET ${C}` as const]: list,
    async [`POST ${C}` as const](call: AnyCall & { body: ApiModel<'ApiRoleConfigGroupList'> }) {
      call.audit.command = 'createRoleConfigGroups'
      const made = await changeFor(resources, call, async (change) => {
        const { service } = serviceAt(await change.model(), call.params)
        return buildGroups(resources, change, service, call.body.items ?? [])
      })
      const model = await store.current()
      return { items: made.map(({ id }) => withConfig(model, model.groups.get(id)!)) }
    },
    [`PUT ${C}/roles` as const]: move,
    [`GET ${C}/{roleConfigGroupName}` as const]: read,
    [`PUT ${C}/{roleConfigGroupName}` as const]: update,
    async [`DELETE ${C}/{roleConfigGroupName}` as const](call: AnyCall) {
      const before = await read(call)
      call.audit.command = 'deleteRoleConfigGroup'
      await changeFor(resources, call, async (change) => {
        await deleteRoleConfigGroup(change, groupAt(await change.model(), call.params))
      })
      return before
    },
    [`GET ${C}/{roleConfigGroupName}/roles` as const]: roles,
    [`PUT ${C}/{roleConfigGroupName}/roles` as const]: move,
    'GET /cm/service/roleConfigGroups': list,
    'GET /cm/service/roleConfigGroups/{roleConfigGroupName}': read,
    'PUT /cm/service/roleConfigGroups/{roleConfigGroupName}': update,
    'GET /cm/service/roleConfigGroups/{roleConfigGroupName}/roles': roles,
  } as Handlers
}
