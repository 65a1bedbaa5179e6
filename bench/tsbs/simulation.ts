/** TSBS `cpu-only` as a simulation: every host has ten clamped random walks, which advance together from epoch to epoch. */
import { createRandom } from '../random.js'
import { CPU_FIELDS, createHost, type HostTags } from './hosts.js'

export interface DataParameters {
  seed: number
  hosts: number
  /** First timestamp, milliseconds since the epoch. */
  start: number
  intervalSeconds: number
  epochs: number
  /** `integers`: truncated, as TSBS's code emits them today; `floats`: 15 digits, as its documentation still shows them. */
  values: 'integers' | 'floats'
}

export interface Simulation {
  hosts: HostTags[]
  /** The present epoch's values, ten per host, host after host; each within [0, 100]. */
  values: Float64Array
  /** Moves every walk one step of N(0, 1), host after host, field after field. */
  advance(): void
}

export function createSimulation({ seed, hosts: count }: DataParameters): Simulation {
  const random = createRandom(seed)
  const fields = CPU_FIELDS.length
  const values = new Float64Array(count * fields)
  const hosts: HostTags[] = []
  for (let host = 0; host < count; host++)
    hosts.push(createHost(random, host, values.subarray(host * fields, (host + 1) * fields)))
  return {
    hosts,
    values,
    advance() {
      for (let i = 0; i < values.length; i++) {
        const moved = values[i]! + random.normal()
        values[i] = Math.max(0, Math.min(100, moved))
      }
    },
  }
}

/** Samples in the whole data set. */
export function sampleCount({ hosts, epochs }: DataParameters): number {
  return hosts * epochs * CPU_FIELDS.length
}

/** Milliseconds since the epoch at which a query window may end: one second after the last timestamp, as in TSBS. */
export function queryEnd({ start, epochs, intervalSeconds }: DataParameters): number {
  return start + epochs * intervalSeconds * 1000 + 1000
}
