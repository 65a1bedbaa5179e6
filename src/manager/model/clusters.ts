import { randomUUID } from 'node:crypto'
import type { Change } from './change.js'
import { exists, inUse, invalid } from './errors.js'
import { checkClusterName, checkDisplayName } from './names.js'
import { mustBeStopped } from './running.js'
import type { Cluster, Host } from './types.js'

export interface NewCluster {
  name: string
  /** Default: the name. */
  displayName?: string | undefined
  /** Such as `CDH7`; from `fullVersion` where only that is given. */
  version?: string | undefined
  /** Such as `7.1.7`. Default: `<major>.0.0` of `version`. */
  fullVersion?: string | undefined
  /** Default `BASE_CLUSTER`. */
  clusterType?: string | undefined
  /** Of a cluster that is restored. Default: a new one. */
  uuid?: string | undefined
}

/** Makes clusters; none when one of them is wrong. Returns their ids. */
export async function createClusters(change: Change, wanted: readonly NewCluster[]): Promise<number[]> {
  const model = await change.model()
  const names = new Set([...model.clusters.values()].map((each) => each.name))
  const shown = new Set([...model.clusters.values()].map((each) => each.displayName))
  const uuids = new Set([...model.clusters.values()].map((each) => each.uuid))
  const rows = wanted.map((each) => {
    const name = checkClusterName(each.name)
    const displayName = checkDisplayName(each.displayName ?? name, 'cluster')
    if (names.has(name)) throw exists(`Cluster "${name}"`)
    if (shown.has(displayName)) throw exists(`A cluster that is shown as "${displayName}"`)
    const uuid = checkUuid(each.uuid) ?? randomUUID()
    if (uuids.has(uuid)) throw exists(`A cluster with the UUID ${uuid}`)
    names.add(name)
    shown.add(displayName)
    uuids.add(uuid)
    return {
      name,
      displayName,
      uuid,
      ...versions(each),
      clusterType: each.clusterType ?? 'BASE_CLUSTER',
      maintenance: false,
      createdAt: change.now,
    }
  })
  if (rows.length === 0) return []
  const made = await change.trx.insertInto('cluster').values(rows).returning(['id', 'name']).execute()
  change.touch(
    'cluster',
    made.map(({ id }) => id),
  )
  return wanted.map((each) => made.find((row) => row.name === each.name)!.id)
}

export interface ClusterUpdate {
  displayName?: string | undefined
  fullVersion?: string | undefined
}

export async function updateCluster(change: Change, cluster: Cluster, update: ClusterUpdate): Promise<void> {
  const { displayName, fullVersion } = update
  if (displayName !== undefined && displayName !== cluster.displayName) {
    checkDisplayName(displayName, 'cluster')
    for (const other of (await change.model()).clusters.values())
      if (other.displayName === displayName) throw exists(`A cluster that is shown as "${displayName}"`)
  }
  const values = {
    ...(displayName === undefined ? {} : { displayName }),
    ...(fullVersion === undefined ? {} : versions({ fullVersion })),
  }
  if (Object.keys(values).length === 0) return
  await change.trx.updateTable('cluster').set(values).where('id', '=', cluster.id).execute()
  // Its hosts and roles are told of by its names.
  change.touchHosts(((await change.model()).hostsOfCluster.get(cluster.id) ?? []).map(({ id }) => id))
  change.touch('cluster', [cluster.id])
}

/** With its services, which must be stopped; its hosts stay, in no cluster. */
export async function deleteCluster(change: Change, cluster: Cluster): Promise<void> {
  const model = await change.model()
  const services = model.servicesOfCluster.get(cluster.id) ?? []
  const roles = services.flatMap((service) => model.rolesOfService.get(service.id) ?? [])
  await mustBeStopped(change, roles, `Cluster "${cluster.name}"`)
  for (const service of services)
    await change.trx.deleteFrom('service').where('id', '=', service.id).execute()
  await change.trx.updateTable('host').set({ clusterId: null }).where('clusterId', '=', cluster.id).execute()
  await change.trx.deleteFrom('cluster').where('id', '=', cluster.id).execute()
  const hosts = (model.hostsOfCluster.get(cluster.id) ?? []).map(({ id }) => id)
  change.touchHosts([...new Set([...hosts, ...roles.map((role) => role.hostId)])])
  change.touch(
    'service',
    services.map(({ id }) => id),
  )
  change.touch('host', hosts)
  change.touch('cluster', [cluster.id])
}

export async function addHostsToCluster(
  change: Change,
  cluster: Cluster,
  hosts: readonly Host[],
): Promise<void> {
  const model = await change.model()
  for (const host of hosts)
    if (host.clusterId !== null && host.clusterId !== cluster.id)
      throw inUse(
        `Host "${host.hostname}" belongs to cluster "${model.clusters.get(host.clusterId)?.name}". Remove it there first.`,
      )
  await setCluster(change, hosts, cluster.id)
}

/** Refuses while roles of the cluster's services are on them. */
export async function removeHostsFromCluster(
  change: Change,
  cluster: Cluster,
  hosts: readonly Host[],
): Promise<void> {
  const model = await change.model()
  for (const host of hosts) {
    if (host.clusterId !== cluster.id)
      throw invalid(`Host "${host.hostname}" does not belong to cluster "${cluster.name}".`)
    const role = model.rolesOfHost
      .get(host.id)
      ?.find((each) => model.services.get(each.serviceId)?.clusterId === cluster.id)
    if (role) throw inUse(`Host "${host.hostname}" still has the role ${role.name}. Delete its roles first.`)
  }
  await setCluster(change, hosts, null)
}

async function setCluster(change: Change, hosts: readonly Host[], clusterId: number | null): Promise<void> {
  if (hosts.length === 0) return
  const ids = hosts.map((host) => host.id)
  await change.trx.updateTable('host').set({ clusterId }).where('id', 'in', ids).execute()
  change.touchHosts(ids)
  change.touch('host', ids)
}

function checkUuid(uuid: string | undefined): string | undefined {
  if (uuid !== undefined && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(uuid))
    throw invalid(`"${uuid.slice(0, 80)}" is not a UUID.`)
  return uuid
}

function versions({ version, fullVersion }: Pick<NewCluster, 'version' | 'fullVersion'>) {
  if (fullVersion !== undefined && !/^\d+(\.\d+){1,3}$/.test(fullVersion))
    throw invalid(`"${fullVersion}" is not a version of a cluster: it looks like 7.1.7.`)
  const major = fullVersion?.split('.')[0] ?? /^(?:CDH|CFM|CDF|KTS)(\d+)/.exec(version ?? 'CDH7')?.[1]
  if (major === undefined) throw invalid(`"${version}" is not a version of a cluster: it looks like CDH7.`)
  return { version: version ?? `CDH${major}`, fullVersion: fullVersion ?? `${major}.0.0` }
}
