import { sameBytes } from './same-bytes.js'

/**
 * A bounded map from byte ranges to values, for keys that are looked up millions of times a second.
 *
 * Open addressing over an arena of the keys' bytes. Two generations bound it: when the young one is full it becomes the
 * old one and the former old one goes, so memory stays under `maxBytes` whatever senders send, and what is in use is
 * carried over. Senders repeat their series in one order, so each entry remembers the one that followed it: mostly one
 * comparison answers a look-up, without a hash. Keys are compared in full: equal hashes cannot mix up two series.
 */

const MAX_PROBES = 16
const FIRST_ARENA = 1 << 16
const FIRST_SLOTS = 1 << 10
/** What an entry costs besides its key and value: hash, offset, successor, and two slots. */
const ENTRY_BYTES = 32

interface Generation<T> {
  bytes: Uint8Array
  view: DataView
  used: number
  /** What values cost beyond `valueBytes`. */
  extra: number
  count: number
  hashes: Int32Array
  /** `count + 1` offsets into `bytes`. */
  offsets: Uint32Array
  /** Index + 1 of the entry that came after this one; 0 when not known. */
  successors: Uint32Array
  values: T[]
  /** Index + 1 of an entry; 0 when free. */
  slots: Uint32Array
}

function generation<T>(): Generation<T> {
  const bytes = new Uint8Array(FIRST_ARENA)
  return {
    bytes,
    view: new DataView(bytes.buffer),
    used: 0,
    extra: 0,
    count: 0,
    hashes: new Int32Array(FIRST_SLOTS / 2),
    offsets: new Uint32Array(FIRST_SLOTS / 2 + 1),
    successors: new Uint32Array(FIRST_SLOTS / 2),
    values: [],
    slots: new Uint32Array(FIRST_SLOTS),
  }
}

export class ByteCache<T> {
  readonly #half: number
  readonly #valueBytes: number
  readonly #seed: number
  #young = generation<T>()
  #old: Generation<T> | undefined
  #last = -1
  /** Length of the key that `next` has found. */
  matched = 0

  /** `valueBytes`: what a value costs, as a guess, so that it counts against `maxBytes` too. */
  constructor(maxBytes: number, valueBytes = 8) {
    this.#half = maxBytes / 2
    this.#valueBytes = valueBytes
    // Unknown to senders, so that they cannot prepare keys that collide.
    this.#seed = (Math.random() * 0x1_0000_0000) | 0
  }

  get size(): number {
    return this.#young.count + (this.#old?.count ?? 0)
  }

  /** Bytes held by keys, entries and values; arenas may be up to twice as large while they grow. */
  get bytes(): number {
    return this.#weight(this.#young) + (this.#old ? this.#weight(this.#old) : 0)
  }

  #weight(g: Generation<T>): number {
    return g.used + g.extra + g.count * (ENTRY_BYTES + this.#valueBytes)
  }

