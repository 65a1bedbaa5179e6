import type { Store } from '../../metrics/index.js'
import { HEALTH_METRICS } from '../../wire/health.js'
import type { Node, Tally } from '../evaluate/nodes.js'
import { spend } from '../evaluate/sweep.js'
import { registerEntity } from './entities.js'

/** Health as time series, for charts: `SELECT health_bad_rate WHERE category = ROLE`. */
export interface HealthSeries {
  /** Writes the shares of time since the last call, of entities that were looked at. Rejects when the store does. */
  write(nodes: readonly Node[], time: number): Promise<void>
}

const METRICS = Object.values(HEALTH_METRICS)
const CHUNK = 20_000
const WORDS = ['in good health', 'in concerning health', 'in bad health', 'not tested', 'in unknown health']

export function createHealthSeries(store: Pick<Store, 'catalogue' | 'writer'>): HealthSeries {
  const { catalogue } = store
  /** The series of an entity's five metrics, by what stays the same while it is looked after: they go with it. */
  const known = new WeakMap<Tally, Uint32Array>()

  const seriesOf = (node: Node): Uint32Array => {
    let series = known.get(node.tally)
    if (series === undefined) {
      const entity = registerEntity(catalogue, node)
      series = Uint32Array.from(METRICS, (name, i) =>
        catalogue.addSeries(
          catalogue.addMetric({
            name,
            displayName: `Time ${WORDS[i]}`,
            description: `Share of the time in which the entity was ${WORDS[i]}.`,
            unitNumerators: ['seconds'],
            unitDenominators: ['seconds'],
          }),
          entity,
          'health',
        ),
      )
      known.set(node.tally, series)
    }
    return series
  }

  return {
    async write(nodes, time) {
      const most = Math.min(CHUNK, nodes.length) * METRICS.length
      const columns = {
        length: 0,
        series: new Uint32Array(most),
        time: new Float64Array(most).fill(time),
        value: new Float64Array(most),
      }
      for (let start = 0; start < nodes.length; start += CHUNK) {
        columns.length = 0
        for (const node of nodes.slice(start, start + CHUNK)) {
          if (node.since === 0) continue
          spend(node, time)
          const { spent } = node.tally
          const total = spent.reduce((sum, each) => sum + each, 0)
          if (total <= 0) continue
          const series = seriesOf(node)
          for (let i = 0; i < METRICS.length; i++) {
            columns.series[columns.length] = series[i]!
            columns.value[columns.length++] = spent[i]! / total
          }
          spent.fill(0)
        }
        if (columns.length > 0) await store.writer.write(columns)
      }
    },
  }
}
