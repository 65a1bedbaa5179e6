/** Asks one query again and again beside a load, and notes how long each answer takes. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { QueryRequest } from '../queries/answers.js'
import { createClient } from './client.js'

export interface Probe {
  /** Milliseconds from when a question was due to the last byte of its answer. */
  readonly latencies: readonly number[]
  /** Rejects when a question was not answered with 200; resolves after `stop`. */
  readonly ended: Promise<void>
  /** Ends after the answer that is under way, and rejects as `ended` does. */
  stop(): Promise<void>
}

export function startProbe(origin: string, { method, path }: QueryRequest, everyMs: number): Probe {
  const client = createClient(origin)
  const latencies: number[] = []
  let ended = false
  const asking = (async () => {
    for (let due = performance.now(); !ended; due += everyMs) {
      const wait = due - performance.now()
      if (wait > 0) await sleep(wait)
      const { status, body } = await client.send(method, path)
      if (status !== 200) throw new Error(`${path} answered ${status}: ${body.toString('utf8', 0, 500)}`)
      latencies.push(performance.now() - due)
    }
  })()
  asking.catch(() => undefined)
  return {
    latencies,
    ended: asking,
    async stop() {
      ended = true
      try {
        await asking
      } finally {
        client.close()
      }
    },
  }
}
