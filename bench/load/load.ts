/** Sends the batches of a data set over a number of connections and counts what was acknowledged. */
import { open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Batch, DataSet } from '../tsbs/data-set.js'
import { type Client, createClient } from './client.js'

export interface Target {
  origin: string
  path: string
  headers: Record<string, string>
}

export interface LoadResult {
  /** Samples of requests that were answered with 2xx. */
  samples: number
  requests: number
  /** Answers 429 and 503: the same batch was sent again later; the time counts. */
  postponed: number
  seconds: number
  /** CPU seconds of this process, the load generator, in that time. */
  clientCpuSeconds: number
  /** Milliseconds from sending a batch to its acknowledgement, ascending. */
  latencies: number[]
}

/** Batches `from` … `to` − 1 of the data set; a refused batch ends the load with an error, for nothing may be lost. */
export async function load(
  dataSet: DataSet,
  target: Target,
  connections: number,
  from: number,
  to: number,
): Promise<LoadResult> {
  const file = await open(dataSet.file)
  const batches = dataSet.batches.slice(from, to)
  const longest = Math.max(0, ...batches.map((b) => b.length))
  const result = { samples: 0, requests: 0, postponed: 0, latencies: [] as number[] }
  const shared = batches.filter((b) => b.lane === undefined)
  const cpu = process.cpuUsage()
  const started = performance.now()
  try {
    await Promise.all(
      Array.from({ length: connections }, async (_, lane) => {
        const client = createClient(target.origin)
        const buffer = Buffer.allocUnsafeSlow(longest)
        const own = batches.filter((b) => b.lane === lane)
        try {
          for (let batch = own.shift() ?? shared.shift(); batch; batch = own.shift() ?? shared.shift()) {
            const { bytesRead } = await file.read(buffer, 0, batch.length, batch.offset)
            if (bytesRead !== batch.length) throw new Error(`${dataSet.file} ends early`)
            await sendUntilStored(client, target, batch, buffer.subarray(0, batch.length), result)
          }
        } finally {
          client.close()
        }
      }),
    )
  } finally {
    await file.close()
  }
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpu)
  result.latencies.sort((a, b) => a - b)
  return { ...result, seconds, clientCpuSeconds: (user + system) / 1e6 }
}

/** Sends a batch until it is answered with 2xx; 429 and 503 mean later, any other answer is an error. */
export async function sendUntilStored(
  client: Client,
  target: Target,
  batch: Batch,
  body: Uint8Array,
  result: Pick<LoadResult, 'samples' | 'requests' | 'postponed' | 'latencies'>,
): Promise<void> {
  const started = performance.now()
  for (;;) {
    const answer = await client.send('POST', target.path, target.headers, body)
    result.requests++
    if (answer.status >= 200 && answer.status < 300) {
      result.samples += batch.samples
      result.latencies.push(performance.now() - started)
      return
    }
    if (answer.status !== 503 && answer.status !== 429)
      throw new Error(
        `${target.origin}${target.path} answered ${answer.status}: ${answer.body.toString('utf8', 0, 500)}`,
      )
    result.postponed++
    await sleep(Math.min(Number(answer.headers['retry-after'] ?? 1), 5) * 1000)
  }
}
