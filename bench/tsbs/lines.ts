/** The simulation as Influx line protocol, cut into batches. */
import { CPU_FIELDS, type HostTags } from './hosts.js'
import { createSimulation, type DataParameters } from './simulation.js'

/** TSBS's default batch. */
export const LINES_PER_BATCH = 10_000

const LONGEST_LINE = 640

/**
 * Generates the lines, host 0 … N−1 for one timestamp and then the next timestamp, and calls `onBatch` for every full batch
 * and for the rest. The bytes are valid until `onBatch` returns: the buffer is used again.
 */
export function generateLines(
  parameters: DataParameters,
  onBatch: (bytes: Uint8Array, lines: number) => void,
  linesPerBatch = LINES_PER_BATCH,
): void {
  const { epochs, start, intervalSeconds } = parameters
  const simulation = createSimulation(parameters)
  const prefixes = simulation.hosts.map((tags) => Buffer.from(linePrefix(tags), 'latin1'))
  const fieldNames = CPU_FIELDS.map((field, i) => Buffer.from(`${i ? ',' : ' '}${field}=`, 'latin1'))
  const numbers = numberTexts(parameters.values)
  const out = Buffer.alloc(linesPerBatch * LONGEST_LINE)
  let at = 0
  let lines = 0

  const write = (bytes: Uint8Array) => {
    for (let i = 0; i < bytes.length; i++) out[at++] = bytes[i]!
  }

  for (let epoch = 0; epoch < epochs; epoch++) {
    if (epoch > 0) simulation.advance()
    const time = Buffer.from(` ${start + epoch * intervalSeconds * 1000}000000\n`, 'latin1')
    let value = 0
    for (const prefix of prefixes) {
      out.set(prefix, at)
      at += prefix.length
      for (const name of fieldNames) {
        write(name)
        write(numbers(simulation.values[value++]!))
      }
      write(time)
      if (++lines === linesPerBatch) {
        onBatch(out.subarray(0, at), lines)
        at = 0
        lines = 0
      }
    }
  }
  if (lines > 0) onBatch(out.subarray(0, at), lines)
}

function linePrefix(tags: HostTags): string {
  return `cpu,${tags.map(([name, value]) => `${name}=${value}`).join(',')}`
}

function numberTexts(values: DataParameters['values']): (value: number) => Uint8Array {
  if (values === 'floats') return (value) => Buffer.from(value.toPrecision(15), 'latin1')
  const texts = Array.from({ length: 101 }, (_, n) => Buffer.from(`${n}i`, 'latin1'))
  return (value) => texts[Math.trunc(value)]!
}
