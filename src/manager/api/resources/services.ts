import {
  clusterNamed,
  createServices,
  deleteRoles,
  deleteService,
  mustHaveDescriptor,
  roleTypes,
  updateService,
} from '../../model/index.js'
import type { Model as ApiModel } from '../contract/types.js'
import type { Handlers, SharedCall } from '../http/call.js'
import { badRequest, notFound } from '../http/errors.js'
import { buildGroups, buildRoles, buildServices } from './build.js'
import { changeFor } from './change.js'
import { applyConfig } from './config.js'
import type { Resources } from './ports.js'
import { findManagementService, MANAGEMENT_TYPE, managementService, sceneFor, serviceAt } from './scene.js'
import { type Scene, toService, toServices } from './views.js'
import { zipped } from './zip.js'

export function serviceResources(resources: Resources): Handlers {
  const { core } = resources

  async function typesAt(params: { clusterName?: string; serviceName?: string }) {
    const model = await core.model()
    const { service } = serviceAt(model, params)
    const descriptor = mustHaveDescriptor(model, resources.core.descriptors(), service)
    return { items: roleTypes(descriptor).map(({ type }) => type) }
  }

  return {
    async 'GET /clusters/{clusterName}/services'(call) {
      const scene = await sceneFor(resources, call)
      const cluster = clusterNamed(scene.model, call.params.clusterName)
      const services = scene.model.servicesOfCluster.get(cluster.id) ?? []
      return { items: await toServices(scene, services) }
    },

    async 'POST /clusters/{clusterName}/services'(call) {
      const wanted = call.body.items ?? []
      call.audit.command = 'createServices'
      call.audit.text ??= wanted.map(({ name }) => name).join(', ')
      const ids = await changeFor(resources, call, async (change) =>
        buildServices(resources, change, clusterNamed(await change.model(), call.params.clusterName), wanted),
      )
      const scene = await sceneFor(resources, call)
      return {
        items: await toServices(
          scene,
          ids.map((id) => scene.model.services.get(id)!),
        ),
      }
    },

    async 'GET /clusters/{clusterName}/services/{serviceName}'(call) {
      const scene = await sceneFor(resources, call)
      return toService(scene, serviceAt(scene.model, call.params).service)
    },

    async 'PUT /clusters/{clusterName}/services/{serviceName}'(call) {
      const { name, displayName } = call.body
      if (name !== undefined && name !== call.params.serviceName)
        throw badRequest('name: the name of a service cannot be changed; displayName can.')
      call.audit.command = 'updateService'
      await changeFor(resources, call, async (change) => {
        await updateService(change, serviceAt(await change.model(), call.params).service, { displayName })
      })
      const scene = await sceneFor(resources, call, 'full')
      return toService(scene, serviceAt(scene.model, call.params).service)
    },

    async 'DELETE /clusters/{clusterName}/services/{serviceName}'(call) {
      call.audit.command = 'deleteService'
      return removed(call, (scene) => serviceAt(scene.model, call.params).service)
    },

    'GET /clusters/{clusterName}/services/{serviceName}/roleTypes': ({ params }) => typesAt(params),
    'GET /cm/service/roleTypes': () => typesAt({}),

    async 'GET /clusters/{clusterName}/services/{serviceName}/commandsByName'({ params }) {
      const { service } = serviceAt(await core.model(), params)
      return { items: (await resources.commands.names(service)).map((name) => ({ name })) }
    },

    async 'GET /clusters/{clusterName}/services/{serviceName}/clientConfig'({ params }) {
      const { service } = serviceAt(await core.model(), params)
      const found = await resources.clientConfig(service)
      if (!found) throw notFound(`Service "${service.name}" has no client configuration, or no role yet.`)
      return {
        name: `${service.name}-clientconfig.zip`,
        type: 'application/zip',
        contents: await zipped(found.folder, found.files),
      }
    },

    async 'GET /cm/service'(call) {
      const scene = await sceneFor(resources, call)
      return toService(scene, managementService(scene.model))
    },

    /** Makes it, or brings what is there up to what the body says. */
    async 'PUT /cm/service'(call) {
      const { name, displayName, config, roles, roleConfigGroups, type = MANAGEMENT_TYPE } = call.body
      if (type !== MANAGEMENT_TYPE)
        throw badRequest(`type: the management service is of type ${MANAGEMENT_TYPE}.`)
      call.audit.command = 'setupManagementService'
      await changeFor(resources, call, async (change) => {
        let service = findManagementService(await change.model())
        if (service) await updateService(change, service, { displayName })
        else {
          const wanted = { name: name ?? 'mgmt', type, displayName: displayName ?? 'Management Service' }
          const [id] = await createServices(change, undefined, [wanted])
          service = (await change.model()).services.get(id!)!
        }
        await buildGroups(resources, change, service, roleConfigGroups ?? [])
        await buildRoles(resources, change, service, roles ?? [])
        await applyConfig(resources, change, { scope: 'SERVICE', id: service.id }, config?.items)
      })
      const scene = await sceneFor(resources, call, 'full')
      return toService(scene, managementService(scene.model))
    },

    async 'DELETE /cm/service'(call) {
      call.audit.command = 'deleteManagementService'
      return removed(call, (scene) => managementService(scene.model))
    },
  }

  async function removed(
    call: Pick<SharedCall, 'base' | 'query' | 'audit' | 'auditEvent'>,
    which: (scene: Pick<Scene, 'model'>) => Parameters<typeof toService>[1],
  ): Promise<ApiModel<'ApiService'>> {
    const scene = await sceneFor(resources, call, 'full')
    const before = await toService(scene, which(scene))
    await changeFor(resources, call, async (change) => {
      const model = await change.model()
      const service = which({ model })
      await deleteRoles(change, model.rolesOfService.get(service.id) ?? [], `Service "${service.name}"`)
      await deleteService(change, which({ model: await change.model() }))
    })
    return before
  }
}
