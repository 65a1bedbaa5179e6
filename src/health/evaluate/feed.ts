import type { Catalogue, StoredSamples } from '../../metrics/index.js'
import type { Picture } from './picture.js'
import type { Streams } from './streams.js'

/** Brings stored samples to the slots that want them. */
export interface Feed {
  /** Takes samples as they are stored; one that nobody wants costs a look into an array. */
  take(samples: StoredSamples): void
  /** A sample that was read from the store. */
  put(metric: string, owner: number, time: number, value: number): void
  /** Everything finds its place anew: after a new model. */
  reset(): void
  /** Until `release`, what is taken waits: what is being read is older. */
  hold(): void
  release(): void
  /** When something was taken last, by the clock of this machine. */
  readonly takenAt: number
}

/** By series: 0 not looked at yet, -1 nobody wants it, else the number of its first slot + 1. */
const UNKNOWN = 0
const UNWANTED = -1
/** In place of the owner of an entity. */
const NOT_LOOKED_AT = -2
/** What waits while the store is read; what is beyond is lost to windows, and to nothing else. */
const MOST_HELD = 2_000_000
const RESET_MS = 5_000

export function createFeed(
  catalogue: Pick<Catalogue, 'seriesAt' | 'metricAt' | 'entityAt'>,
  streams: Streams,
  picture: Picture,
  now: () => number = Date.now,
): Feed {
  let places = new Int32Array(1024)
  /** By entity. */
  let owners = new Float64Array(1024).fill(NOT_LOOKED_AT)
  /** By metric. */
  let names: (readonly string[])[] = []
  let seenStreams = 0
  let held: { series: number[]; times: number[]; values: number[] } | undefined
  let takenAt = 0
  let seenVersion = picture.version
  let resetAt = 0

  function classify(series: number): number {
    const { metric, entity } = catalogue.seriesAt(series)
    // Also of a metric that no test reads: an entity that nobody knew may come to be looked after by it.
    const owner = ownerOf(entity)
    if (owner < 0) return UNWANTED
    for (const name of namesOf(metric)) {
      const slot = streams.firstSlot(name, owner)
      if (slot >= 0) return slot + 1
    }
    return UNWANTED
  }

  function ownerOf(entity: number): number {
    if (entity >= owners.length) {
      const grown = new Float64Array(Math.ceil((entity + 1) * 1.5)).fill(NOT_LOOKED_AT)
      grown.set(owners)
      owners = grown
    }
    let owner = owners[entity]!
    if (owner === NOT_LOOKED_AT) owner = owners[entity] = picture.ownerOf(catalogue.entityAt(entity))
    return owner
  }

  /** The metric's name and its aliases, as far as a test reads them. */
  function namesOf(metric: number): readonly string[] {
    if (streams.all.length !== seenStreams) {
      seenStreams = streams.all.length
      names = []
    }
    let known = names[metric]
    if (known === undefined) {
      const { name, aliases } = catalogue.metricAt(metric)
      known = [name, ...aliases.map((alias) => alias.toLowerCase())].filter((each) => streams.reads(each))
      names[metric] = known
    }
    return known
  }

  function lookAnew(): void {
    places.fill(UNKNOWN)
    owners.fill(NOT_LOOKED_AT)
    seenVersion = picture.version
  }

  function give(series: number, time: number, value: number): void {
    if (series >= places.length) {
      const grown = new Int32Array(Math.ceil((series + 1) * 1.5))
      grown.set(places)
      places = grown
    }
    let place = places[series]!
    if (place === UNKNOWN) place = places[series] = classify(series)
    if (place === UNWANTED) return
    for (let slot = place - 1; slot >= 0; slot = streams.next(slot)) streams.put(slot, time, value)
  }

  return {
    take({ length, series, time, value }) {
      takenAt = now()
      if (picture.version !== seenVersion && takenAt - resetAt > RESET_MS) {
        // Somebody new may want what nobody wanted before.
        resetAt = takenAt
        lookAnew()
      }
      for (let i = 0; i < length; i++) {
        const s = series[i]!
        if (places[s] === UNWANTED) continue
        if (held === undefined) give(s, Math.floor(time[i]!), value[i]!)
        else if (held.series.length < MOST_HELD) {
          held.series.push(s)
          held.times.push(Math.floor(time[i]!))
          held.values.push(value[i]!)
        }
      }
    },
    put(metric, owner, time, value) {
      for (let slot = streams.firstSlot(metric, owner); slot >= 0; slot = streams.next(slot))
        streams.put(slot, time, value)
    },
    reset: lookAnew,
    hold() {
      held ??= { series: [], times: [], values: [] }
    },
    release() {
      const waiting = held
      held = undefined
      if (waiting === undefined) return
      for (let i = 0; i < waiting.series.length; i++)
        give(waiting.series[i]!, waiting.times[i]!, waiting.values[i]!)
    },
    get takenAt() {
      return takenAt
    },
  }
}
