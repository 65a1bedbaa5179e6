import { setTimeout as sleep } from 'node:timers/promises'
import type { BaseLogger } from 'pino'
import { StoreFullError, StoreUnavailableError } from '../../metrics/index.js'
import { type Admission, BusyError } from '../admission.js'
import type { DecodeContext, Rest } from '../decode.js'
import type { Meters } from '../meters.js'
import type { Receive } from '../receiver.js'

export interface DeliverOptions {
  receive: Receive
  admission: Admission
  meters: Meters
  logger: BaseLogger
}

export interface Lines {
  protocol: string
  sender: string
  body: Uint8Array
  decode(body: Uint8Array, context: DecodeContext): Rest
}

/**
 * Brings what came over a protocol without answers to the store: as nobody else can send it again, it is tried until it is
 * stored or `signal` is aborted. Meanwhile the caller must take no more from the sender; it also accounts for the bytes.
 */
export async function deliver(lines: Lines, options: DeliverOptions, signal: AbortSignal): Promise<void> {
  const { receive, admission, meters, logger } = options
  const { protocol, body } = lines
  const start = performance.now()
  for (;;) {
    const lease = admission.open(lines.sender)
    try {
      await receive({ ...lines, sent: body.length, parameters: '', lease })
      meters.request(protocol, 'ok', (performance.now() - start) / 1000)
      return
    } catch (error) {
      const again =
        error instanceof BusyError ||
        error instanceof StoreFullError ||
        error instanceof StoreUnavailableError
      if (!again || signal.aborted) {
        meters.request(protocol, 'error', (performance.now() - start) / 1000)
        logger.error(
          { err: error, protocol, sender: lines.sender, bytes: body.length },
          'ingest: samples are lost',
        )
        return
      }
      await sleep(error.retryAfterSeconds * 1000, undefined, { signal }).catch(() => undefined)
    } finally {
      lease.release()
    }
  }
}
