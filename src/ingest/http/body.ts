import type { IncomingMessage } from 'node:http'
import { createGunzip, createInflate } from 'node:zlib'
import type { Lease } from '../admission.js'
import { RequestTooLargeError } from '../errors.js'
import type { IngestLimits } from '../limits.js'
import { decompressSnappy } from '../snappy.js'
import { HttpError } from './http-error.js'

export interface Body {
  body: Uint8Array
  /** How many bytes came over the wire. */
  sent: number
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
  const sent = await read(incoming, limits, lease)
  if (encoding === 'identity') return { body: sent, sent: sent.length }
  const body =
    encoding === 'snappy'
      ? decompressSnappy(sent, limits.decodedBytes, lease.take)
      : await inflate(sent, encoding as 'gzip' | 'deflate', limits, lease)
  lease.give(sent.length)
  return { body, sent: sent.length }
}

const bodyTooLarge = (limits: IngestLimits) =>
  new RequestTooLargeError(
    `the body has more than ${limits.bodyBytes} bytes (limit bodyBytes): send smaller batches`,
  )

function read(incoming: IncomingMessage, limits: IngestLimits, lease: Lease): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const timer = setTimeout(
      () =>
        end(new HttpError(408, `the body did not arrive within ${limits.bodySeconds} s (limit bodySeconds)`)),
      limits.bodySeconds * 1000,
    )
    const onData = (chunk: Buffer) => {
      size += chunk.length
      if (size > limits.bodyBytes) return end(bodyTooLarge(limits))
      try {
        lease.take(chunk.length)
      } catch (error) {
        return end(error)
      }
      chunks.push(chunk)
    }
    const onEnd = () => end()
    const onError = (cause: Error) =>
      end(new HttpError(400, 'the connection broke off within the body', { cause }))
    const onClose = () => end(new HttpError(400, 'the connection was closed within the body'))
    const end = (error?: unknown) => {
      clearTimeout(timer)
      incoming.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose)
      if (error === undefined) return resolve(joined(chunks, size))
      // The rest must neither be kept nor hold up the connection; the server cuts off what goes on for too long.
      incoming.on('error', () => undefined).resume()
      reject(error)
    }
    incoming.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose)
  })
}

/** One array of its own, so that 8-byte columns in it are aligned. */
function joined(chunks: Buffer[], size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

/** Stops as soon as the bound is passed: a bomb costs no more than the bound. */
function inflate(
  sent: Uint8Array,
  encoding: 'gzip' | 'deflate',
  limits: IngestLimits,
  lease: Lease,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const stream =
      encoding === 'gzip' ? createGunzip({ chunkSize: CHUNK }) : createInflate({ chunkSize: CHUNK })
    const chunks: Buffer[] = []
    let size = 0
    const fail = (error: unknown) => {
      stream.destroy()
      reject(error)
    }
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > limits.decodedBytes)
        return fail(
          new RequestTooLargeError(
            `the body has more than ${limits.decodedBytes} bytes after decompression (limit decodedBytes): send smaller batches`,
          ),
        )
      try {
        lease.take(chunk.length)
      } catch (error) {
        return fail(error)
      }
      chunks.push(chunk)
    })
    stream.on('end', () => resolve(joined(chunks, size)))
    stream.on('error', (cause) =>
      fail(new HttpError(400, `the body is not valid ${encoding}: ${cause.message}`, { cause })),
    )
    stream.end(sent)
  })
}

const CHUNK = 256 * 1024
