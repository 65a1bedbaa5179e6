import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { collectedMetrics } from '../../src/agent/catalogue/index.js'
import { dataFolder, startManagedAgent } from './managed-agent.js'
import { startManager, state, wanted } from './manager-stand-in.js'
import { bodyOf, decodeBatch, startReceiver, until } from './support.js'

const entity = (name: string) => ({
  name,
  displayName: `Server (${name})`,
  attributes: {
    serviceType: 'TEST',
    serviceName: 'test1',
    roleType: 'SERVER',
    roleName: name,
    clusterName: 'c1',
  },
})

describe('metrics of roles', () => {
  it('come from /proc and from their endpoints, with all attributes, in the rounds of the agent', async () => {
    const page = createServer((_, response) =>
      response.end('queue_length{shard="1"} 3\nqueue_length{shard="2"} 4\nqueued_total 9\n'),
    )
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void page.close())
    const url = `http://127.0.0.1:${(page.address() as AddressInfo).port}/metrics`
    const receiver = await startReceiver()
    const manager = await startManager()
    const busy = 'sh -c "while :; do :; done" & while :; do :; done'
    const { agent } = await startManagedAgent(manager, { intervalMs: 1000, monitorUrl: receiver.url })
    manager.want(
      state(
        [
          // Nice to the other tests.
          wanted(1, 'nice', ['-n', '19', 'sh', '-c', busy], {
            entity: entity('busy'),
            limits: { rlimits: { nofile: 99 } },
            metrics: [{ name: 'own', type: 'prometheus', url, rules: 'TEST-SERVER' }],
          }),
          wanted(2, 'sh', ['-c', 'sleep 1.1; exit 1'], { entity: entity('weak') }),
        ],
        {
          metricSets: {
            'TEST-SERVER': [
              {
                context: 'queue_length',
                metric: {
                  name: 'test_queue_length',
                  displayName: 'Queue',
                  weightingMetricName: 'test_queued_count',
                },
              },
              { context: 'queued_total', metric: { name: 'test_queued_count', isCounter: true } },
            ],
          },
        },
      ),
    )
    await manager.see(1, ({ state }) => state === 'RUNNING')
    const found = new Map<string, number>()
    const exits: number[] = []
    const take = () => {
      for (const one of receiver.received.splice(0)) {
        const { header, samples } = decodeBatch(bodyOf(one))
        for (const { category, entity: name, metric, value } of samples) {
          if (category !== 'ROLE') continue
          found.set(`${name} ${metric}`, value)
          if (name === 'weak' && metric === 'unexpected_exits') exits.push(value)
        }
        const role = header.entities.find(({ name }) => name === 'busy')
        if (role) expect(role).toMatchObject({ category: 'ROLE', ...entity('busy') })
        const queue = header.metrics.find(({ name }) => name === 'test_queue_length')
        if (queue)
          expect(queue).toMatchObject({ displayName: 'Queue', weightingMetricName: 'test_queued_count' })
      }
      return found
    }
    await until(
      () =>
        take().get('busy cpu_user_rate')! > 0 &&
        found.get('busy cpu_user_with_descendants_rate')! > found.get('busy cpu_user_rate')! &&
        exits.some((n) => n > 0) &&
        found.get('busy uptime')! > 3,
      'rates: of the process itself, and more with the one that it started',
    )
    const of = (metric: string) => found.get(`busy ${metric}`)!
    expect(of('mem_rss')).toBeGreaterThan(100_000)
    expect(of('mem_rss_with_descendants')).toBeGreaterThan(of('mem_rss'))
    expect(of('mem_virtual')).toBeGreaterThan(of('mem_rss'))
    expect(of('fd_max')).toBe(99)
    expect(of('fd_open')).toBeGreaterThan(2)
    expect(of('descendants')).toBe(1)
    expect(of('process_running')).toBe(1)
    expect(of('test_queue_length')).toBe(7)
    expect(of('test_queued_count')).toBe(9)
    expect(of('web_metrics_collection_status')).toBe(1)
    const reported = new Set(
      [...found.keys()].filter((key) => key.startsWith('busy ')).map((key) => key.slice(5)),
    )
    const promised = collectedMetrics
      .filter(({ categories }) => categories.includes('ROLE'))
      .map(({ name }) => name)
    expect(promised.filter((name) => !reported.has(name))).toEqual([])
    expect(agent.status().lastRound!.failed).toEqual([])
  })
})

describe('a host in trouble', () => {
  it.skipIf(process.getuid?.() !== 0)(
    'whose process folder is full (a real tmpfs; needs root) says so, goes on with the rest, and starts when there is room',
    async () => {
      const dataDir = dataFolder()
      const processDir = join(dataDir, 'small')
      mkdirSync(processDir)
      const mount = (...words: string[]) => spawnSync('mount', [...words, processDir]).status
      expect(mount('-t', 'tmpfs', '-o', 'size=256k,mode=755', 'tmpfs')).toBe(0)
      onTestFinished(() => void spawnSync('umount', ['-l', processDir]))
      const manager = await startManager()
      const { lines } = await startManagedAgent(manager, { processDir }, dataDir)
      const file = { files: [{ path: 'big', mode: '0600', content: 'x'.repeat(300_000) }] }
      manager.want(state([wanted(1, 'sleep', ['1000'], file), wanted(2, 'sleep', ['1000'])]))
      await manager.see(2, ({ state }) => state === 'RUNNING')
      expect(await manager.see(1, ({ problem }) => problem !== undefined)).toMatchObject({
        state: 'BACKOFF',
        problem: { code: 'DISK_FULL' },
      })
      expect(existsSync(join(processDir, '1-test1-SERVER'))).toBe(false)
      expect(mount('-o', 'remount,size=2m')).toBe(0)
      await manager.see(1, ({ state }) => state === 'RUNNING')
      expect(lines.filter(({ msg }) => msg.includes('not as wanted'))).toHaveLength(1)
    },
  )

  it('that was cloned is told from the one it was cloned from', async () => {
    const manager = await startManager()
    manager.holdMs = 200
    const first = await startManagedAgent(manager)
    await until(() => manager.requests.length > 1, 'beats of the first')
    const copy = dataFolder()
    cpSync(join(first.dataDir, 'host-id'), join(copy, 'host-id'))
    const second = await startManagedAgent(manager, {}, copy)
    expect(second.agent.hostId).toBe(first.agent.hostId)
    await until(() => first.agent.status().manager!.lastError?.code === 'HOST_ID_IN_USE', 'the refusal')
    expect(first.agent.status().manager!.lastError!.message).toContain('cloned')
  })
})
