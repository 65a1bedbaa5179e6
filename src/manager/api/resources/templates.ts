import {
  applyHostTemplate,
  clusterNamed,
  createHostTemplate,
  deleteHostTemplate,
  type Model,
  templateNamed,
  updateHostTemplate,
} from '../../model/index.js'
import type { Model as ApiModel } from '../contract/types.js'
import type { Handlers } from '../http/call.js'
import { hostsByRef, needed } from './body.js'
import { changeFor } from './change.js'
import { startCommand, synchronous } from './command-views.js'
import type { Resources } from './ports.js'
import { clusterRef, toTemplate } from './views.js'

type Params = { clusterName: string; hostTemplateName: string }

const groupNamesOf = ({ roleConfigGroupRefs }: ApiModel<'ApiHostTemplate'>, where: string) =>
  roleConfigGroupRefs?.map(({ roleConfigGroupName }, i) =>
    needed(roleConfigGroupName, `${where}roleConfigGroupRefs[${i}].roleConfigGroupName`),
  )

export function templateResources(resources: Resources): Handlers {
  const { core } = resources
  const at = (model: Model, params: Params) =>
    templateNamed(model, clusterNamed(model, params.clusterName), params.hostTemplateName)

  return {
    async 'GET /clusters/{clusterName}/hostTemplates'({ params }) {
      const model = await core.model()
      const cluster = clusterNamed(model, params.clusterName)
      const found = [...model.templates.values()].filter(({ clusterId }) => clusterId === cluster.id)
      return { items: found.map((template) => toTemplate(model, template)) }
    },

    async 'POST /clusters/{clusterName}/hostTemplates'(call) {
      call.audit.command = 'createHostTemplates'
      const ids = await changeFor(resources, call, async (change) => {
        const cluster = clusterNamed(await change.model(), call.params.clusterName)
        const made: number[] = []
        for (const [i, wanted] of (call.body.items ?? []).entries())
          made.push(
            await createHostTemplate(change, cluster, {
              name: needed(wanted.name, `items[${i}].name`),
              groupNames: groupNamesOf(wanted, `items[${i}].`) ?? [],
            }),
          )
        return made
      })
      const model = await core.model()
      return { items: ids.map((id) => toTemplate(model, model.templates.get(id)!)) }
    },

    async 'GET /clusters/{clusterName}/hostTemplates/{hostTemplateName}'({ params }) {
      const model = await core.model()
      return toTemplate(model, at(model, params))
    },

    async 'PUT /clusters/{clusterName}/hostTemplates/{hostTemplateName}'(call) {
      call.audit.command = 'updateHostTemplate'
      const id = await changeFor(resources, call, async (change) => {
        const model = await change.model()
        const template = at(model, call.params)
        const { name } = call.body
        const groupNames = groupNamesOf(call.body, '')
        await updateHostTemplate(change, clusterNamed(model, call.params.clusterName), template, {
          ...(name === undefined ? {} : { name }),
          ...(groupNames === undefined ? {} : { groupNames }),
        })
        return template.id
      })
      const model = await core.model()
      return toTemplate(model, model.templates.get(id)!)
    },

    async 'DELETE /clusters/{clusterName}/hostTemplates/{hostTemplateName}'(call) {
      const before = await core.model()
      const deleted = toTemplate(before, at(before, call.params))
      call.audit.command = 'deleteHostTemplate'
      await changeFor(resources, call, async (change) => {
        await deleteHostTemplate(change, at(await change.model(), call.params))
      })
      return deleted
    },

    async 'POST /clusters/{clusterName}/hostTemplates/{hostTemplateName}/commands/applyHostTemplate'(call) {
      call.audit.command = 'applyHostTemplate'
      const startRoles = call.query.startRoles === true
      const { cluster, ids } = await changeFor(resources, call, async (change) => {
        const model = await change.model()
        const found = clusterNamed(model, call.params.clusterName)
        const hosts = hostsByRef(model, call.body.items ?? [])
        return { cluster: found, ids: await applyHostTemplate(change, found, at(model, call.params), hosts) }
      })
      if (!startRoles || ids.length === 0)
        return synchronous('ApplyHostTemplate', { clusterRef: clusterRef(cluster) })
      return startCommand(resources, call, (model) => ({
        name: 'StartRoles',
        cluster,
        roles: ids.map((id) => model.roles.get(id)!),
      }))
    },
  }
}
