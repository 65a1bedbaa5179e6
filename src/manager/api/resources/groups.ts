import {
  deleteRoleConfigGroup,
  groupNamed,
  type Model,
  moveRoles,
  moveRolesToBase,
  type RoleConfigGroup,
  updateRoleConfigGroup,
} from '../../model/index.js'
import type { Model as ApiModel } from '../contract/types.js'
import { type Handlers, type SharedCall, shared } from '../http/call.js'
import { badRequest } from '../http/errors.js'
import { buildGroups } from './build.js'
import { changeFor } from './change.js'
import { applyConfig, configList } from './config.js'
import type { Resources } from './ports.js'
import { rolesNamed } from './roles.js'
import { sceneFor, serviceAt } from './scene.js'
import { toGroup, toRoles } from './views.js'

type Params = SharedCall['params']

export function groupResources(resources: Resources): Handlers {
  const { core } = resources

  const withConfig = (model: Model, group: RoleConfigGroup): ApiModel<'ApiRoleConfigGroup'> => ({
    ...toGroup(model, group),
    config: configList(resources, model, { scope: 'GROUP', id: group.id }, 'summary'),
  })
  const groupAt = (model: Model, params: Params) =>
    groupNamed(model, serviceAt(model, params).service, params.roleConfigGroupName ?? '')

  async function list({ params }: SharedCall) {
    const model = await core.model()
    const { service } = serviceAt(model, params)
    return { items: (model.groupsOfService.get(service.id) ?? []).map((group) => withConfig(model, group)) }
  }

  async function read({ params }: SharedCall) {
    const model = await core.model()
    return withConfig(model, groupAt(model, params))
  }

  async function update(call: SharedCall<ApiModel<'ApiRoleConfigGroup'>>) {
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
    const model = await core.model()
    return withConfig(model, model.groups.get(id)!)
  }

  async function roles(call: SharedCall) {
    const scene = await sceneFor(resources, call)
    const group = groupAt(scene.model, call.params)
    const found = (scene.model.rolesOfService.get(group.serviceId) ?? []).filter(
      (role) => role.roleConfigGroupId === group.id,
    )
    return { items: await toRoles(scene, found) }
  }

  async function move(call: SharedCall<ApiModel<'ApiRoleNameList'>>) {
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
    return { items: await toRoles(scene, rolesNamed(scene.model, call.params, names)) }
  }

  const C = '/clusters/{clusterName}/services/{serviceName}/roleConfigGroups'
  return shared({
    [`GET ${C}`]: list,
    async [`POST ${C}`](call: SharedCall<ApiModel<'ApiRoleConfigGroupList'>>) {
      call.audit.command = 'createRoleConfigGroups'
      const made = await changeFor(resources, call, async (change) => {
        const { service } = serviceAt(await change.model(), call.params)
        return buildGroups(resources, change, service, call.body.items ?? [])
      })
      const model = await core.model()
      return { items: made.map(({ id }) => withConfig(model, model.groups.get(id)!)) }
    },
    [`PUT ${C}/roles`]: move,
    [`GET ${C}/{roleConfigGroupName}`]: read,
    [`PUT ${C}/{roleConfigGroupName}`]: update,
    async [`DELETE ${C}/{roleConfigGroupName}`](call: SharedCall) {
      const before = await read(call)
      call.audit.command = 'deleteRoleConfigGroup'
      await changeFor(resources, call, async (change) => {
        await deleteRoleConfigGroup(change, groupAt(await change.model(), call.params))
      })
      return before
    },
    [`GET ${C}/{roleConfigGroupName}/roles`]: roles,
    [`PUT ${C}/{roleConfigGroupName}/roles`]: move,
    'GET /cm/service/roleConfigGroups': list,
    'GET /cm/service/roleConfigGroups/{roleConfigGroupName}': read,
    'PUT /cm/service/roleConfigGroups/{roleConfigGroupName}': update,
    'GET /cm/service/roleConfigGroups/{roleConfigGroupName}/roles': roles,
  })
}
