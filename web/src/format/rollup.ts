/** Which rollup a chart shows, in words. */

import type { Rollup } from '../../../src/wire/timeseries.js'
import type { Stream } from '../chart/stream.js'

const LABELS: Record<Rollup, string> = {
  RAW: 'raw',
  TEN_MINUTELY: '10 min rollup',
  HOURLY: '1 h rollup',
  SIX_HOURLY: '6 h rollup',
  DAILY: '1 d rollup',
  WEEKLY: '1 w rollup',
}

/** The rollups of streams, each once: `raw`, `10 min rollup`; empty without streams. */
export function rollupLabel(streams: readonly Stream[]): string {
  const used = new Set(streams.map(({ data }) => data.metadata.rollupUsed))
  return [...used].map((rollup) => LABELS[rollup] ?? rollup).join(', ')
}
