import type { Core } from '../core.js'
import { withTerm } from '../database/index.js'
import { raiseGenerations } from '../model/change.js'
import type { Model, Role } from '../model/types.js'
import { canaryTests } from './canary-tests.js'
import type { ProcessRow } from './store.js'

/** What is known of the running world. */
export interface CanaryWorld {
  currentProcess(
    roleId: number,
  ): (Pick<ProcessRow, 'wanted'> & { report?: { state: string } | undefined; absent: boolean }) | undefined
  host(id: number): { lastHeartbeat: number } | undefined
  onProcess(listener: (process: ProcessRow) => void): () => void
}

export interface CanaryHosts {
  /** Does this role run the canaries of its service that roles of these types may run? */
  isChosen(role: Role, roleTypes: readonly string[]): boolean
  /** May be called twice. */
  stop(): void
}

interface Choice {
  readonly roleId: number
  /** Parameters of the service that switch canaries off, as far as they do. */
  readonly off: string
}

/** Role types that share canaries, and the parameters that switch those off. */
interface Group {
  readonly roleTypes: readonly string[]
  readonly switches: string[]
}

const LOOK_MS = 5_000
/** Events of one command come together. */
const TOGETHER_MS = 100

/**
 * Chooses which role of a service runs its canaries: one that runs, on a host that beats; it stays so until that is over, then
 * another one takes its place and both hosts are told. A manager that has just become active chooses anew.
 *
 * `silentMs`: a host that has not been heard of for so long is not relied on.
 */
export function createCanaryHosts(core: Core, world: CanaryWorld, silentMs: () => number): CanaryHosts {
  let chosen: ReadonlyMap<string, Choice> = new Map()
  const groups = groupsByServiceType()
  let stopped = false

  const mayRun = (role: Role): boolean => {
    const process = world.currentProcess(role.id)
    const state = process?.report?.state
    if (process?.wanted !== 'RUNNING' || process.absent || (state !== 'RUNNING' && state !== 'STARTING'))
      return false
    return Date.now() - (world.host(role.hostId)?.lastHeartbeat ?? 0) < silentMs()
  }

  /** Who is to, by now; the one who does is not given up before there is another. */
  function choose(model: Model, serviceId: number, roleTypes: readonly string[]): number | undefined {
    const before = chosen.get(keyOf(serviceId, roleTypes))
    const incumbent = before && model.roles.get(before.roleId)
    if (incumbent && mayRun(incumbent)) return incumbent.id
    const able = candidates(model, serviceId, roleTypes).filter(mayRun)
    const first = able.reduce<Role | undefined>(
      (least, role) => (least && least.id < role.id ? least : role),
      undefined,
    )
    return first?.id ?? incumbent?.id
  }

  async function look(): Promise<void> {
    const instances = await core.instances()
    const { model } = instances
    const touched = new Set<number>()
    const found = new Map<string, Choice>()
    for (const service of model.services.values())
      for (const { roleTypes, switches } of groups.get(service.type) ?? []) {
        const key = keyOf(service.id, roleTypes)
        const before = chosen.get(key)
        const roleId = choose(model, service.id, roleTypes)
        if (roleId === undefined) continue
        const config = instances.service(service)?.config
        const off = switches.filter((name) => config?.get(name)?.value === 'false').join()
        found.set(key, { roleId, off })
        if (before?.roleId === roleId && before.off === off) continue
        // An earlier manager may have chosen any of them.
        const roles = before
          ? [model.roles.get(before.roleId), model.roles.get(roleId)]
          : candidates(model, service.id, roleTypes)
        for (const role of roles) if (role) touched.add(role.hostId)
      }
    // First, so that whoever asks from now on for the generation that comes gets what is chosen now.
    const earlier = chosen
    chosen = found
    if (touched.size === 0) return
    try {
      await withTerm(core.db, core.term(), (trx) => raiseGenerations(trx, touched))
    } catch (error) {
      chosen = earlier
      throw error
    }
    core.hostsTouched([...touched])
  }

  // One look at a time; what happens during one makes another.
  let due: NodeJS.Timeout | undefined
  let turn = Promise.resolve()
  const lookSoon = () => {
    if (stopped) return
    due ??= setTimeout(() => {
      due = undefined
      turn = turn
        .then(() => (stopped ? undefined : look()))
        .catch((error) => core.logger.debug({ err: error }, 'Who runs canaries could not be looked at'))
    }, TOGETHER_MS)
  }
  const off = world.onProcess(({ kind }) => {
    if (kind === 'ROLE') lookSoon()
  })
  const timer = setInterval(lookSoon, LOOK_MS)
  timer.unref()
  lookSoon()

  return {
    isChosen: (role, roleTypes) => chosen.get(keyOf(role.serviceId, roleTypes))?.roleId === role.id,
    stop() {
      stopped = true
      clearInterval(timer)
      clearTimeout(due)
      off()
    },
  }
}

const keyOf = (serviceId: number, roleTypes: readonly string[]) => `${serviceId} ${roleTypes.join()}`

const candidates = (model: Model, serviceId: number, roleTypes: readonly string[]): Role[] =>
  (model.rolesOfService.get(serviceId) ?? []).filter(({ type }) => roleTypes.includes(type))

function groupsByServiceType(): Map<string, Group[]> {
  const groups = new Map<string, Group[]>()
  for (const { on, serviceType, source, enabled } of canaryTests()) {
    if (on !== 'SERVICE' || serviceType === undefined || source.kind !== 'canary' || !source.roleTypes)
      continue
    const { roleTypes } = source
    const known = groups.get(serviceType) ?? []
    groups.set(serviceType, known)
    let group = known.find((each) => each.roleTypes.join() === roleTypes.join())
    if (!group) known.push((group = { roleTypes, switches: [] }))
    if (enabled) group.switches.push(enabled.parameter)
  }
  return groups
}
