import { sql } from 'kysely'
import type { Core } from '../core.js'
import { type Trx, withTerm } from '../database/index.js'
import { inUse, invalid, notFound } from '../model/errors.js'
import type { Model } from '../model/index.js'
import type { Output } from './context.js'
import { openOutput } from './steps/output.js'
import type { CommandNames, CommandRow, CommandView, PlanNode, Scope } from './types.js'

/** Parts of one command. */
const MAX_STEPS = 100_000
/** Arbitrary, the same for all managers: whoever adds a command holds it. */
const SUBMIT_LOCK = 7_180_001

export interface CommandQuery {
  active?: boolean | undefined
  clusterId?: number | undefined
  serviceId?: number | undefined
  roleId?: number | undefined
  hostId?: number | undefined
  /** Of the top only, not their parts. Default true. */
  rootsOnly?: boolean | undefined
  /** Default 100, at most 1000. */
  limit?: number | undefined
}

/**
 * Stores a command with all its parts; it runs when the executor is told. Refuses while another one is at work on one of its
 * roles, or on hosts or client configurations that it is about.
 */
export async function insertCommand(
  core: Core,
  model: Model,
  plan: PlanNode,
  options: { username: string; retryOf?: number },
): Promise<number> {
  return withTerm(core.db, core.term(), async (trx) => {
    await sql`select pg_advisory_xact_lock(${SUBMIT_LOCK})`.execute(trx)
    await mustNotMeet(trx, plan)
    let count = 0
    let rootId: number | null = null
    // Level by level, so that a command of thousands of steps takes a few statements.
    let level: { node: PlanNode; parentId: number | null; position: number }[] = [
      { node: plan, parentId: null, position: 0 },
    ]
    while (level.length > 0) {
      count += level.length
      if (count > MAX_STEPS)
        throw invalid(`The command would have more than ${MAX_STEPS} steps. Do it in parts.`)
      const ids: number[] = []
      for (let i = 0; i < level.length; i += 1_000) {
        const rows = level.slice(i, i + 1_000).map(({ node, parentId, position }) => ({
          rootId,
          parentId,
          position,
          name: node.name,
          kind: node.kind ?? null,
          args: JSON.stringify(node.args ?? {}),
          mode: node.mode ?? 'SEQUENCE',
          tolerance: node.tolerance ?? 0,
          clusterId: node.scope.clusterId ?? null,
          serviceId: node.scope.serviceId ?? null,
          roleId: node.scope.roleId ?? null,
          hostId: node.scope.hostId ?? null,
          context: JSON.stringify(namesOf(model, node.scope)),
          state: 'WAITING' as const,
          attempt: 0,
          progress: '{}',
          abortRequested: false,
          createdAt: Date.now(),
          username: options.username,
          retryOf: parentId === null ? (options.retryOf ?? null) : null,
        }))
        const made = await trx.insertInto('command').values(rows).returning('id').execute()
        ids.push(...made.map((row) => row.id))
      }
      rootId ??= ids[0]!
      level = level.flatMap(({ node }, i) =>
        (node.children ?? []).map((child, position) => ({ node: child, parentId: ids[i]!, position })),
      )
    }
    await trx.updateTable('command').set({ rootId }).where('id', '=', rootId!).execute()
    return rootId!
  })
}

/**
 * Two commands meet when they have a role in common, or when one is about a whole service or cluster and the other about
 * something in it: also where the first has nothing to do there, such as a stop of what is only about to start.
 */
