/** Streams for tests. */

import type { ColumnarStream } from '../../src/wire/timeseries.js'
import { type Stream, toStreams } from '../../web/src/chart/stream.js'

export interface StreamSpec {
  readonly metric?: string
  readonly alias?: string
  readonly attributes?: Record<string, string>
  readonly times?: readonly number[]
  readonly values?: readonly number[]
  /** Half the height of the envelope around each value. */
  readonly spread?: number
  readonly frequencyMs?: number | null
  readonly units?: readonly [string[], string[]]
}

export function streamsOf(...specs: StreamSpec[]): Stream[] {
  return toStreams(
    specs.map((spec): ColumnarStream => {
      const attributes = { category: 'HOST', entityName: 'h-1', ...spec.attributes }
      const times = Float64Array.from(spec.times ?? [])
      const values = Float64Array.from(spec.values ?? Array.from(times, () => 1))
      const around = (by: number) => values.map((value) => value + by)
      return {
        metadata: {
          metricName: spec.metric ?? 'load_1',
          entityName: attributes.entityName,
          startTime: '',
          endTime: '',
          attributes,
          unitNumerators: spec.units?.[0] ?? [],
          unitDenominators: spec.units?.[1] ?? [],
          expression: '',
          ...(spec.alias === undefined ? {} : { alias: spec.alias }),
          metricCollectionFrequencyMs: spec.frequencyMs === undefined ? 10 : spec.frequencyMs,
          rollupUsed: 'RAW',
        },
        times,
        values,
        ...(spec.spread === undefined ? {} : { min: around(-spec.spread), max: around(spec.spread) }),
      }
    }),
    0,
  )
}
