import type { DesiredProcess } from '../../wire/heartbeat.js'
import type { EntityDefinition } from '../../wire/native-batch.js'
import type { RoleProcess } from '../collectors/role-process.js'
import type { Status } from '../supervisor/index.js'
import { isLive } from './plan.js'

export interface RoleEntity {
  process: DesiredProcess
  entity: EntityDefinition
  figures: RoleProcess
}

/**
 * The roles that have processes here, each once: of a role's earlier and present process the present one counts. An
 * entity stays the same object as long as nothing about it changes, so that batches keep their dictionary.
 */
export function createRoleEntities(
  processes: () => { process: DesiredProcess; status: Status }[],
): () => RoleEntity[] {
  const kept = new Map<string, { text: string; entity: EntityDefinition }>()
  return () => {
    const best = new Map<string, { process: DesiredProcess; status: Status }>()
    for (const one of processes()) {
      const name = one.process.entity!.name
      const other = best.get(name)
      if (!other || rank(one) > rank(other)) best.set(name, one)
    }
    for (const name of kept.keys()) if (!best.has(name)) kept.delete(name)
    return [...best].map(([name, { process, status }]) => {
      const text = JSON.stringify(process.entity)
      let known = kept.get(name)
      if (known?.text !== text) {
        known = { text, entity: { category: 'ROLE', ...process.entity! } }
        kept.set(name, known)
      }
      const { pid, start, startedAt, unexpectedExits, restarts } = status
      const runs = isLive(status) && pid !== undefined && start !== undefined
      const { entity } = known
      return {
        process,
        entity,
        figures: {
          entity,
          unexpectedExits,
          restarts,
          ...(runs ? { running: { pid, start, startedAt: startedAt ?? Date.now() } } : {}),
        },
      }
    })
  }
}

const rank = ({ process, status }: { process: DesiredProcess; status: Status }) =>
  (isLive(status) ? 2 ** 53 : 0) + process.id
