/** Sends batches at given times, whether or not the earlier ones were answered: what senders with a clock of their own do. */
import { open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DataSet } from '../tsbs/data-set.js'
import { createClient } from './client.js'
import { sendUntilStored, type Target } from './load.js'

export interface PacedResult {
  samples: number
  postponed: number
  seconds: number
  /** Milliseconds from the time at which a batch was due to its acknowledgement: waiting for a free connection counts. */
  latencies: number[]
}

/**
 * Batch i is due i · samples / rate seconds after the start and goes to connection i modulo `connections`, which sends
 * one at a time.
 */
export async function loadPaced(
  dataSet: DataSet,
  target: Target,
  connections: number,
  samplesPerSecond: number,
): Promise<PacedResult> {
  const file = await open(dataSet.file)
  const { batches } = dataSet
  const result = { samples: 0, requests: 0, postponed: 0, latencies: [] as number[] }
  const latencies: number[] = []
  const due = new Float64Array(batches.length)
  for (let i = 1; i < batches.length; i++)
    due[i] = due[i - 1]! + (batches[i - 1]!.samples / samplesPerSecond) * 1000
  const started = performance.now()
  try {
    await Promise.all(
      Array.from({ length: Math.min(connections, batches.length) }, async (_, lane) => {
        const client = createClient(target.origin)
        try {
          for (let i = lane; i < batches.length; i += connections) {
            const wait = started + due[i]! - performance.now()
            if (wait > 0) await sleep(wait)
            const batch = batches[i]!
            const body = Buffer.allocUnsafe(batch.length)
            await file.read(body, 0, batch.length, batch.offset)
            await sendUntilStored(client, target, batch, body, result)
            latencies.push(performance.now() - started - due[i]!)
          }
        } finally {
          client.close()
        }
      }),
    )
  } finally {
    await file.close()
  }
  const { samples, postponed } = result
  return { samples, postponed, seconds: (performance.now() - started) / 1000, latencies }
}
