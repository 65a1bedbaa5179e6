import type { CatalogueCore } from '../catalogue/catalogue.js'
import type { HotCache } from './cache.js'
import { chunkNumber } from './chunk.js'
import type { HotLimits } from './limits.js'

/**
 * How far back, in chunks of two hours before the newest: 4 h of everything first, then 12 h, then a day; and the chunk
 * in which such a window begins, or the first bucket of it. And the one after the newest: windows reach to the present time.
 */
const PASSES: readonly (readonly [number, number])[] = [
  [-1, 2],
  [3, 6],
  [7, 12],
]

export interface PreloadOptions {
  readonly catalogue: CatalogueCore
  readonly cache: Pick<HotCache, 'preload' | 'stats'>
  readonly limits: Pick<HotLimits, 'bytes' | 'preloadPart'>
  readonly signal: AbortSignal
  /** Of the day. */
  readonly now?: () => number
}

/**
 * After a start: reads the newest samples into memory while there is nothing else to do, so that the first dashboards
 * need not wait. Goes back for all metrics alike, as far as `preloadPart` of the memory reaches. Never rejects.
 */
export async function preload({
  catalogue,
  cache,
  limits,
  signal,
  now = Date.now,
}: PreloadOptions): Promise<void> {
  const budget = limits.bytes * limits.preloadPart
  const newest = chunkNumber(newestSample(catalogue, now()))
  if (newest < 0 || budget <= 0) return
  const metrics = Array.from({ length: catalogue.metricCount }, (_, i) => catalogue.metricAt(i))
  let perChunk = 0
  for (const [from, to] of PASSES) {
    const before = cache.stats.bytes
    if (before + perChunk * (to - from + 1) > budget) return
    for (const metric of metrics) {
      if (signal.aborted || cache.stats.bytes >= budget) return
      await cache.preload(metric, newest - to, newest - from)
    }
    perChunk = (cache.stats.bytes - before) / (to - from + 1)
  }
}

/** Time of the newest sample that is known of, not after `now`; -1 when there is none. */
function newestSample(catalogue: CatalogueCore, now: number): number {
  let newest = -1
  for (let entity = 0; entity < catalogue.entityCount; entity++)
    newest = Math.max(newest, catalogue.lastSeen(entity))
  return Math.min(newest, now)
}
