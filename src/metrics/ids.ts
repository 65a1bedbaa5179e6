import { hash } from 'node:crypto'
import xxhash from 'xxhash-wasm'
import type { EntityId, MetricId } from './types.js'

/**
 * Durable ids. They are part of the data format: changing anything here orphans what is stored.
 *
 * An id is the first 52 bits of the SHA-256 of a canonical name, so that monitors agree without talking. 52 bits are a
 * safe integer, and as the bits of a Float64 they are never a NaN, so they may be copied between Float64Arrays. Numbers
 * below `FIRST_ID` are never ids: in the samples table they mark the rows that record stored batches.
 */
export type Hash = (text: string) => number

export const FIRST_ID = 2 ** 22

export const sha52: Hash = (text) => {
  const id = Number.parseInt(hash('sha256', text, 'hex').slice(0, 13), 16)
  return id < FIRST_ID ? id + FIRST_ID : id
}

/** `name` is folded to lower case: metric names are compared without case. */
export function metricId(name: string, hashOf: Hash = sha52): MetricId {
  return hashOf(`metric\0${name.toLowerCase()}`)
}

/** The category is folded to upper case, the identity is taken as it is. */
export function entityId(category: string, identity: string, hashOf: Hash = sha52): EntityId {
  return hashOf(`entity\0${category.toUpperCase()}\0${identity}`)
}

const { h64Raw } = await xxhash()
const MASK_52 = (1n << 52n) - 1n

/**
 * Hash of a request body as it was sent, for `Writer.write`'s `key`: the low 52 bits of its XXH64, never 0.
 *
 * Use it only for bodies whose samples carry their own times: two equal bodies that are stamped on arrival are two
 * different batches.
 */
export function batchKey(body: Uint8Array): number {
  return Number(h64Raw(body) & MASK_52) || 1
}

/**
 * Text as UTF-8 can carry it: half a surrogate pair (JSON can bring one) becomes U+FFFD, as it does in the database and in
 * the hashes.
 */
export function wellFormed(text: string): string {
  return /\p{Surrogate}/u.test(text) ? Buffer.from(text).toString() : text
}

const scratch = new Float64Array(1)
const words = new Uint32Array(scratch.buffer)

/** The bits of an id (or of any integer from 0 below 2^52) as a Float64: how ids are copied into UInt64 columns. */
export function idBits(id: number): number {
  words[0] = id
  words[1] = id / 0x1_0000_0000
  return scratch[0]!
}
