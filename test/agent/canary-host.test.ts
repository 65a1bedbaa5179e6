import { describe, expect, it } from 'vitest'
import { createCheckFailures } from '../../src/agent/check-failures.js'
import { createAgentFoldersCollector } from '../../src/agent/collectors/agent-folders.js'
import { createClockCollector, parseTimedate, parseTracking } from '../../src/agent/collectors/clock.js'
import { createDnsCollector } from '../../src/agent/collectors/dns.js'
import { collectOnce, temporaryFolder, until } from './support.js'

describe('DNS resolution', () => {
  /** Of the last answer. */
  let reasons: string[] = []
  const ofAnswer = async (answer: () => Promise<string[]>, timeoutMs = 10_000) => {
    const asked: string[] = []
    const failures = createCheckFailures()
    const collector = createDnsCollector({
      failures,
      resolve(name) {
        asked.push(name)
        return answer()
      },
      addresses: () => ['192.0.2.7'],
      timeoutMs,
    })
    const first = await collectOnce(collector)
    expect(first.size).toBe(0)
    let found = first
    for (const end = Date.now() + 20_000; found.size === 0 && Date.now() < end; ) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      found = await collectOnce(collector)
    }
    expect(asked).toEqual(['node1'])
    reasons = failures.of('host').map(({ metric, message }) => `${metric}: ${message}`)
    return found
  }

  it('is well when the name leads to an address of the host, or to loopback', async () => {
    const found = await ofAnswer(async () => ['198.51.100.1', '192.0.2.7'])
    expect(found.get('dns_resolution_status')).toBe(1)
    expect(found.get('dns_resolution_duration')).toBeGreaterThanOrEqual(0)
    expect((await ofAnswer(async () => ['127.0.1.1'])).get('dns_resolution_status')).toBe(1)
    expect(reasons).toEqual([])
  })

  it('fails when the name leads elsewhere, nowhere, or does not come back in time', async () => {
    expect((await ofAnswer(async () => ['198.51.100.1'])).get('dns_resolution_status')).toBe(0)
    expect(reasons).toEqual(['dns_resolution_status: "node1" leads to 198.51.100.1, which is not this host'])
    expect((await ofAnswer(() => Promise.reject(new Error('ENOTFOUND')))).get('dns_resolution_status')).toBe(
      0,
    )
    expect(reasons).toEqual(['dns_resolution_status: "node1" is not found: ENOTFOUND'])
    const late = await ofAnswer(() => new Promise(() => {}), 50)
    expect(late.get('dns_resolution_status')).toBe(0)
    expect(late.get('dns_resolution_duration')).toBeGreaterThan(40)
    expect(reasons).toEqual(['dns_resolution_status: no answer for "node1" within 0.05 s'])
  })

  it('asks the real resolver of this host', async () => {
    const collector = createDnsCollector()
    await collectOnce(collector)
    let status: number | undefined
    for (const end = Date.now() + 40_000; status === undefined && Date.now() < end; ) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      status = (await collectOnce(collector)).get('dns_resolution_status')
    }
    // "node1" is nobody's name here; that it is answered is what matters.
    expect([0, 1]).toContain(status)
  }, 60_000)
})

describe('what the time daemon says', () => {
  const TRACKING =
    'A29FC801,162.159.200.1,3,1700000000.123,-0.002500000,0.000011,0.000045,-1.234,0.001,0.05,0.011,0.0009,64.2'

  it('is read of chrony', () => {
    expect(parseTracking(`${TRACKING},Normal\n`)).toEqual({ synchronized: true, offsetMs: 2.5 })
    expect(parseTracking(`${TRACKING},Not synchronised\n`)).toMatchObject({ synchronized: false })
    expect(parseTracking('506 Cannot talk to daemon\n')).toBeUndefined()
    expect(parseTracking('')).toBeUndefined()
  })

  it('is read of systemd, unless nothing is switched on', () => {
    expect(parseTimedate('NTP=yes\nNTPSynchronized=yes\n')).toEqual({ synchronized: true })
    expect(parseTimedate('NTP=yes\nNTPSynchronized=no\n')).toEqual({ synchronized: false })
    // Another daemon may keep it: what the kernel says counts.
    expect(parseTimedate('NTP=no\nNTPSynchronized=yes\n')).toEqual({ synchronized: true })
    expect(parseTimedate('NTP=no\nNTPSynchronized=no\n')).toBeUndefined()
    expect(parseTimedate('System has not been booted with systemd\n')).toBeUndefined()
  })

  it('is asked of systemd where there is no chrony; where there is neither there are no figures, and it is asked less often', async () => {
    const asked: string[] = []
    const ask = (answers: Record<string, string>) => {
      asked.length = 0
      const say = async (program: string) => {
        asked.push(program)
        return answers[program]
      }
      return createClockCollector({ say, everyMs: 0, againMs: 3_600_000 })
    }
    const systemd = ask({ timedatectl: 'NTP=yes\nNTPSynchronized=no\n' })
    await collectOnce(systemd)
    await until(() => asked.length === 2, 'both to be asked')
    await new Promise((resolve) => setImmediate(resolve))
    expect(await collectOnce(systemd)).toEqual(new Map([['clock_synchronized', 0]]))

    const nobody = ask({})
    await collectOnce(nobody)
    await until(() => asked.length === 2, 'both to be asked')
    await new Promise((resolve) => setImmediate(resolve))
    for (let i = 0; i < 5; i++) expect((await collectOnce(nobody)).size).toBe(0)
    expect(asked).toEqual(['chronyc', 'timedatectl'])
  })
})

it("the space of the agent's own folders is told without anybody saying where they are", async () => {
  const dataDir = temporaryFolder()
  const both = createAgentFoldersCollector({ dataDir, processDir: dataDir })
  const found = await collectOnce(both)
  await both.stop?.()
  expect(found.get('agent_data_directory_capacity')).toBeGreaterThan(0)
  expect(found.get('agent_process_directory_capacity_free')).toBeGreaterThan(0)
  const alone = createAgentFoldersCollector({ dataDir })
  expect([...(await collectOnce(alone)).keys()].every((name) => name.startsWith('agent_data_'))).toBe(true)
  await alone.stop?.()
})
