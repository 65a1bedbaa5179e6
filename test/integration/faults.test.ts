import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ApiEvent, ApiEventQueryResult } from '../../src/wire/event.js'
import { useOwned } from './owned.js'
import { ask, descendants, eventually, isAlive, startUp, type Up } from './program.js'
import { childOf, expectStoredOnce, LINES, sendLoad } from './sent-load.js'

const { cleanups, folder, owned } = useOwned()

const HOUR_MS = 3_600_000

/** The events of an embedded engine that ended, or of one that is back, as the search finds them. */
async function events({ monitorUrl }: Up, code: 'RESTARTING' | 'RUNNING'): Promise<ApiEvent[]> {
  const query = `category==SYSTEM;attributes.eventcode==EV_ENGINE_${code}`
  const response = await fetch(`${monitorUrl}/api/v45/events?${new URLSearchParams({ query })}`)
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  return ((await response.json()) as ApiEventQueryResult).items
}

it('under load every acknowledged sample is kept, once, when engine and monitor are killed again and again', async () => {
  const up = owned(await startUp(folder()))
  const load = sendLoad(up.monitorUrl, Date.now() - HOUR_MS)
  const progress = (when: string) => {
    const before = load.acknowledged.size
    return eventually(`acknowledged samples ${when}`, () => load.acknowledged.size > before + 2 * LINES, {
      timeoutMs: 120_000,
    })
  }
  const [engine, monitor] = ['clickhouse-child', 'main.js\0monitor']
  for (const victim of [engine, monitor, engine, monitor]) {
    await progress('before a kill')
    const known = victim === engine ? await events(up, 'RUNNING') : []
    process.kill(childOf(up, victim), 'SIGKILL')
    if (victim === engine)
      await eventually(
        'the event of the engine that is back',
        async () => (await events(up, 'RUNNING')).length > known.length,
      )
  }
  await progress('after the last kill')
  // Once for each time, whoever was killed afterwards.
  const told = await events(up, 'RESTARTING')
  const log = readFileSync(join(up.data, 'logs', 'monitor.log'), 'utf8')
  expect(told).toHaveLength(log.match(/ClickHouse has died/g)?.length ?? 0)
  for (const event of told)
    expect(event).toMatchObject({ category: 'SYSTEM', severity: 'CRITICAL', alert: false })
  expect(told.filter(({ content }) => content.includes('SIGKILL'))).toHaveLength(2)
  const back = await events(up, 'RUNNING')
  expect(back).toHaveLength(2)
  for (const event of back)
    expect(event).toMatchObject({
      severity: 'INFORMATIONAL',
      alert: false,
      content: expect.stringMatching(/^ClickHouse is running again; it was away for [\d.]+ seconds\.$/),
    })

  process.kill(childOf(up, 'postgres\0'), 'SIGKILL')
  const ofManager = async (code: 'RESTARTING' | 'RUNNING') =>
    (await events(up, code)).filter(({ content }) => content.startsWith('PostgreSQL '))
  await eventually('the event of PostgreSQL that is back', async () => (await ofManager('RUNNING'))[0])
  expect(await ofManager('RESTARTING')).toMatchObject([
    { severity: 'CRITICAL', content: expect.stringContaining('SIGKILL') },
  ])
  await load.stop()
  await expectStoredOnce(up, load.acknowledged)
}, 600_000)

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
    await eventually('the same from its readiness', async () =>
      /disk|space/i.test(await (await fetch(`${up.monitorUrl}/health/ready`)).text()),
    )
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