  /**
   * The value of the entry that followed the last one found, if its key stands at `start` and ends before `end`; then
   * `matched` is the key's length. The caller must see for itself that the key ends there.
   */
  next(view: DataView, start: number, end: number): T | undefined {
    const young = this.#young
    if (this.#last < 0) return undefined
    const guess = young.successors[this.#last]! - 1
    if (guess < 0) return undefined
    const offset = young.offsets[guess]!
    const length = young.offsets[guess + 1]! - offset
    if (start + length >= end || !sameBytes(young.view, offset, view, start, length)) return undefined
    this.matched = length
    return young.values[guess]
  }

  /** Confirms that what `next` found is what came. */
  advance(): void {
    this.#last = this.#young.successors[this.#last]! - 1
  }

  /** The value of the key at `start` … `end` of `view`, if it is known. */
  get(view: DataView, start: number, end: number): T | undefined {
    const young = this.#young
    const length = end - start
    if (this.#last >= 0) {
      const guess = young.successors[this.#last]! - 1
      if (guess >= 0) {
        const offset = young.offsets[guess]!
        if (
          young.offsets[guess + 1]! - offset === length &&
          sameBytes(young.view, offset, view, start, length)
        ) {
          this.#last = guess
          return young.values[guess]
        }
      }
    }
    const hash = hashOf(view, start, end, this.#seed)
    let index = find(young, hash, view, start, length)
    if (index < 0) {
      if (this.#old === undefined) return undefined
      const old = find(this.#old, hash, view, start, length)
      if (old < 0) return undefined
      index = this.#insert(hash, view, start, length, this.#old.values[old]!)
    }
    this.#follow(index)
    return this.#young.values[index]
  }

  /** Adds a key that `get` did not find. */
  set(view: DataView, start: number, end: number, value: T): void {
    this.#follow(this.#insert(hashOf(view, start, end, this.#seed), view, start, end - start, value))
  }

  /** Counts what a value has grown by against `maxBytes`. */
  charge(bytes: number): void {
    this.#young.extra += bytes
  }

  clear(): void {
    this.#young = generation<T>()
    this.#old = undefined
    this.#last = -1
  }

  /** Forgets where the last look-up was: a new request begins. */
  rewind(): void {
    this.#last = -1
  }

  #follow(index: number): void {
    if (this.#last >= 0) this.#young.successors[this.#last] = index + 1
    this.#last = index
  }

  #insert(hash: number, view: DataView, start: number, length: number, value: T): number {
    const added = length + ENTRY_BYTES + this.#valueBytes
    if (this.#young.count > 0 && this.#weight(this.#young) + added > this.#half) {
      this.#old = this.#young
      this.#young = generation<T>()
      this.#last = -1
    }
    const g = this.#young
    if (g.used + length > g.bytes.length) growArena(g, g.used + length)
    if (g.count === g.hashes.length) growEntries(g)
    const index = g.count++
    g.bytes.set(new Uint8Array(view.buffer, view.byteOffset + start, length), g.used)
    g.used += length
    g.hashes[index] = hash
    g.offsets[index + 1] = g.used
    g.values.push(value)
    place(g, hash, index)
    return index
  }
}

function find<T>(g: Generation<T>, hash: number, view: DataView, start: number, length: number): number {
  const mask = g.slots.length - 1
  for (let slot = hash & mask, probes = 0; probes < MAX_PROBES; slot = (slot + 1) & mask, probes++) {
    const index = g.slots[slot]! - 1
    if (index < 0) return -1
    if (g.hashes[index] !== hash) continue
    const offset = g.offsets[index]!
    if (g.offsets[index + 1]! - offset === length && sameBytes(g.view, offset, view, start, length))
      return index
  }
  return -1
}

/** A crowded stretch gives up its first entry, which then costs a miss: the length of a probe stays bounded. */
function place<T>(g: Generation<T>, hash: number, index: number): void {
  const mask = g.slots.length - 1
  let slot = hash & mask
  for (let probes = 0; probes < MAX_PROBES && g.slots[slot] !== 0; probes++) slot = (slot + 1) & mask
  if (g.slots[slot] !== 0) slot = hash & mask
  g.slots[slot] = index + 1
}

function growArena<T>(g: Generation<T>, needed: number): void {
  const bytes = new Uint8Array(Math.max(needed, g.bytes.length * 2))
  bytes.set(g.bytes.subarray(0, g.used))
  g.bytes = bytes
  g.view = new DataView(bytes.buffer)
}

function growEntries<T>(g: Generation<T>): void {
  const size = g.hashes.length * 2
  const hashes = new Int32Array(size)
  const offsets = new Uint32Array(size + 1)
  const successors = new Uint32Array(size)
  hashes.set(g.hashes)
  offsets.set(g.offsets)
  successors.set(g.successors)
  g.hashes = hashes
  g.offsets = offsets
  g.successors = successors
  g.slots = new Uint32Array(size * 2)
  for (let index = 0; index < g.count; index++) place(g, g.hashes[index]!, index)
}

function hashOf(view: DataView, start: number, end: number, seed: number): number {
  let a = seed ^ (end - start)
  let b = ~seed
  let i = start
  for (; i + 8 <= end; i += 8) {
    a = Math.imul(a ^ view.getInt32(i, true), 0x9e3779b1)
    a ^= a >>> 15
    b = Math.imul(b ^ view.getInt32(i + 4, true), 0x85ebca6b)
    b ^= b >>> 13
  }
  for (; i < end; i++) a = Math.imul(a ^ view.getUint8(i), 0xc2b2ae35) ^ (a >>> 15)
  a = Math.imul(a ^ Math.imul(b, 0x27d4eb2f), 0x9e3779b1)
  return a ^ (a >>> 16)
}
