import { SampleBuffer } from '../../../src/ingest/columns.js'
import type { DecodeContext } from '../../../src/ingest/decode.js'
import { type IngestLimits, ingestLimits } from '../../../src/ingest/limits.js'
import { Outcome } from '../../../src/ingest/outcome.js'
import { Registrar } from '../../../src/ingest/registrar.js'
import { MemoryCatalogue } from './memory-catalogue.js'

export const NOW = Date.UTC(2026, 0, 15, 12)

export interface Decoded {
  metric: string
  category: string
  entityName: string
  attributes: Record<string, string>
  time: number
  value: number
}

export interface Bench extends DecodeContext {
  catalogue: MemoryCatalogue
  samples(): Decoded[]
}

/** A context for one request of a decoder, over a catalogue in memory. */
export function contextFor(
  catalogue = new MemoryCatalogue(),
  overrides: Partial<IngestLimits> = {},
  now = NOW,
): Bench {
  const limits = ingestLimits(overrides)
  const columns = new SampleBuffer(16)
  return {
    columns,
    outcome: new Outcome(limits),
    registrar: new Registrar(catalogue, limits, 'test'),
    limits,
    now,
    earliest: now - limits.pastSeconds * 1000,
    latest: now + limits.futureSeconds * 1000,
    catalogue,
    samples: () =>
      Array.from({ length: columns.length }, (_, k) => {
        const series = catalogue.series[columns.series[k]!]!
        const { category, name, attributes } = catalogue.entityAt(series.entity)
        return {
          metric: catalogue.metricAt(series.metric).name,
          category,
          entityName: name,
          attributes,
          time: columns.time[k]!,
          value: columns.value[k]!,
        }
      }),
  }
}
