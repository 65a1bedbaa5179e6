import { randomUUID } from 'node:crypto'
import type { Change } from './change.js'
import { exists, inUse, invalid } from './errors.js'
import { checkHostname, checkIpAddress, checkRackId } from './names.js'
import type { Host } from './types.js'

export const DEFAULT_RACK = '/default'

export interface NewHost {
  /** The agent's id; made up when it is missing, for hosts whose agent comes later. */
  hostId?: string | undefined
  hostname: string
  ipAddress?: string | undefined
  rackId?: string | undefined
}

export async function createHosts(change: Change, wanted: readonly NewHost[]): Promise<number[]> {
  const model = await change.model()
  const known = new Set([...model.hosts.values()].map((host) => host.hostId))
  const names = new Set([...model.hosts.values()].map((host) => host.hostname))
  const rows = wanted.map((each) => {
    const hostId = each.hostId ?? randomUUID()
    if (!/^[A-Za-z0-9-]{8,64}$/.test(hostId))
      throw invalid(`"${hostId.slice(0, 80)}" is not a host id: it needs 8 to 64 letters, digits and dashes.`)
    const hostname = checkHostname(each.hostname)
    if (known.has(hostId)) throw exists(`Host "${hostId}"`)
    if (names.has(hostname)) throw exists(`Host "${hostname}"`)
    known.add(hostId)
    names.add(hostname)
    return {
      hostId,
      hostname,
      ipAddress: checkIpAddress(each.ipAddress ?? ''),
      rackId: checkRackId(each.rackId ?? DEFAULT_RACK),
      clusterId: null,
      commissionState: 'COMMISSIONED' as const,
      maintenance: false,
      generation: 1,
      createdAt: change.now,
    }
  })
  if (rows.length === 0) return []
  const made = await change.trx.insertInto('host').values(rows).returning(['id', 'hostId']).execute()
  const ids = rows.map((row) => made.find((each) => each.hostId === row.hostId)!.id)
  change.touchHosts(ids)
  change.touch('host', ids)
  return ids
}

export interface HostUpdate {
  hostname?: string | undefined
  ipAddress?: string | undefined
  rackId?: string | undefined
}

export async function updateHost(change: Change, host: Host, update: HostUpdate): Promise<void> {
  const { hostname, ipAddress, rackId } = update
  if (hostname !== undefined && hostname !== host.hostname) {
    checkHostname(hostname)
    for (const other of (await change.model()).hosts.values())
      if (other.hostname === hostname) throw exists(`Host "${hostname}"`)
  }
  const values = {
    ...(hostname === undefined ? {} : { hostname }),
    ...(ipAddress === undefined ? {} : { ipAddress: checkIpAddress(ipAddress) }),
    ...(rackId === undefined ? {} : { rackId: checkRackId(rackId) }),
  }
  if (Object.keys(values).length === 0) return
  await change.trx.updateTable('host').set(values).where('id', '=', host.id).execute()
  change.touchHosts([host.id])
  change.touch('host', [host.id])
}

/** Refuses while it has roles or belongs to a cluster. Its agent's token is void from then on. */
export async function deleteHost(change: Change, host: Host): Promise<void> {
  const model = await change.model()
  const roles = model.rolesOfHost.get(host.id) ?? []
  if (roles.length > 0)
    throw inUse(
      `Host "${host.hostname}" still has ${roles.length === 1 ? 'a role: delete it first' : `${roles.length} roles: delete them first`}.`,
      roles.map((role) => role.name),
    )
  await change.trx.deleteFrom('host').where('id', '=', host.id).execute()
  change.touchHosts([host.id])
  change.touch('host', [host.id])
}