async function mustNotMeet(trx: Trx, plan: PlanNode): Promise<void> {
  const roles = new Set<number>()
  const visit = (node: PlanNode) => {
    if (node.kind && node.kind !== 'validate' && node.scope.roleId !== undefined) roles.add(node.scope.roleId)
    for (const child of node.children ?? []) visit(child)
  }
  visit(plan)
  const { clusterId, serviceId, roleId } = plan.scope
  const ids = [...roles]
  for (let i = 0; i === 0 || i < ids.length; i += 10_000) {
    const some = ids.slice(i, i + 10_000)
    const met = await trx
      .selectFrom('command as root')
      .innerJoin('command as part', 'part.rootId', 'root.id')
      .select(['root.id', 'root.name', 'part.context'])
      .where('root.parentId', 'is', null)
      .where('root.state', 'in', ['WAITING', 'RUNNING'])
      .where((eb) =>
        eb.or([
          ...(some.length > 0
            ? [
                eb.and([
                  eb('part.roleId', 'in', some),
                  eb('part.kind', 'is not', null),
                  eb('part.kind', '<>', 'validate'),
                ]),
              ]
            : []),
          ...(clusterId == null
            ? []
            : [eb.and([eb('root.clusterId', '=', clusterId), eb('root.serviceId', 'is', null)])]),
          ...(serviceId === undefined
            ? []
            : [eb.and([eb('root.serviceId', '=', serviceId), eb('root.roleId', 'is', null)])]),
          ...(serviceId === undefined && clusterId != null ? [eb('part.clusterId', '=', clusterId)] : []),
          ...(serviceId !== undefined && roleId === undefined ? [eb('part.serviceId', '=', serviceId)] : []),
          eb.lit(false),
        ]),
      )
      .limit(1)
      .executeTakeFirst()
    if (!met) continue
    const { roleName, serviceName, clusterName } = met.context as CommandNames
    const what = roleName
      ? `role "${roleName}"`
      : serviceName
        ? `service "${serviceName}"`
        : `cluster "${clusterName}"`
    throw inUse(
      `The command "${met.name}" (${met.id}) is at work on ${what}. Wait until it has ended, or abort it.`,
    )
  }
}

export function namesOf(model: Model, scope: Scope): CommandNames {
  const cluster = scope.clusterId == null ? undefined : model.clusters.get(scope.clusterId)
  const service = scope.serviceId === undefined ? undefined : model.services.get(scope.serviceId)
  const role = scope.roleId === undefined ? undefined : model.roles.get(scope.roleId)
  const host = scope.hostId === undefined ? undefined : model.hosts.get(scope.hostId)
  return {
    ...(cluster ? { clusterName: cluster.name } : {}),
    ...(service ? { serviceName: service.name } : {}),
    ...(role ? { roleName: role.name } : {}),
    ...(host ? { hostId: host.hostId, hostname: host.hostname } : {}),
  }
}

/** All rows of a command, by id. */
export async function loadTree(core: Core, rootId: number): Promise<CommandRow[]> {
  return core.db.selectFrom('command').selectAll().where('rootId', '=', rootId).orderBy('id').execute()
}

export async function unfinishedRoots(core: Core): Promise<number[]> {
  const rows = await core.db
    .selectFrom('command')
    .select('id')
    .where('parentId', 'is', null)
    .where('state', 'in', ['WAITING', 'RUNNING'])
    .orderBy('id')
    .execute()
  return rows.map((row) => row.id)
}

/** Throws `NOT_FOUND`. */
export async function getCommand(core: Core, id: number): Promise<CommandView> {
  const row = await core.db.selectFrom('command').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw notFound(`Command ${id}`)
  return viewOf(await core.model(), row)
}

export async function childrenOf(core: Core, id: number): Promise<CommandView[]> {
  const rows = await core.db
    .selectFrom('command')
    .selectAll()
    .where('parentId', '=', id)
    .orderBy('position')
    .limit(10_000)
    .execute()
  const model = await core.model()
  return rows.map((row) => viewOf(model, row))
}

/** Newest first. */
export async function listCommands(core: Core, query: CommandQuery = {}): Promise<CommandView[]> {
  let select = core.db.selectFrom('command').selectAll()
  if (query.rootsOnly !== false) select = select.where('parentId', 'is', null)
  if (query.active !== undefined)
    select = select.where('state', query.active ? 'in' : 'not in', ['WAITING', 'RUNNING'])
  for (const name of ['clusterId', 'serviceId', 'roleId', 'hostId'] as const) {
    const id = query[name]
    if (id !== undefined) select = select.where(name, '=', id)
  }
  const rows = await select
    .orderBy('id', 'desc')
    .limit(Math.min(query.limit ?? 100, 1_000))
    .execute()
  const model = await core.model()
  return rows.map((row) => viewOf(model, row))
}

