import { CatalogueLimitError } from './types.js'

/** Bounds of the store. Every one of them has a setting of the same name on the command line. */
export interface StoreLimits {
  /** Series in all; `--max-series`. A series costs about 40 bytes of the monitor's memory. */
  series: number
  /** Series that one sender may bring; `--max-series-per-sender`. */
  seriesPerSender: number
  /** `--max-entities` */
  entities: number
  /** `--max-metrics` */
  metrics: number
  /** Kinds of entities; not settable. */
  categories: number
  /** Names that one entity may have had; not settable. */
  namesPerEntity: number
  /** Bytes of samples that wait for ClickHouse or are on their way to it; `--store-buffer-bytes`. */
  bufferBytes: number
}

export const DEFAULT_LIMITS: Readonly<StoreLimits> = {
  series: 5_000_000,
  seriesPerSender: 1_000_000,
  entities: 1_000_000,
  metrics: 100_000,
  categories: 1_000,
  namesPerEntity: 100,
  bufferBytes: 64 * 1024 * 1024,
}

const SETTINGS: Partial<Record<keyof StoreLimits, string>> = {
  series: '--max-series',
  seriesPerSender: '--max-series-per-sender',
  entities: '--max-entities',
  metrics: '--max-metrics',
}

/** The error for a limit that would be passed, e.g. `limitError('series', 5000000)`. */
export function limitError(limit: keyof StoreLimits, value: number, of = ''): CatalogueLimitError {
  const what: Partial<Record<keyof StoreLimits, string>> = {
    series: 'series',
    seriesPerSender: `series of sender ${JSON.stringify(of.slice(0, 200))}`,
    entities: 'entities',
    metrics: 'metrics',
    categories: 'categories of entities',
    namesPerEntity: `names of entity ${JSON.stringify(of.slice(0, 200))}`,
  }
  const setting = SETTINGS[limit]
  return new CatalogueLimitError(
    `the limit of ${value} ${what[limit] ?? limit} is reached${setting ? `; raise it with ${setting}` : ''}`,
  )
}
