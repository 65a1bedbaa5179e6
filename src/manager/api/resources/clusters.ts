import {
  addHostsToCluster,
  type Change,
  type Cluster,
  clusterNamed,
  createClusters,
  deleteCluster,
  deleteHost,
  deleteRoles,
  type Host,
  hostNamed,
  type Model,
  removeHostsFromCluster,
  updateCluster,
} from '../../model/index.js'
import type { Model as ApiModel } from '../contract/types.js'
import type { Handlers } from '../http/call.js'
import { badRequest } from '../http/errors.js'
import { hostsByRef, needed } from './body.js'
import { changeFor } from './change.js'
import { synchronous } from './command-views.js'
import { filterHosts } from './hosts.js'
import type { Resources } from './ports.js'
import { sceneFor } from './scene.js'
import { hostRef, toCluster, toHost } from './views.js'

const TYPES: Readonly<Record<string, string | undefined>> = {
  any: undefined,
  base: 'BASE_CLUSTER',
  compute: 'COMPUTE_CLUSTER',
  experience: 'EXPERIENCE_CLUSTER',
}

export function clusterResources(resources: Resources): Handlers {
  const { core } = resources
  const one = async (call: Parameters<typeof sceneFor>[1], name: string) => {
    const scene = await sceneFor(resources, call, 'full')
    return toCluster(scene, clusterNamed(scene.model, name))
  }

  return {
    async 'GET /clusters'(call) {
      const scene = await sceneFor(resources, call)
      const word = call.query.clusterType.toLowerCase()
      if (!Object.hasOwn(TYPES, word))
        throw badRequest(`The parameter "clusterType" must be one of ${Object.keys(TYPES).join(', ')}.`)
      const type = TYPES[word]
      const found = [...scene.model.clusters.values()].filter(
        (cluster) => type === undefined || cluster.clusterType === type,
      )
      return { items: found.map((cluster) => toCluster(scene, cluster)) }
    },

    async 'POST /clusters'(call) {
      const wanted = (call.body.items ?? []).map((each, i) => ({
        name: needed(each.name ?? each.displayName, `items[${i}].name`),
        displayName: each.displayName,
        version: each.version,
        fullVersion: each.fullVersion,
        clusterType: each.clusterType,
      }))
      call.audit.command = 'createClusters'
      call.audit.text ??= wanted.map(({ name }) => name).join(', ')
      const ids = await changeFor(resources, call, (change) => createClusters(change, wanted))
      const scene = await sceneFor(resources, call)
      return { items: ids.map((id) => toCluster(scene, scene.model.clusters.get(id)!)) }
    },

    'GET /clusters/{clusterName}': (call) => one(call, call.params.clusterName),

    async 'PUT /clusters/{clusterName}'(call) {
      const { name, displayName, fullVersion } = call.body
      if (name !== undefined && name !== call.params.clusterName)
        throw badRequest('name: the name of a cluster cannot be changed; displayName can.')
      call.audit.command = 'updateCluster'
      await changeFor(resources, call, async (change) => {
        const cluster = clusterNamed(await change.model(), call.params.clusterName)
        await updateCluster(change, cluster, { displayName, fullVersion })
      })
      return one(call, call.params.clusterName)
    },

    async 'DELETE /clusters/{clusterName}'(call) {
      const before = await one(call, call.params.clusterName)
      call.audit.command = 'deleteCluster'
      await changeFor(resources, call, async (change) => {
        await deleteCluster(change, clusterNamed(await change.model(), call.params.clusterName))
      })
      return before
    },

    async 'GET /clusters/{clusterName}/serviceTypes'({ params }) {
      clusterNamed(await core.model(), params.clusterName)
      const types = resources.core.descriptors().descriptors.map(({ type }) => type)
      return { items: [...new Set(types)].sort() }
    },

    async 'GET /clusters/{clusterName}/hosts'(call) {
      const scene = await sceneFor(resources, call)
      const hosts = filterHosts(
        resources,
        scene.model,
        hostsOf(scene.model, call.params.clusterName),
        call.query,
      )
      // Up to v30 these were references.
      if (call.version <= 30) return { items: hosts.map(({ hostId }) => ({ hostId })) }
      return { items: hosts.map((host) => toHost(scene, host)) }
    },

    async 'POST /clusters/{clusterName}/hosts'(call) {
      call.audit.command = 'addHostsToCluster'
      const refs = call.body.items ?? []
      const hosts = await changeFor(resources, call, async (change) => {
        const model = await change.model()
        const found = hostsByRef(model, refs)
        await addHostsToCluster(change, clusterNamed(model, call.params.clusterName), found)
        return found
      })
      return { items: hosts.map(hostRef) }
    },

    async 'DELETE /clusters/{clusterName}/hosts'(call) {
      call.audit.command = 'removeHostsFromCluster'
      return { items: await remove(call, (model, cluster) => model.hostsOfCluster.get(cluster.id) ?? []) }
    },

    /** Stopped roles on the hosts go with it; done at once. */
    async 'POST /hosts/removeHostsFromCluster'(call) {
      const names = needed(call.body.hostsToRemove, 'hostsToRemove')
      call.audit.command = 'removeHostsFromCluster'
      call.audit.text ??= names.join(', ')
      await changeFor(resources, call, async (change) => {
        for (const name of names) await removeHost(change, name, call.body.deleteHosts === true)
      })
      return synchronous('RemoveHostsFromCluster', {})
    },

    async 'DELETE /clusters/{clusterName}/hosts/{hostId}'(call) {
      call.audit.command = 'removeHostsFromCluster'
      const [removed] = await remove(call, (model) => [hostNamed(model, call.params.hostId)])
      return removed!
    },
  }

  async function remove(
    call: Parameters<typeof changeFor>[1] & { params: { clusterName: string } },
    which: (model: Model, cluster: Cluster) => readonly Host[],
  ): Promise<ApiModel<'ApiHostRef'>[]> {
    return changeFor(resources, call, async (change) => {
      const model = await change.model()
      const cluster = clusterNamed(model, call.params.clusterName)
      const hosts = which(model, cluster)
      await removeHostsFromCluster(change, cluster, hosts)
      return hosts.map(hostRef)
    })
  }
}

const hostsOf = (model: Model, clusterName: string): readonly Host[] =>
  model.hostsOfCluster.get(clusterNamed(model, clusterName).id) ?? []

async function removeHost(change: Change, name: string, alsoDelete: boolean): Promise<void> {
  const before = await change.model()
  const host = hostNamed(before, name)
  const cluster = host.clusterId === null ? undefined : before.clusters.get(host.clusterId)
  await deleteRoles(change, before.rolesOfHost.get(host.id) ?? [])
  if (cluster) await removeHostsFromCluster(change, cluster, [host])
  if (alsoDelete) await deleteHost(change, hostNamed(await change.model(), name))
}
