/** The simulation in columns: as the agent's own batches, and as ready ClickHouse blocks of the same samples. */
import { encodeNativeBatch } from '../../src/wire/native-batch.js'
import { createRandom } from '../random.js'
import { CPU_FIELDS } from './hosts.js'
import { createSimulation, type DataParameters } from './simulation.js'

/** As many as a batch of 10,000 lines holds. */
export const SAMPLES_PER_BATCH = 100_000

/** Hosts in one batch's dictionary: a forwarder's share, with several epochs of it in a batch. */
const HOSTS_PER_SENDER = 1000

/**
 * Samples of a group of hosts, epoch after epoch: the present columns and how far they are filled. A series is
 * `host within the group · 10 + field`.
 */
interface Group {
  first: number
  hosts: number
  series: Uint32Array
  time: Float64Array
  value: Float64Array
  length: number
}

function collect(
  parameters: DataParameters,
  onFull: (group: Group, hostsTags: ReturnType<typeof createSimulation>['hosts']) => void,
): void {
  const simulation = createSimulation(parameters)
  const fields = CPU_FIELDS.length
  const groups: Group[] = []
  for (let first = 0; first < parameters.hosts; first += HOSTS_PER_SENDER)
    groups.push({
      first,
      hosts: Math.min(HOSTS_PER_SENDER, parameters.hosts - first),
      series: new Uint32Array(SAMPLES_PER_BATCH),
      time: new Float64Array(SAMPLES_PER_BATCH),
      value: new Float64Array(SAMPLES_PER_BATCH),
      length: 0,
    })
  const flush = (group: Group) => {
    if (group.length > 0) onFull(group, simulation.hosts)
    group.length = 0
  }
  for (let epoch = 0; epoch < parameters.epochs; epoch++) {
    if (epoch > 0) simulation.advance()
    const time = parameters.start + epoch * parameters.intervalSeconds * 1000
    for (const group of groups)
      for (let series = 0; series < group.hosts * fields; series++) {
        const value = simulation.values[group.first * fields + series]!
        group.series[group.length] = series
        group.time[group.length] = time
        group.value[group.length++] = parameters.values === 'integers' ? Math.trunc(value) : value
        if (group.length === SAMPLES_PER_BATCH) flush(group)
      }
  }
  groups.forEach(flush)
}

/** Batches of the agent's own format. The bytes belong to the callee. */
export function generateNative(
  parameters: DataParameters,
  onBatch: (bytes: Uint8Array, samples: number) => void,
): void {
  const fields = CPU_FIELDS.length
  collect(parameters, ({ first, hosts, series, time, value, length }, tags) => {
    const count = hosts * fields
    const batch = encodeNativeBatch({
      sender: `bench-${first}`,
      metrics: CPU_FIELDS.map((field) => ({ name: `cpu_${field}` })),
      entities: tags.slice(first, first + hosts).map((attributes, i) => ({
        category: 'CUSTOM',
        name: `host_${first + i}`,
        attributes: Object.fromEntries(attributes),
      })),
      seriesMetric: Uint32Array.from({ length: count }, (_, i) => i % fields),
      seriesEntity: Uint32Array.from({ length: count }, (_, i) => Math.floor(i / fields)),
      sampleSeries: series.subarray(0, length),
      sampleTime: time.subarray(0, length),
      sampleValue: value.subarray(0, length),
    })
    onBatch(batch, length)
  })
}

/** `Native` blocks `(metric UInt64, entity UInt64, ts DateTime64(3, 'UTC'), v Float64)`, ids as scattered as hashes are. */
export function generateBlocks(
  parameters: DataParameters,
  onBatch: (bytes: Uint8Array, samples: number) => void,
): void {
  const fields = CPU_FIELDS.length
  const random = createRandom(parameters.seed)
  const id = () => (BigInt(random.bits() & 0xfffff) << 32n) | BigInt(random.bits())
  const metrics = BigUint64Array.from({ length: fields }, id)
  const entities = BigUint64Array.from({ length: parameters.hosts }, id)
  collect(parameters, ({ first, series, time, value, length }) => {
    const columns: [name: string, type: string, data: BigUint64Array | BigInt64Array | Float64Array][] = [
      ['metric', 'UInt64', new BigUint64Array(length).map((_, i) => metrics[series[i]! % fields]!)],
      [
        'entity',
        'UInt64',
        new BigUint64Array(length).map((_, i) => entities[first + Math.floor(series[i]! / fields)]!),
      ],
      ['ts', "DateTime64(3, 'UTC')", new BigInt64Array(length).map((_, i) => BigInt(time[i]!))],
      ['v', 'Float64', value.slice(0, length)],
    ]
    const parts: Uint8Array[] = [Uint8Array.from([...varuint(columns.length), ...varuint(length)])]
    for (const [name, type, data] of columns)
      parts.push(
        Uint8Array.from([name.length, ...Buffer.from(name), type.length, ...Buffer.from(type)]),
        new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      )
    onBatch(Buffer.concat(parts), length)
  })
}

function varuint(value: number): number[] {
  const out: number[] = []
  let rest = value
  for (; rest > 0x7f; rest >>>= 7) out.push((rest & 0x7f) | 0x80)
  out.push(rest)
  return out
}
