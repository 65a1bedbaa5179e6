import type { IncomingMessage } from 'node:http'
import { createGunzip, createInflate } from 'node:zlib'
import type { Lease } from '../admission.js'
import { type BufferPool, type Loan, memoryFor } from '../buffers.js'
import { RequestTooLargeError } from '../errors.js'
import type { IngestLimits } from '../limits.js'
import { decompressSnappy } from '../snappy.js'
import { HttpError } from './http-error.js'

export interface Body {
  body: Uint8Array
  /** How many bytes came over the wire. */
  sent: number
  /** The body's memory serves other requests from now on; may be called twice. */
  release(): void
}

/**
 * Reads a request's body, at most `bodyBytes` of it and for at most `bodySeconds`, and undoes gzip, deflate and snappy (the
 * block format) up to `decodedBytes`. `encodings` are those that are taken; the first one is that of a request that names
 * none. Throws `HttpError`, `MalformedBodyError`, `RequestTooLargeError`, `BusyError`.
 */
export async function readBody(
  incoming: IncomingMessage,
  encodings: readonly string[],
  limits: IngestLimits,
  lease: Lease,
  buffers: BufferPool,
): Promise<Body> {
  const { headers } = incoming
  const encoding = (headers['content-encoding'] ?? '').trim().toLowerCase() || encodings[0]!
  if (!encodings.includes(encoding))
    throw new HttpError(
      415,
      `content encoding ${JSON.stringify(encoding.slice(0, 40))} is not taken here; use ${encodings.join(' or ')}`,
    )
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined)
    throw new HttpError(411, 'the request has no Content-Length and is not chunked')
  if (Number(headers['content-length'] ?? 0) > limits.bodyBytes) throw bodyTooLarge(limits)
  const memory = { lease, buffers }
  const raw = await read(incoming, limits, memory)
  const sent = raw.body.length
  if (encoding === 'identity') return { ...raw, sent }
  try {
    const whole =
      encoding === 'snappy'
        ? unsnap(raw.body, limits, memory)
        : await inflate(raw.body, encoding as 'gzip' | 'deflate', limits, memory)
    return { ...whole, sent }
  } finally {
    raw.release()
  }
}

type Bytes = Pick<Body, 'body' | 'release'>

interface Memory {
  lease: Lease
  buffers: BufferPool
}

/** Bytes that come one after the other, in memory that grows. Throws `BusyError`. */
class Growing {
  size = 0
  #loan: Loan | undefined
  readonly #memory: Memory

  constructor(memory: Memory) {
    this.#memory = memory
  }

  /** An array for at least `needed` bytes; when it must be a new one, of `capacity` bytes. What it held is in it. */
  room(needed: number, capacity: number): Uint8Array {
    const old = this.#loan
    if (old !== undefined && needed <= old.array.length) return old.array
    const { lease, buffers } = this.#memory
    const bytes = Math.max(needed, capacity)
    lease.take(memoryFor(bytes))
    const loan = buffers.take(bytes)
    if (old !== undefined) loan.array.set(old.array.subarray(0, this.size))
    this.release()
    this.#loan = loan
    return loan.array
  }

  add(chunk: Uint8Array, capacity: number): void {
    this.room(this.size + chunk.length, capacity).set(chunk, this.size)
    this.size += chunk.length
  }

  release(): void {
    const loan = this.#loan
    this.#loan = undefined
    if (loan?.end()) this.#memory.lease.give(loan.memory)
  }

  whole(): Bytes {
    return { body: this.#loan?.array.subarray(0, this.size) ?? NOTHING, release: () => this.release() }
  }
}

function unsnap(block: Uint8Array, limits: IngestLimits, memory: Memory): Bytes {
  const bytes = new Growing(memory)
  try {
    const body = decompressSnappy(block, limits.decodedBytes, undefined, (size) => bytes.room(size, size))
    return { body, release: () => bytes.release() }
  } catch (error) {
    bytes.release()
    throw error
  }
}

const bodyTooLarge = (limits: IngestLimits) =>
  new RequestTooLargeError(
    `the body has more than ${limits.bodyBytes} bytes (limit bodyBytes): send smaller batches`,
  )

const NOTHING = new Uint8Array(0)
/** Room is made for so many times what has come: who announces much and sends little holds little. */
const GROWTH = 4

function read(incoming: IncomingMessage, limits: IngestLimits, memory: Memory): Promise<Bytes> {
  return new Promise((resolve, reject) => {
    const announced = Number(incoming.headers['content-length'] ?? limits.bodyBytes)
    const bytes = new Growing(memory)
    const timer = setTimeout(
      () =>
        end(new HttpError(408, `the body did not arrive within ${limits.bodySeconds} s (limit bodySeconds)`)),
      limits.bodySeconds * 1000,
    )
    const onData = (chunk: Buffer) => {
      if (bytes.size + chunk.length > limits.bodyBytes) return end(bodyTooLarge(limits))
      try {
        bytes.add(chunk, Math.min(announced, (bytes.size + chunk.length) * GROWTH))
      } catch (error) {
        end(error)
      }
    }
    const onEnd = () => end()
    const onError = (cause: Error) =>
      end(new HttpError(400, 'the connection broke off within the body', { cause }))
    const onClose = () => end(new HttpError(400, 'the connection was closed within the body'))
    const end = (error?: unknown) => {
      clearTimeout(timer)
      incoming.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose)
      if (error === undefined) return resolve(bytes.whole())
      bytes.release()
      // The rest must neither be kept nor hold up the connection; the server cuts off what goes on for too long.
      incoming.on('error', () => undefined).resume()
      reject(error)
    }
    incoming.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose)
  })
}

/** Stops as soon as the bound is passed: a bomb costs no more than the bound. */
function inflate(
  sent: Uint8Array,
  encoding: 'gzip' | 'deflate',
  limits: IngestLimits,
  memory: Memory,
): Promise<Bytes> {
  return new Promise((resolve, reject) => {
    const stream =
      encoding === 'gzip' ? createGunzip({ chunkSize: CHUNK }) : createInflate({ chunkSize: CHUNK })
    const bytes = new Growing(memory)
    const fail = (error: unknown) => {
      stream.destroy()
      bytes.release()
      reject(error)
    }
    stream.on('data', (chunk: Buffer) => {
      if (bytes.size + chunk.length > limits.decodedBytes)
        return fail(
          new RequestTooLargeError(
            `the body has more than ${limits.decodedBytes} bytes after decompression (limit decodedBytes): send smaller batches`,
          ),
        )
      try {
        bytes.add(chunk, Math.min(limits.decodedBytes, 2 * bytes.size))
      } catch (error) {
        fail(error)
      }
    })
    stream.on('end', () => resolve(bytes.whole()))
    stream.on('error', (cause) =>
      fail(new HttpError(400, `the body is not valid ${encoding}: ${cause.message}`, { cause })),
    )
    stream.end(sent)
  })
}

const CHUNK = 256 * 1024