export async function commandLogs(
  core: Core,
  id: number,
): Promise<{ commandId: number; at: number; text: string }[]> {
  return core.db
    .selectFrom('commandLog')
    .innerJoin('command', 'command.id', 'commandLog.commandId')
    .select(['commandLog.commandId', 'commandLog.at', 'commandLog.text'])
    .where((eb) => eb.or([eb('command.id', '=', id), eb('command.rootId', '=', id)]))
    .orderBy('commandLog.id')
    .limit(10_000)
    .execute()
}

export interface CommandOutput extends Output {
  readonly commandId: number
  /** Name of the role or host that it is from. */
  readonly who: string
}

export async function commandOutputs(core: Core, id: number): Promise<CommandOutput[]> {
  const { rootId } = await getCommand(core, id)
  const wanted = new Set([id])
  // By id, so that what is above comes before.
  return (await loadTree(core, rootId)).flatMap((row) => {
    if (row.parentId !== null && wanted.has(row.parentId)) wanted.add(row.id)
    const progress = row.progress as { over?: unknown; output?: unknown }
    const output = wanted.has(row.id) && openOutput(core, progress.over ?? progress.output)
    const { roleName, hostname } = row.context as CommandNames
    return output ? [{ commandId: row.id, who: roleName ?? hostname ?? row.name, ...output }] : []
  })
}

export function viewOf(model: Model, row: CommandRow): CommandView {
  const active = row.state === 'WAITING' || row.state === 'RUNNING'
  return {
    id: row.id,
    name: row.name,
    parentId: row.parentId,
    rootId: row.rootId ?? row.id,
    state: row.state,
    active,
    success: active ? undefined : row.state === 'SUCCEEDED',
    startTime: row.startedAt ?? row.createdAt,
    endTime: row.endedAt ?? undefined,
    resultMessage: row.message ?? undefined,
    canRetry:
      row.parentId === null && (row.state === 'FAILED' || row.state === 'ABORTED') && !deletedOf(model, row),
    username: row.username,
    scope: {
      clusterId: row.clusterId,
      ...(row.serviceId === null ? {} : { serviceId: row.serviceId }),
      ...(row.roleId === null ? {} : { roleId: row.roleId }),
      ...(row.hostId === null ? {} : { hostId: row.hostId }),
    },
    names: row.context as CommandNames,
  }
}

/** What a command, or a part of one, was about, where that has been deleted meanwhile. */
export function deletedOf(model: Model, row: CommandRow): string | undefined {
  const { clusterName, serviceName, roleName, hostname } = row.context as CommandNames
  const isGone = (known: ReadonlyMap<number, unknown>, id: number | null) => id === null || !known.has(id)
  if (roleName !== undefined && isGone(model.roles, row.roleId)) return `role "${roleName}"`
  if (serviceName !== undefined && isGone(model.services, row.serviceId)) return `service "${serviceName}"`
  if (hostname !== undefined && isGone(model.hosts, row.hostId)) return `host "${hostname}"`
  return clusterName !== undefined && isGone(model.clusters, row.clusterId)
    ? `cluster "${clusterName}"`
    : undefined
}

/**
 * What of a command has not succeeded, as a plan: the parts that did are left out, and those of what has been deleted. Undefined:
 * there is nothing left.
 */
export function remainder(model: Model, rows: readonly CommandRow[], id: number): PlanNode | undefined {
  const row = rows.find((each) => each.id === id)
  if (!row || (row.state === 'SUCCEEDED' && row.parentId !== null && row.kind !== 'validate'))
    return undefined
  if (row.parentId !== null && deletedOf(model, row)) return undefined
  const view = viewOf(model, row)
  const children = rows
    .filter((each) => each.parentId === id)
    .sort((a, b) => a.position - b.position)
    .flatMap((each) => remainder(model, rows, each.id) ?? [])
  return {
    name: row.name,
    scope: view.scope,
    mode: row.mode,
    tolerance: row.tolerance,
    args: row.args as Record<string, unknown>,
    ...(row.kind === null ? { children } : { kind: row.kind as NonNullable<PlanNode['kind']> }),
  }
}
