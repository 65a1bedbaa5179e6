import type { Catalogue, Entity } from '../../metrics/index.js'
import { aggregateSql } from '../sql/select.js'
import { chunkOf } from './ordinals.js'
import { AggregateCollector } from './read-aggregates.js'
import type { Transport } from './transport.js'

/** Number of cores of each host, from the newest value of the metric `cores`; read again after a minute. */
export interface Cores {
  refresh(signal: AbortSignal): Promise<void>
  of(host: Entity): number | undefined
}

const FRESH_MS = 60_000
const LOOK_BACK_MS = 6 * 3_600_000

export function createCores(catalogue: Catalogue, transport: Transport): Cores {
  let known = new Map<number, number>()
  let readAt = Number.NEGATIVE_INFINITY
  return {
    of: (host) => known.get(host.index),
    async refresh(signal) {
      const metric = catalogue.findMetric('cores')
      const now = Date.now()
      if (metric === undefined || now - readAt < FRESH_MS) return
      const hosts = catalogue.entitiesOf(metric.index).map((index) => catalogue.entityAt(index))
      const chunk = chunkOf(hosts, false)
      const collector = new AggregateCollector([metric.id], chunk.ordinalOf, hosts.length, ['last'])
      const scope = { metrics: [metric.id], entities: undefined, from: now - LOOK_BACK_MS, to: now }
      await transport.select(aggregateSql(scope, ['last'], false), {
        signal,
        onBlock: (block) => collector.add(block),
      })
      const next = new Map<number, number>()
      collector.points(0, 'last').forEach((points, ordinal) => {
        const cores = points?.values[points.start]
        if (cores !== undefined && cores > 0) next.set((hosts[ordinal] as Entity).index, cores)
      })
      known = next
      readAt = now
    },
  }
}
