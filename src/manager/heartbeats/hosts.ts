import { isIP } from 'node:net'
import type { HeartbeatRequest, HostFacts } from '../../wire/heartbeat.js'
import { ShapeError } from '../../wire/shape.js'
import type { Core } from '../core.js'
import { createHosts, ModelError, updateHost } from '../model/index.js'
import type { HostState, Runtime } from './runtime.js'

export class HostNameInUse extends Error {}

/** Makes a host of the model of one that joins. Throws `HostNameInUse`, `ShapeError`, `ModelError`. */
export async function joinHost(core: Core, runtime: Runtime, request: HeartbeatRequest): Promise<HostState> {
  const { facts, hostId } = request
  if (!facts) throw new ShapeError('facts', 'there when a host joins')
  const id = await core.change(async (change) => {
    const model = await change.model()
    const all = [...model.hosts.values()]
    const known = all.find((each) => each.hostId === hostId)
    if (known) return known.id
    const named = all.find((each) => each.hostname === facts.hostname)
    const state = named && runtime.host(named.id)
    if (named && state?.session) {
      const heard = new Date(state.lastHeartbeat).toISOString()
      throw new HostNameInUse(
        `There is a host "${named.hostname}" already, with the id ${named.hostId}, last heard of at ${heard}. Is this the same machine, installed anew: stop the agent, write that id into the file host-id in its data folder, and start it; or delete the old host. Is it another one: give it a name of its own (--hostname).`,
      )
    }
    if (named) {
      // Entered by hand, before its agent came.
      await change.trx.updateTable('host').set({ hostId }).where('id', '=', named.id).execute()
      change.touch('host', [named.id])
      return named.id
    }
    const made = await createHosts(change, [
      { hostId, hostname: facts.hostname, ipAddress: addressIn(facts) ?? '' },
    ])
    return made[0]!
  })
  await runtime.refresh([id])
  core.logger.info({ hostId, hostname: facts.hostname }, 'A host has joined')
  return runtime.host(id)!
}

/** The model follows what a host says of itself. */
export async function followFacts(core: Core, host: HostState): Promise<void> {
  const { facts } = host
  const row = facts && (await core.model()).hosts.get(host.id)
  if (!facts || !row) return
  const ipAddress = addressIn(facts) ?? row.ipAddress
  if (row.hostname === facts.hostname && row.ipAddress === ipAddress) return
  await core
    .change((change) => updateHost(change, row, { hostname: facts.hostname, ipAddress }))
    .catch((error) => {
      if (!(error instanceof ModelError)) throw error
      core.logger.warn(
        { hostId: host.hostId, reason: error.message },
        'A host goes by a name that cannot be taken over',
      )
    })
}

const addressIn = ({ addresses }: HostFacts) => addresses.find((each) => isIP(each) !== 0)
