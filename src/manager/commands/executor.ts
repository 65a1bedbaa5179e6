import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { Core } from '../core.js'
import { isTransient, LostLeaseError, type Trx, withTerm } from '../database/index.js'
import type { Runtime } from '../heartbeats/index.js'
import { named, type ProcessRow, processColumns } from '../processes/index.js'
import type { BusyCommands } from './busy.js'
import type { StepContext, StepHandler, StepResult } from './context.js'
import { commission, pause, unsupported, validate } from './steps/model.js'
import { clientConfig, roleCommand, serviceStop } from './steps/once.js'
import { refreshRole, startRole, stopRole } from './steps/role.js'
import { loadTree, unfinishedRoots } from './store.js'
import type { CommandRow, StepKind } from './types.js'
import type { Waiting } from './waiting.js'

const handlers: Record<StepKind, StepHandler> = {
  validate,
  startRole,
  stopRole,
  refreshRole,
  roleCommand,
  serviceStop,
  clientConfig,
  commission,
  pause,
  unsupported,
}

export interface Executor {
  /** Runs a command that is stored, or goes on with it. */
  run(rootId: number): void
  /** Takes up everything that has not ended. */
  resume(): Promise<void>
  /** What has not begun does not begin; what waits, ends. */
  abort(rootId: number): void
  /** Resolves when the command has ended, or when this executor is stopped. */
  ended(rootId: number): Promise<void>
  /** Lets go of everything, without ending it: another manager goes on. */
  stop(): Promise<void>
}

/** Steps that generate and write at the same time; those that wait are not counted. */
const AT_WORK = 6
const MAX_TRIES = 10
const LONGEST_WAIT_MS = 2_000

class CommandAborted extends Error {}
class Stopping extends Error {}

