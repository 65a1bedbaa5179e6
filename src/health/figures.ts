import type { Feed } from './evaluate/feed.js'
import { loadFigures } from './evaluate/load.js'
import type { Picture } from './evaluate/picture.js'
import type { Streams } from './evaluate/streams.js'
import type { HealthOptions } from './types.js'

export interface Figures {
  /** Brings them from the store, one load at a time: all, or those of the last `recentMs` milliseconds. Never rejects. */
  load(recentMs?: number): Promise<void>
  /** Whether so many are asked for that were not when they were loaded last. */
  readonly isBehind: boolean
  /** The end of the load that was asked for last. */
  readonly loaded: Promise<unknown>
}

export function createFigures(options: {
  store: HealthOptions['store']
  logger: HealthOptions['logger']
  streams: Streams
  picture: () => Picture
  feed: () => Feed
  now: () => number
  signal: AbortSignal
}): Figures {
  const { store, logger, streams, now, signal } = options
  let loading: Promise<unknown> = Promise.resolve()
  let loadedSlots = 0
  return {
    load(recentMs) {
      const next = loading.then(async () => {
        if (signal.aborted) return
        const feed = options.feed()
        if (recentMs === undefined) feed.hold()
        try {
          await loadFigures({
            store,
            picture: options.picture(),
            feed,
            streams: streams.all,
            now: now(),
            ...(recentMs !== undefined && { recentMs }),
            signal,
          })
          loadedSlots = streams.made
        } catch (error) {
          if (!signal.aborted) logger.warn({ err: error }, 'health: figures could not be read from the store')
        } finally {
          feed.release()
        }
      })
      loading = next
      return next
    },
    get isBehind() {
      return streams.made - loadedSlots > streams.count * 0.02 + 100
    },
    get loaded() {
      return loading
    },
  }
}
