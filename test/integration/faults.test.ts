import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import {
  ask,
  descendants,
  eventually,
  isAlive,
  type Program,
  startUp,
  stopProgram,
  temporaryFolder,
  type Up,
} from './program.js'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function folder(): string {
  const { path, remove } = temporaryFolder()
  cleanups.push(remove)
  return path
}

function owned<T extends Program>(program: T): T {
  cleanups.push(() => stopProgram(program))
  return program
}

/** The child of `up` (or of its monitor) whose command line holds `part`. */
function childOf(program: Program, part: string): number {
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

interface Load {
  /** Samples acknowledged so far. */
  acknowledged: Set<number>
  stop(): Promise<void>
}

const LINES = 500

/** Sends batches of distinct samples one after the other; a batch without an answer is sent again, the same bytes. */
function sendLoad(monitorUrl: string, start: number): Load {
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
async function expectStoredOnce(up: Up, acknowledged: Set<number>): Promise<void> {
  const values = await eventually(
    'the samples',
    async () => (await ask(up.url, 'select load where name = x', 'now-2h'))[0]?.[1],
    { timeoutMs: 60_000 },
  )
  const seen = new Set(values)
  const missing = [...acknowledged].filter((value) => !seen.has(value))
  const port = readFileSync(`/proc/${childOf(up, 'clickhouse-child')}/cmdline`, 'utf8')
    .split('\0')
    .filter(Boolean)
    .at(-1)
  const answer = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers: {
      'x-clickhouse-user': 'bellwether',
      'x-clickhouse-key': readFileSync(join(up.data, 'clickhouse', 'password'), 'utf8').trim(),
    },
    body: 'SELECT count(), uniqExact(metric, entity, ts) FROM bellwether.samples WHERE metric != 0 FORMAT JSONCompact',
  })
  const [[rows, distinct]] = ((await answer.json()) as { data: [[string, string]] }).data
  expect({ missing: missing.length, twice: Number(rows) - Number(distinct) }).toEqual({
    missing: 0,
    twice: 0,
  })
  expect(Number(rows)).toBeGreaterThanOrEqual(acknowledged.size)
}

const HOUR_MS = 3_600_000

describe('under load', () => {
  it.each(['clickhouse-child', 'main.js\0monitor'])(
    'keeps every acknowledged sample, once, when %j is killed again and again',
    async (victim) => {
      const up = owned(await startUp(folder()))
      const load = sendLoad(up.monitorUrl, Date.now() - HOUR_MS)
      for (let round = 0; round < 3; round++) {
        const before = load.acknowledged.size
        await eventually('acknowledged samples', () => load.acknowledged.size > before + 2 * LINES, {
          timeoutMs: 60_000,
        })
        process.kill(childOf(up, victim), 'SIGKILL')
      }
      const before = load.acknowledged.size
      await eventually(
        'acknowledged samples after the last round',
        () => load.acknowledged.size > before + 2 * LINES,
        {
          timeoutMs: 60_000,
        },
      )
      await load.stop()
      await expectStoredOnce(up, load.acknowledged)
    },
    180_000,
  )
})

function mountSmallDisk(path: string, megabytes: number): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path], { stdio: 'pipe' })
  } catch {
    return false
  }
  cleanups.push(() => execFileSync('umount', ['-l', path]))
  return true
}

describe('a full disk', () => {
  it('is said clearly, ends nothing, and is over once there is space again', async (context) => {
    const data = folder()
    if (!mountSmallDisk(data, 300)) return context.skip('mounting a small disk needs root')
    const up = owned(await startUp(data))
    await eventually(
      'a point',
      async () => (await ask(up.url, 'select load_1 where category = HOST'))[0]?.[1].length,
    )
    const children = descendants(up.process.pid!)

    const ballast = join(data, 'ballast')
    const chunk = Buffer.alloc(1024 * 1024)
    try {
      for (let i = 0; i < 400; i++) writeFileSync(ballast, chunk, { flag: 'a' })
    } catch {
      // full, as wanted
    }
    expect(statSync(ballast).size).toBeGreaterThan(0)
    const refused = await eventually(
      'a refusal',
      async () => {
        const response = await fetch(`${up.monitorUrl}/write`, {
          method: 'POST',
          body: 'full,name=y value=1',
        })
        return response.status === 503 ? await response.text() : undefined
      },
      { timeoutMs: 60_000 },
    )
    expect(refused).toMatch(/disk|space/i)
    expect(await (await fetch(`${up.monitorUrl}/health/ready`)).text()).toMatch(/disk|space/i)
    expect((await ask(up.url, 'select load_1 where category = HOST')).length).toBe(1)

    rmSync(ballast)
    await eventually(
      'a stored sample',
      async () =>
        (await fetch(`${up.monitorUrl}/write`, { method: 'POST', body: 'full,name=y value=2' })).status ===
        204,
      { timeoutMs: 90_000, everyMs: 1000 },
    )
    // No role was started anew: a full disk is no reason to die.
    expect(children.filter((pid) => !isAlive(pid))).toEqual([])
  }, 240_000)
})