export function createExecutor(options: {
  core: Core
  runtime: Runtime
  waiting: Waiting
  flush: () => Promise<void>
  outputOf: StepContext['outputOf']
  /** Is told what begins and ends. */
  busy?: BusyCommands
}): Executor {
  const { core, runtime, waiting, busy } = options
  const running = new Map<number, { promise: Promise<void>; controller: AbortController }>()
  const gate = createGate(AT_WORK)
  let stopped = false

  function run(rootId: number): void {
    if (stopped || running.has(rootId)) return
    const controller = new AbortController()
    // Steps of hundreds of roles wait side by side.
    setMaxListeners(0, controller.signal)
    const promise = carryOn(rootId, controller.signal).finally(() => {
      running.delete(rootId)
      busy?.end(rootId)
    })
    running.set(rootId, { promise, controller })
  }

  /** A database that was away is waited for: what is stored says how far the command has come. */
  async function carryOn(rootId: number, signal: AbortSignal): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        return await runRoot(rootId, signal)
      } catch (error) {
        if (error instanceof Stopping || error instanceof LostLeaseError || stopped) {
          core.logger.info({ command: rootId }, 'A command is left to the next active manager')
          return
        }
        core.logger.error({ err: error, command: rootId, tries }, 'A command could not be carried on')
        if (!isTransient(error) && tries >= MAX_TRIES) return
      }
      const ms = Math.min(LONGEST_WAIT_MS, 250 * 2 ** Math.min(tries, 10))
      // One that is to be aborted waits for the database all the same.
      if (!stopped) await delay(ms, undefined, signal.aborted ? {} : { signal }).catch(() => undefined)
      if (stopped) return
    }
  }

  async function runRoot(rootId: number, signal: AbortSignal): Promise<void> {
    const rows = await loadTree(core, rootId)
    busy?.begin(rows)
    const tree = createTree(rows)
    const root = tree.row(rootId)
    if (!root) return
    if (root.abortRequested) running.get(rootId)?.controller.abort(new CommandAborted())
    await runNode(tree, root, signal)
  }

  async function runNode(tree: Tree, row: CommandRow, signal: AbortSignal): Promise<CommandRow> {
    if (row.state !== 'WAITING' && row.state !== 'RUNNING') return row
    if (signal.aborted) return abortedRow(tree, row, signal)
    const term = core.term()
    const taken = row.state === 'RUNNING' && row.term !== term
    const begun = await set(tree, row, {
      state: 'RUNNING',
      term,
      attempt: row.attempt + (row.kind === null && row.state === 'RUNNING' ? 0 : 1),
      startedAt: row.startedAt ?? Date.now(),
    })
    if (taken && row.kind !== null) await log(row.id, `Taken up in term ${term}.`)
    const result =
      row.kind === null ? await runChildren(tree, begun, signal) : await runStep(tree, begun, signal)
    if (result === 'aborted') return abortedRow(tree, tree.row(row.id) ?? begun, signal)
    return set(tree, begun, {
      state: result.ok ? 'SUCCEEDED' : 'FAILED',
      message: result.message.slice(0, 10_000),
      endedAt: Date.now(),
    })
  }

  async function runChildren(
    tree: Tree,
    row: CommandRow,
    signal: AbortSignal,
  ): Promise<StepResult | 'aborted'> {
    const children = tree.children(row.id)
    const failures: CommandRow[] = []
    const judge = (child: CommandRow) => {
      if (child.state === 'FAILED' && !(child.kind !== null && child.tolerance > 0)) failures.push(child)
    }
    if (row.mode === 'PARALLEL') {
      // All of them are waited for: none is to write after this command has been let go of.
      const all = await Promise.allSettled(children.map((child) => runNode(tree, child, signal)))
      for (const each of all) {
        if (each.status === 'rejected') throw each.reason
        judge(each.value)
      }
    } else
      for (const child of children) {
        judge(await runNode(tree, child, signal))
        if (signal.aborted || failures.length > row.tolerance) break
      }
    if (signal.aborted) return 'aborted'
    if (failures.length > row.tolerance) {
      const [first] = failures
      const { roleName, serviceName, hostname } = first!.context as Record<string, string | undefined>
      const who = first!.kind === null ? '' : `${roleName ?? serviceName ?? hostname ?? first!.name}: `
      const others = failures.length > 1 ? ` (and ${failures.length - 1} more failed)` : ''
      return { ok: false, message: `${who}${first!.message ?? 'failed'}${others}` }
    }
    const forgiven = failures.length > 0 ? `, ${failures.length} of which failed` : ''
    return {
      ok: true,
      message: `Completed ${children.length} ${children.length === 1 ? 'step' : 'steps'}${forgiven}.`,
    }
  }

  async function runStep(tree: Tree, row: CommandRow, signal: AbortSignal): Promise<StepResult | 'aborted'> {
    const handler = handlers[row.kind as StepKind]
    if (!handler) return { ok: false, message: `This version does not know the step "${row.kind}".` }
    try {
      return await handler(contextOf(tree, row, signal))
    } catch (error) {
      if (error instanceof CommandAborted) return 'aborted'
      if (error instanceof LostLeaseError || error instanceof Stopping || stopped || isTransient(error))
        throw error
      core.logger.warn({ err: error, command: row.id, step: row.kind }, 'A step failed')
      return { ok: false, message: (error as Error).message }
    }
  }

  function contextOf(tree: Tree, row: CommandRow, signal: AbortSignal): StepContext {
    let progress = row.progress as Record<string, unknown>
    const once = async <T>(key: string, work: (trx: Trx) => Promise<T>): Promise<T> => {
      if (Object.hasOwn(progress, key)) return progress[key] as T
      signal.throwIfAborted()
      return gate(async () => {
        const result = await withTerm(core.db, core.term(), async (trx) => {
          const value = await work(trx)
          await trx
            .updateTable('command')
            .set({ progress: JSON.stringify({ ...progress, [key]: value ?? null }) })
            .where('id', '=', row.id)
            .execute()
          return value
        })
        progress = { ...progress, [key]: result }
        tree.put({ ...row, progress })
        return result
      })
    }
    return {
      core,
      runtime,
      waiting,
      row,
      signal,
      instances: () => core.instances(),
      once,
      async onceProcess(key, work) {
        let made: ProcessRow | undefined
        const id = await once(key, async (trx) => {
          made = await work(trx)
          return made?.id ?? null
        })
        // Stored, but not known to be: the connection broke at the commit, or another manager did it.
        if (!made && id != null && !runtime.process(id))
          made = await core.db
            .selectFrom('process')
            .select(processColumns)
            .where('id', '=', id)
            .executeTakeFirst()
            .then((row) => row && named(row))
        if (made) {
          runtime.put(made)
          core.hostsTouched([made.hostId])
        }
        return id ?? undefined
      },
      log: (text) => log(row.id, text),
      flush: options.flush,
      outputOf: options.outputOf,
    }
  }

  async function abortedRow(tree: Tree, row: CommandRow, signal: AbortSignal): Promise<CommandRow> {
    if (!(signal.reason instanceof CommandAborted)) throw signal.reason
    for (const child of tree.children(row.id))
      if (child.state === 'WAITING' || child.state === 'RUNNING') await abortedRow(tree, child, signal)
    return set(tree, row, {
      state: 'ABORTED',
      message:
        row.startedAt === null
          ? 'Aborted before it began.'
          : 'Aborted. What had been begun on hosts goes on.',
      endedAt: Date.now(),
    })
  }

  async function set(tree: Tree, row: CommandRow, values: Partial<CommandRow>): Promise<CommandRow> {
    const { state, term, attempt, startedAt, endedAt, message } = values
    await withTerm(core.db, core.term(), (trx) =>
      trx
        .updateTable('command')
        .set({
          ...(state === undefined ? {} : { state }),
          ...(term === undefined ? {} : { term }),
          ...(attempt === undefined ? {} : { attempt }),
          ...(startedAt === undefined ? {} : { startedAt }),
          ...(endedAt === undefined ? {} : { endedAt }),
          ...(message === undefined ? {} : { message }),
        })
        .where('id', '=', row.id)
        .execute(),
    )
    return tree.put({ ...(tree.row(row.id) ?? row), ...values })
  }

  async function log(commandId: number, text: string): Promise<void> {
    await withTerm(core.db, core.term(), (trx) =>
      trx
        .insertInto('commandLog')
        .values({ commandId, at: Date.now(), text: text.slice(0, 100_000) })
        .execute(),
    )
  }

  return {
    run,
    async resume() {
      for (const id of await unfinishedRoots(core)) run(id)
    },
    abort: (rootId) => running.get(rootId)?.controller.abort(new CommandAborted()),
    ended: (rootId) => running.get(rootId)?.promise ?? Promise.resolve(),
    async stop() {
      if (stopped) return
      stopped = true
      const all = [...running.values()]
      for (const { controller } of all) controller.abort(new Stopping())
      await Promise.all(all.map(({ promise }) => promise))
    },
  }
}

interface Tree {
  row(id: number): CommandRow | undefined
  children(id: number): CommandRow[]
  put(row: CommandRow): CommandRow
}

function createTree(rows: readonly CommandRow[]): Tree {
  const byId = new Map(rows.map((row) => [row.id, row]))
  const childIds = new Map<number, number[]>()
  for (const row of [...rows].sort((a, b) => a.position - b.position))
    if (row.parentId !== null) {
      const list = childIds.get(row.parentId)
      if (list) list.push(row.id)
      else childIds.set(row.parentId, [row.id])
    }
  return {
    row: (id) => byId.get(id),
    children: (id) => (childIds.get(id) ?? []).map((each) => byId.get(each)!),
    put(row) {
      byId.set(row.id, row)
      return row
    },
  }
}

/** Runs at most `limit` at a time, in the order in which they come. */
function createGate(limit: number) {
  let inside = 0
  const queue: (() => void)[] = []
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (inside >= limit) await new Promise<void>((resolve) => queue.push(resolve))
    inside++
    try {
      // Generation takes its time; heartbeats and the lease have to get in between.
      await new Promise((resolve) => setImmediate(resolve))
      return await work()
    } finally {
      inside--
      queue.shift()?.()
    }
  }
}
