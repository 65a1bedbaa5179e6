import { join } from 'node:path'
import type { Logger } from 'pino'
import type { DesiredFault, DesiredState } from '../../wire/heartbeat.js'
import { parseDesired } from '../../wire/heartbeat-parse.js'
import { isObject } from '../../wire/shape.js'
import { readJson, writeWhole } from './keep.js'

/** What the agent holds of its manager, over restarts. */
export interface Held {
  deploymentId?: string
  /** Highest term seen. */
  term: number
  /** Given by the manager for this host alone. */
  agentToken?: string
  /** 0 without `desired`. */
  generation: number
  desired?: DesiredState
  faults: DesiredFault[]
}

export interface DesiredStore {
  readonly held: Held
  /** On disk when it resolves; then, and only then, the answer may be acted on. */
  saveTerm(changes: Pick<Held, 'term' | 'deploymentId' | 'agentToken'>): Promise<void>
  /** In force at once; a disk that is full is logged, and keeps the new state from surviving a restart only. */
  saveDesired(generation: number, desired: DesiredState, faults: DesiredFault[]): Promise<void>
  /** For a clean start. */
  dropDesired(): Promise<void>
}

/**
 * Two files in the agent's data folder, both 0600 (they hold secrets): `manager.json` with term, deployment and token,
 * `desired.json` with the last desired state. The term is in both, so that damage to one of them does not let an old manager in.
 */
export async function openDesiredStore(dataDir: string, logger: Logger): Promise<DesiredStore> {
  const managerFile = join(dataDir, 'manager.json')
  const desiredFile = join(dataDir, 'desired.json')
  const manager = asObject(await readJson(managerFile))
  const state = asObject(await readJson(desiredFile))
  const held: Held = {
    term: Math.max(whole(manager.term), whole(state.term)),
    generation: 0,
    faults: [],
  }
  const deploymentId = manager.deploymentId ?? state.deploymentId
  if (typeof deploymentId === 'string') held.deploymentId = deploymentId
  if (typeof manager.agentToken === 'string') held.agentToken = manager.agentToken
  if (state.desired !== undefined) {
    try {
      held.desired = parseDesired(state.desired, held.faults)
      held.generation = whole(state.generation)
    } catch (error) {
      logger.error(
        { error: String(error) },
        `${desiredFile} is damaged: nothing is changed until the manager answers`,
      )
    }
  }

  const textOf = (members: object) => `${JSON.stringify(members)}\n`
  return {
    held,
    async saveTerm(changes) {
      const { term, deploymentId, agentToken } = { ...held, ...changes }
      await writeWhole(managerFile, textOf({ term, deploymentId, agentToken }))
      Object.assign(held, changes)
    },
    async saveDesired(generation, desired, faults) {
      Object.assign(held, { generation, desired, faults })
      const { term, deploymentId } = held
      await writeWhole(desiredFile, textOf({ term, deploymentId, generation, desired })).catch((error) =>
        logger.error(
          { error: String(error) },
          'The desired state could not be written; it is in force, but only in memory',
        ),
      )
    },
    async dropDesired() {
      const { term, deploymentId } = held
      delete held.desired
      Object.assign(held, { generation: 0, faults: [] })
      await writeWhole(desiredFile, textOf({ term, deploymentId, generation: 0 }))
    },
  }
}

const asObject = (value: unknown): Record<string, unknown> => (isObject(value) ? value : {})
const whole = (value: unknown): number =>
  Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : 0
