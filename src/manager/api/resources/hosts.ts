import {
  createHosts,
  deleteHost,
  deleteTags,
  type Host,
  hostNamed,
  type Model,
  setTags,
  tagKey,
  updateHost,
} from '../../model/index.js'
import type { Handlers } from '../http/call.js'
import { badRequest } from '../http/errors.js'
import { needed } from './body.js'
import { changeFor } from './change.js'
import { applyConfig, configList } from './config.js'
import type { Resources } from './ports.js'
import { sceneFor } from './scene.js'
import { tagsOf, toHost } from './views.js'

/** Hosts on which a value is set so: a parameter of the host lists. */
export function filterHosts(
  resources: Resources,
  model: Model,
  hosts: readonly Host[],
  { configName, configValue }: { configName: string | undefined; configValue: string | undefined },
): readonly Host[] {
  if (configName === undefined) return hosts
  return hosts.filter((host) => {
    const { items } = configList(resources, model, { scope: 'HOST', id: host.id }, 'summary')
    const found = items.find(({ name }) => name?.toLowerCase() === configName.toLowerCase())
    return found !== undefined && (configValue === undefined || found.value === configValue)
  })
}

export function hostResources(resources: Resources): Handlers {
  const { core } = resources
  const tagsAt = async (name: string) => {
    const model = await core.model()
    return tagsOf(model, tagKey('HOST', hostNamed(model, name).id))
  }

  return {
    async 'GET /hosts'(call) {
      const scene = await sceneFor(resources, call)
      const hosts = filterHosts(resources, scene.model, [...scene.model.hosts.values()], call.query)
      return { items: hosts.map((host) => toHost(scene, host)) }
    },

    async 'POST /hosts'(call) {
      const items = call.body.items ?? []
      const wanted = items.map((each, i) => ({
        hostId: each.hostId,
        hostname: needed(each.hostname, `items[${i}].hostname`),
        ipAddress: each.ipAddress,
        rackId: each.rackId,
      }))
      call.audit.command = 'createHosts'
      call.audit.text ??= wanted.map(({ hostname }) => hostname).join(', ')
      const ids = await changeFor(resources, call, async (change) => {
        const made = await createHosts(change, wanted)
        for (const [i, id] of made.entries())
          await applyConfig(resources, change, { scope: 'HOST', id }, items[i]!.config?.items)
        return made
      })
      const scene = await sceneFor(resources, call, 'full')
      return { items: ids.map((id) => toHost(scene, scene.model.hosts.get(id)!)) }
    },

    async 'DELETE /hosts'(call) {
      call.audit.command = 'deleteHosts'
      const scene = await sceneFor(resources, call, 'summary')
      const before = [...scene.model.hosts.values()].map((host) => toHost(scene, host))
      await changeFor(resources, call, async (change) => {
        for (const host of (await change.model()).hosts.values()) await deleteHost(change, host)
      })
      return { items: before }
    },

    async 'GET /hosts/{hostId}'(call) {
      const scene = await sceneFor(resources, call)
      return toHost(scene, hostNamed(scene.model, call.params.hostId))
    },

    async 'PUT /hosts/{hostId}'(call) {
      const { rackId, hostname, hostId } = call.body
      call.audit.command = 'updateHost'
      const id = await changeFor(resources, call, async (change) => {
        const host = hostNamed(await change.model(), call.params.hostId)
        if (hostId !== undefined && hostId !== host.hostId)
          throw badRequest('hostId: the id of a host cannot be changed; it is its agent’s.')
        if (hostname !== undefined && hostname !== host.hostname)
          throw badRequest('hostname: the agent of a host says what its name is.')
        await updateHost(change, host, { rackId })
        return host.id
      })
      const scene = await sceneFor(resources, call, 'full')
      return toHost(scene, scene.model.hosts.get(id)!)
    },

    async 'DELETE /hosts/{hostId}'(call) {
      const scene = await sceneFor(resources, call, 'full')
      const before = toHost(scene, hostNamed(scene.model, call.params.hostId))
      call.audit.command = 'deleteHost'
      await changeFor(resources, call, async (change) => {
        await deleteHost(change, hostNamed(await change.model(), call.params.hostId))
      })
      return before
    },

    async 'GET /hosts/{hostname}/tags'({ params, query }) {
      return (await tagsAt(params.hostname)).slice(query.offset, query.offset + query.limit)
    },

    async 'PUT /hosts/{hostname}/tags'(call) {
      call.audit.command = 'addTags'
      const tags = Object.fromEntries(
        call.body.map(({ name, value }, i) => [needed(name, `[${i}].name`), value ?? '']),
      )
      await changeFor(resources, call, async (change) => {
        await setTags(change, 'HOST', hostNamed(await change.model(), call.params.hostname).id, tags)
      })
      return tagsAt(call.params.hostname)
    },

    async 'DELETE /hosts/{hostname}/tags'(call) {
      call.audit.command = 'deleteTags'
      const before = await tagsAt(call.params.hostname)
      const names = call.body.map(({ name }, i) => needed(name, `[${i}].name`))
      await changeFor(resources, call, async (change) => {
        await deleteTags(change, 'HOST', hostNamed(await change.model(), call.params.hostname).id, names)
      })
      return before.filter(({ name }) => names.includes(name!))
    },
  }
}
