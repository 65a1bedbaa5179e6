import { setImmediate as nextTurn } from 'node:timers/promises'
import type { BaseLogger } from 'pino'
import { batchKey, type Catalogue, type Writer } from '../metrics/index.js'
import type { Admission, Lease } from './admission.js'
import { SampleBuffer } from './columns.js'
import type { DecodeContext, Rest } from './decode.js'
import type { IngestLimits } from './limits.js'
import type { Meters } from './meters.js'
import { Outcome } from './outcome.js'
import { outcomeText } from './refusal-text.js'
import { Registrar } from './registrar.js'
import type { Senders } from './senders.js'

/** One request's worth of bytes, from whatever transport. */
export interface Batch {
  protocol: string
  sender: string
  /** Let go of after decoding: the receiver replaces it by an empty one. */
  body: Uint8Array
  /** Bytes as they came over the wire. */
  sent: number
  /** What else decides how the body is read (e.g. the precision): the same body with other parameters is another batch. */
  parameters: string
  /** Throws `MalformedBodyError` or `RequestTooLargeError` when the body as a whole is refused; so does what it returns. */
  decode(body: Uint8Array, context: DecodeContext): Rest
  lease: Lease
  /** Called as soon as the body is decoded or refused, after which its memory may hold another one; may be called twice. */
  release?(): void
}

export interface Receipt {
  /** Samples that the store has acknowledged, now or when the same batch came before. */
  samples: number
  duplicate: boolean
  outcome: Outcome
}

export interface ReceiverOptions {
  store: { catalogue: Catalogue; writer: Writer }
  logger: BaseLogger
  limits: IngestLimits
  admission: Admission
  meters: Meters
  senders: Senders
}

/** Decodes a batch and resolves after the store has acknowledged it; rejects with what the decoder or the store throws. */
export type Receive = (batch: Batch) => Promise<Receipt>

const NOTHING = new Uint8Array(0)
/** Column buffers of usual size are kept for the next request; larger ones are left to the garbage collector. */
const POOLED_BUFFERS = 4
const POOLED_CAPACITY = 1 << 18
const BYTES_PER_SAMPLE = 20
/**
 * Registering a new series costs some microseconds, and a request may bring 100,000 of them: after this long, milliseconds, others
 * have their turn. What is known already costs a hundredth of that and goes through at once.
 */
const TURN_MS = 4

export function createReceiver(options: ReceiverOptions): Receive {
  const { store, logger, limits, meters, senders } = options
  const pool: SampleBuffer[] = []

  return async (batch) => {
    const { protocol, lease } = batch
    const now = Date.now()
    const outcome = new Outcome(limits)
    const registrar = new Registrar(store.catalogue, limits, batch.sender)
    const columns = pool.pop() ?? new SampleBuffer()
    columns.length = 0
    try {
      registrar.beginTurn(TURN_MS)
      let rest = batch.decode(batch.body, {
        columns,
        outcome,
        registrar,
        limits,
        now,
        earliest: now - limits.pastSeconds * 1000,
        latest: now + limits.futureSeconds * 1000,
      })
      while (rest) {
        await nextTurn()
        registrar.beginTurn(TURN_MS)
        rest = rest()
      }
      let duplicate = false
      if (columns.length > 0) {
        // Samples stamped on arrival are new ones each time, however equal the bytes.
        const key = outcome.timesMissing > 0 ? undefined : keyOf(batch)
        free(batch)
        lease.take(columns.length * BYTES_PER_SAMPLE)
        duplicate = (await store.writer.write(columns, key)).duplicate
      }
      report(batch, registrar.sender, columns.length, outcome)
      return { samples: columns.length, duplicate, outcome }
    } finally {
      free(batch)
      if (pool.length < POOLED_BUFFERS && columns.capacity <= POOLED_CAPACITY) pool.push(columns)
    }

    function report({ sent }: Batch, sender: string, samples: number, { refused }: Outcome): void {
      meters.stored(protocol, samples, sent)
      for (const [reason, count] of outcome.byReason) meters.refused(protocol, reason, count)
      for (const [what, count] of outcome.skipped) meters.skipped(protocol, what, count)
      senders.count(sender, protocol, samples, refused, sent)
      if (refused > 0 && senders.mayLog(sender, protocol))
        logger.warn({ protocol, sender, refused }, `ingest: ${outcomeText(outcome, 'item').slice(0, 1000)}`)
    }
  }
}

function free(batch: Batch): void {
  batch.release?.()
  batch.body = NOTHING
}

/** Low enough that the sum of two keys stays exact. */
const KEY_RANGE = 2 ** 52

function keyOf({ protocol, parameters, body }: Batch): number {
  const parametersKey = batchKey(Buffer.from(`${protocol} ${parameters}`))
  return (batchKey(body) + parametersKey) % KEY_RANGE || 1
}
