/** A load of distinct samples, and whether each acknowledged one was stored, and once. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { ask, descendants, eventually, type Program, type Up } from './program.js'

/** The child of `up` (or of its monitor) whose command line holds `part`. */
export function childOf(program: Program, part: string): number {
  const pid = descendants(program.process.pid!).find((each) => {
    try {
      return readFileSync(`/proc/${each}/cmdline`, 'utf8').includes(part)
    } catch {
      return false
    }
  })
  if (pid === undefined) throw new Error(`no child process with ${part}`)
  return pid
}

export interface Load {
  /** Samples acknowledged so far. */
  acknowledged: Set<number>
  stop(): Promise<void>
}

export const LINES = 500

/** Sends batches of distinct samples one after the other; a batch without an answer is sent again, the same bytes. */
export function sendLoad(monitorUrl: string, start: number): Load {
  const acknowledged = new Set<number>()
  let stopping = false
  const running = (async () => {
    for (let batch = 0; !stopping; batch++) {
      const first = start + batch * LINES
      const lines = Array.from({ length: LINES }, (_, i) => `load,name=x value=${first + i} ${first + i}`)
      for (let sent = false; !sent && !stopping; ) {
        try {
          const response = await fetch(`${monitorUrl}/write?precision=ms`, {
            method: 'POST',
            body: lines.join('\n'),
          })
          await response.text()
          if (response.status === 204) {
            sent = true
            for (let i = 0; i < LINES; i++) acknowledged.add(first + i)
          } else if (response.status !== 503) throw new Error(`unexpected answer ${response.status}`)
        } catch (error) {
          if (!(error instanceof TypeError)) throw error // a cut connection is what this test makes
        }
        if (!sent) await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  })()
  return {
    acknowledged,
    async stop() {
      stopping = true
      await running
    },
  }
}

/** Every acknowledged sample is there, and no sample is there twice: a query would hide that, so the engine is asked. */
export async function expectStoredOnce(up: Up, acknowledged: Set<number>): Promise<void> {
  const values = await eventually(
    'the samples',
    async () => (await ask(up.url, 'select load where name = x', 'now-2h'))[0]?.[1],
    { timeoutMs: 60_000 },
  )
  const seen = new Set(values)
  const missing = [...acknowledged].filter((value) => !seen.has(value))
  const [[rows, distinct]] = await askEngine<[[string, string]]>(
    up,
    'SELECT count(), uniqExact(metric, entity, ts) FROM bellwether.samples WHERE metric != 0',
  )
  expect({ missing: missing.length, twice: Number(rows) - Number(distinct) }).toEqual({
    missing: 0,
    twice: 0,
  })
  expect(Number(rows)).toBeGreaterThanOrEqual(acknowledged.size)
}

/** Rows of a query, asked of the embedded engine itself. */
export async function askEngine<T>(up: Up, query: string): Promise<T> {
  const port = readFileSync(`/proc/${childOf(up, 'clickhouse-child')}/cmdline`, 'utf8')
    .split('\0')
    .filter(Boolean)
    .at(-1)
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers: {
      'x-clickhouse-user': 'bellwether',
      'x-clickhouse-key': readFileSync(join(up.data, 'clickhouse', 'password'), 'utf8').trim(),
    },
    body: `${query} FORMAT JSONCompact`,
  })
  const text = await response.text()
  if (!response.ok) throw new Error(text)
  return (JSON.parse(text) as { data: T }).data
}
