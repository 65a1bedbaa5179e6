import type { EntityDefinition } from '../../wire/native-batch.js'
import type { Host, Round } from '../round.js'
import type { Counters } from './counters.js'

export interface Collector {
  /** For logs and the status page. */
  readonly name: string
  /** Reports its samples. What it throws costs its own samples of this round only. */
  collect(round: Round): Promise<void> | void
  /** Ends what it has running outside this process. May be called twice. */
  stop?(): Promise<void>
}

/** Where the kernel's files are; other than `/proc` and `/sys` in tests and in containers that mount the host's elsewhere. */
export interface Roots {
  procRoot: string
  sysRoot: string
}

/** Milliseconds on a clock that neither steps nor counts suspended time, as the kernel's counters do not. */
export const monotonic = (): number => performance.now()

/** Reports the counter `total_<stem>` and, from the second reading on, its rate `<stem>_rate`. */
export function reportCounter(
  round: Round,
  counters: Counters,
  entity: EntityDefinition,
  stem: string,
  value: number,
  at: number,
): void {
  if (!Number.isFinite(value) || value < 0) return
  const total = `total_${stem}`
  round.report(entity, total, value)
  const growth = counters.growth(`${entity.category} ${entity.name} ${total}`, value, at)
  if (growth) round.report(entity, `${stem}_rate`, growth.delta / growth.seconds)
}

/**
 * Entities below a host (disks, file systems, interfaces), made once and kept while they and the host stay the same.
 * Name: `<hostId>:<part>`; display name: `<part> (<hostname>)`.
 */
export function createPartEntities(category: string) {
  let host: Host | undefined
  const entities = new Map<string, EntityDefinition>()
  return (of: Host, part: string, attributes: Record<string, string>): EntityDefinition => {
    if (of !== host) entities.clear()
    host = of
    const known = entities.get(part)
    if (known && Object.entries(attributes).every(([name, value]) => known.attributes[name] === value))
      return known
    const { hostId, hostname, place } = of
    const entity: EntityDefinition = {
      category,
      name: `${hostId}:${part}`,
      displayName: `${part} (${hostname})`,
      attributes: { ...attributes, hostId, hostname, ...place },
    }
    // Hosts that mount and unmount under ever new names must not fill the memory.
    if (entities.size >= 10_000) entities.clear()
    entities.set(part, entity)
    return entity
  }
}
