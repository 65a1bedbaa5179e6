import type { IncomingMessage } from 'node:http'
import { createGunzip, createInflate } from 'node:zlib'
import type { Lease } from '../admission.js'
import { type BufferPool, memoryFor } from '../buffers.js'
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
  const sent = await read(incoming, limits, memory)
  if (encoding === 'identity') return { body: sent, sent: sent.length, release: () => giveBack(sent, memory) }
  try {
    const body =
      encoding === 'snappy'
        ? decompressSnappy(sent, limits.decodedBytes, undefined, (bytes) => takeNew(bytes, memory))
        : await inflate(sent, encoding as 'gzip' | 'deflate', limits, memory)
    return { body, sent: sent.length, release: () => giveBack(body, memory) }
  } finally {
    giveBack(sent, memory)
  }
}

interface Memory {
  lease: Lease
  buffers: BufferPool
}

/** Throws `BusyError`. */
function takeNew(bytes: number, { lease, buffers }: Memory): Uint8Array {
  lease.take(memoryFor(bytes))
  return buffers.take(bytes)
}

function giveBack(array: Uint8Array, { lease, buffers }: Memory): void {
  if (buffers.give(array)) lease.give(array.buffer.byteLength)
}

const bodyTooLarge = (limits: IngestLimits) =>
  new RequestTooLargeError(
    `the body has more than ${limits.bodyBytes} bytes (limit bodyBytes): send smaller batches`,
  )

const NOTHING = new Uint8Array(0)
/** What is taken for a body at first; then four times as much, so that who announces much and sends little holds little. */
const FIRST_BYTES = 64 * 1024

function read(incoming: IncomingMessage, limits: IngestLimits, memory: Memory): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const announced = Number(incoming.headers['content-length'] ?? limits.bodyBytes)
    let bytes: Uint8Array = NOTHING
    let size = 0
    const timer = setTimeout(
      () =>
        end(new HttpError(408, `the body did not arrive within ${limits.bodySeconds} s (limit bodySeconds)`)),
      limits.bodySeconds * 1000,
    )
    const onData = (chunk: Buffer) => {
      const needed = size + chunk.length
      if (needed > limits.bodyBytes) return end(bodyTooLarge(limits))
      try {
        if (needed > bytes.length)
          bytes = resized(bytes, size, Math.max(needed, Math.min(announced, size * 4 || FIRST_BYTES)), memory)
      } catch (error) {
        return end(error)
      }
      bytes.set(chunk, size)
      size = needed
    }
    const onEnd = () => end()
    const onError = (cause: Error) =>
      end(new HttpError(400, 'the connection broke off within the body', { cause }))
    const onClose = () => end(new HttpError(400, 'the connection was closed within the body'))
    const end = (error?: unknown) => {
      clearTimeout(timer)
      incoming.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose)
      if (error === undefined) return resolve(bytes.subarray(0, size))
      giveBack(bytes, memory)
      // The rest must neither be kept nor hold up the connection; the server cuts off what goes on for too long.
      incoming.on('error', () => undefined).resume()
      reject(error)
    }
    incoming.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose)
  })
}

function resized(bytes: Uint8Array, size: number, capacity: number, memory: Memory): Uint8Array {
  const larger = takeNew(capacity, memory)
  larger.set(bytes.subarray(0, size))
  giveBack(bytes, memory)
  return larger
}

/** Stops as soon as the bound is passed: a bomb costs no more than the bound. */
function inflate(
  sent: Uint8Array,
  encoding: 'gzip' | 'deflate',
  limits: IngestLimits,
  memory: Memory,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const stream =
      encoding === 'gzip' ? createGunzip({ chunkSize: CHUNK }) : createInflate({ chunkSize: CHUNK })
    let bytes: Uint8Array = NOTHING
    let size = 0
    const fail = (error: unknown) => {
      stream.destroy()
      giveBack(bytes, memory)
      reject(error)
    }
    stream.on('data', (chunk: Buffer) => {
      const needed = size + chunk.length
      if (needed > limits.decodedBytes)
        return fail(
          new RequestTooLargeError(
            `the body has more than ${limits.decodedBytes} bytes after decompression (limit decodedBytes): send smaller batches`,
          ),
        )
      try {
        if (needed > bytes.length)
          bytes = resized(bytes, size, Math.min(limits.decodedBytes, Math.max(needed, 2 * size)), memory)
      } catch (error) {
        return fail(error)
      }
      bytes.set(chunk, size)
      size = needed
    })
    stream.on('end', () => resolve(bytes.subarray(0, size)))
    stream.on('error', (cause) =>
      fail(new HttpError(400, `the body is not valid ${encoding}: ${cause.message}`, { cause })),
    )
    stream.end(sent)
  })
}

const CHUNK = 256 * 1024
