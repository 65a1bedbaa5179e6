import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { cpus, hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { AgentOptions } from '../../src/agent/index.js'
import { startAgent } from '../../src/agent/index.js'
import {
  bodyOf,
  decodeBatch,
  recordingLogger,
  silent,
  startReceiver,
  temporaryFolder,
  until,
} from './support.js'

async function agentWith(options: Partial<AgentOptions> & { monitorUrl: string }) {
  const agent = await startAgent({
    dataDir: temporaryFolder(),
    intervalMs: 1000,
    statusPort: -1,
    logger: silent,
    ...options,
  })
  onTestFinished(() => agent.stop())
  return agent
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

describe('the agent', () => {
  it('sends real metrics of this host, on the grid of its interval, under entities with their attributes', async () => {
    const receiver = await startReceiver()
    const agent = await agentWith({ monitorUrl: receiver.url })
    await until(() => receiver.received.length >= 4, 'four rounds')
    const rounds = receiver.received.map((one) => decodeBatch(bodyOf(one)))

    const { header, samples } = rounds[2]!
    const { hostId } = agent
    expect(hostId).toMatch(UUID)
    expect(header.sender).toBe(`agent on ${hostname()}`)
    const entity = (category: string) => header.entities.find((one) => one.category === category)
    expect(entity('HOST')).toMatchObject({
      name: hostId,
      displayName: hostname(),
      attributes: { hostId, hostname: hostname(), rackId: '/default' },
    })
    expect(header.entities.find(({ name }) => name === `${hostId}:/`)).toMatchObject({
      category: 'FILESYSTEM',
      displayName: `/ (${hostname()})`,
      attributes: { mountpoint: '/', hostId, hostname: hostname(), rackId: '/default' },
    })
    const disk = entity('DISK')
    if (disk)
      expect(disk).toMatchObject({
        name: `${hostId}:${disk.attributes.device}`,
        attributes: { logicalPartition: expect.stringMatching(/^(true|false)$/), hostId },
      })
    const iface = entity('NETWORK_INTERFACE')
    if (iface) expect(iface.name).toBe(`${hostId}:${iface.attributes.iface}`)
    expect(entity('ROLE')).toMatchObject({
      name: `mgmt-AGENT-${hostname()}`,
      attributes: { roleType: 'AGENT' },
    })

    for (const { samples: some } of rounds) expect(new Set(some.map(({ time }) => time)).size).toBe(1)
    const stamps = rounds.map(({ samples: some }) => some[0]!.time)
    expect(stamps.every((stamp) => stamp % 1000 === 0)).toBe(true)
    for (let i = 1; i < stamps.length; i++) expect(stamps[i]! - stamps[i - 1]!).toBeGreaterThanOrEqual(1000)
    const metric = (name: string) => samples.find((sample) => sample.metric === name)?.value
    expect(metric('cpu_percent')).toBeGreaterThanOrEqual(0)
    expect(metric('physical_memory_total')).toBeGreaterThan(1e8)
    expect(metric('bellwether_agent_rounds_total')).toBe(2)
    expect(metric('cpu_idle_rate')).toBeGreaterThanOrEqual(0)
    expect(metric('cpu_idle_rate')).toBeLessThan(1.5 * cpus().length)
    // The dictionary stays the same, so that a receiver can cache it; but other tests mount file systems, and unmount them.
    const ours = ({ entities, ...rest }: typeof header) => ({
      ...rest,
      entities: entities.filter(({ attributes }) => !attributes.mountpoint?.startsWith(tmpdir())),
    })
    expect(ours(rounds[3]!.header)).toEqual(ours(header))
  })

  it('keeps its host id over restarts, and its entity when the host is renamed', async () => {
    const receiver = await startReceiver()
    const dataDir = temporaryFolder()
    const options = { monitorUrl: receiver.url, dataDir }
    const first = await agentWith({ ...options, hostname: 'old-name' })
    await until(() => receiver.received.length >= 1, 'a round')
    await first.stop()
    const before = receiver.received.length
    const second = await agentWith({ ...options, hostname: 'new-name' })
    await until(() => receiver.received.length > before, 'another round')
    expect(second.hostId).toBe(first.hostId)
    const hosts = [receiver.received[0]!, receiver.received[before]!].map(
      (one) => decodeBatch(bodyOf(one)).header.entities.find(({ category }) => category === 'HOST')!,
    )
    expect(hosts.map(({ name }) => name)).toEqual([first.hostId, first.hostId])
    expect(hosts.map(({ attributes }) => attributes.hostname)).toEqual(['old-name', 'new-name'])
  })

  it('compresses when asked, and what it sends again is byte for byte the same', async () => {
    let refused = 0
    const receiver = await startReceiver((response) => {
      if (refused++ < 2) response.writeHead(503, { 'retry-after': '0' })
      response.end()
    })
    await agentWith({ monitorUrl: receiver.url, gzip: true })
    await until(() => receiver.received.length >= 3, 'three attempts')
    const [a, b, c] = receiver.received
    expect(a!.headers['content-encoding']).toBe('gzip')
    expect(decodeBatch(bodyOf(a!)).samples.length).toBeGreaterThan(50)
    expect(b!.body.equals(a!.body) && c!.body.equals(a!.body)).toBe(true)
  })

  it('shows its state and its metrics on the status page, to loopback only', async () => {
    const receiver = await startReceiver()
    const agent = await agentWith({ monitorUrl: receiver.url, statusPort: 0 })
    await until(() => agent.status().lastSent !== null, 'a batch')
    const status = (await (await fetch(`${agent.url}/status`)).json()) as Record<string, unknown>
    expect(status).toMatchObject({
      hostId: agent.hostId,
      lastRound: { failed: [] },
      spool: { dropped: 0, rejected: 0 },
      lastError: null,
    })
    const metrics = await (await fetch(`${agent.url}/metrics`)).text()
    expect(metrics).toMatch(/^bellwether_agent_rounds_total [1-9]/m)
    expect(metrics).toMatch(/^bellwether_agent_batches_lost_total\{reason="full"\} 0/m)
    expect((await fetch(`${agent.url}/else`)).status).toBe(404)
    expect((await fetch(`${agent.url}/status`, { method: 'POST' })).status).toBe(405)
    const { request } = await import('node:http')
    const rebound = await new Promise<number | undefined>((resolve) => {
      request(`${agent.url}/status`, { headers: { host: 'evil.example' } }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      }).end()
    })
    expect(rebound).toBe(421)
  })

  it('collects though its status port is taken, and says so', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    onTestFinished(() => void other.close())
    const { port } = other.address() as AddressInfo
    const receiver = await startReceiver()
    const { logger, lines } = recordingLogger()
    const agent = await agentWith({ monitorUrl: receiver.url, statusPort: port, logger })
    await until(() => receiver.received.length >= 1, 'a round')
    expect(agent.url).toBeUndefined()
    expect(lines[0]?.msg).toContain(`cannot listen on 127.0.0.1:${port}`)
  })

  it('refuses a data folder that another agent holds, and gives it free when it stops', async () => {
    const receiver = await startReceiver()
    const dataDir = temporaryFolder()
    const first = await agentWith({ monitorUrl: receiver.url, dataDir })
    const second = startAgent({ monitorUrl: receiver.url, dataDir, logger: silent, statusPort: -1 })
    await expect(second).rejects.toMatchObject({ code: 'DATA_FOLDER_IN_USE' })
    await Promise.all([first.stop(), first.stop()])
    await agentWith({ monitorUrl: receiver.url, dataDir })
  })

  it('takes a data folder whose lock was left behind, by whatever process', async () => {
    const receiver = await startReceiver()
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    for (const left of [
      '',
      'garbage',
      '999999999 5 x',
      '1',
      `${process.pid} 12 ${boot}`,
      `${process.ppid} gone`,
    ]) {
      const dataDir = temporaryFolder()
      writeFileSync(join(dataDir, 'agent.lock'), left)
      const agent = await agentWith({ monitorUrl: receiver.url, dataDir })
      await agent.stop()
      expect(existsSync(join(dataDir, 'agent.lock'))).toBe(false)
    }
  })

  it.skipIf(process.getuid?.() !== 0)(
    'starts and sends though its disk is full (a real tmpfs; needs root), and recovers when it is not',
    async () => {
      const dataDir = temporaryFolder()
      const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', dataDir])
      if (mounted.status !== 0) throw new Error(`mount: ${mounted.stderr}`)
      onTestFinished(() => void spawnSync('umount', ['-l', dataDir]))
      const receiver = await startReceiver()
      const first = await agentWith({ monitorUrl: receiver.url, dataDir })
      await first.stop()
      const ballast = join(dataDir, 'ballast')
      try {
        for (let bytes = 1 << 16; bytes >= 1; bytes /= 2)
          for (;;) {
            try {
              appendFileSync(ballast, Buffer.alloc(bytes))
            } catch {
              break
            }
          }
      } finally {
        expect(statfsSync(dataDir).bavail).toBe(0)
      }
      const before = receiver.received.length
      const second = await agentWith({ monitorUrl: receiver.url, dataDir })
      expect(second.hostId).toBe(first.hostId)
      await until(() => receiver.received.length >= before + 2, 'two rounds')
      const diskError = () => second.status().spool.diskError
      expect(diskError()).toMatch(/ENOSPC/)
      rmSync(ballast)
      await until(() => diskError() === undefined, 'the spool to recover')
    },
  )

  it('says what is wrong with its folder, its id and its options', async () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    const monitorUrl = 'http://127.0.0.1:1'
    const start = (options: Partial<AgentOptions>) =>
      startAgent({ monitorUrl, dataDir: temporaryFolder(), logger: silent, ...options })
    await expect(start({ dataDir: join(file, 'x') })).rejects.toMatchObject({ code: 'DATA_FOLDER_UNUSABLE' })
    const dataDir = temporaryFolder()
    mkdirSync(dataDir, { recursive: true })
    writeFileSync(join(dataDir, 'host-id'), '\0\0\0\0')
    await expect(start({ dataDir })).rejects.toMatchObject({ code: 'BAD_HOST_ID' })
    for (const options of [
      { monitorUrl: 'monitor:7190' },
      { monitorUrl: 'ftp://monitor' },
      { intervalMs: 10 },
      { intervalMs: Number.NaN },
      { statusPort: 70_000 },
      { spoolBytes: -1 },
    ])
      await expect(start(options)).rejects.toMatchObject({ code: 'BAD_OPTION' })
  })
})
