import { chmodSync, existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { EntityHealth } from '../../src/wire/health.js'
import {
  ask,
  eventually,
  freePort,
  startProgram,
  startUp,
  stopProgram,
  temporaryFolder,
} from '../integration/program.js'

/** A canary through all that is real: manager, agent, monitor, and a ZooKeeper that stands still for a while. */
const cleanups: (() => unknown)[] = []
afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
}, 60_000)

const processes = (data: string): number[] =>
  readdirSync('/proc')
    .filter((name) => {
      try {
        return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`).startsWith(join(data, 'process'))
      } catch {
        return false
      }
    })
    .map(Number)

test.skipIf(!existsSync('/usr/share/java/zookeeper.jar'))(
  'a ZooKeeper that stands still makes its canary bad, with the reason, and good again when it goes on',
  async () => {
    const { path: data, remove } = temporaryFolder()
    chmodSync(data, 0o711)
    cleanups.push(remove, () => startProgram(['agent', '--hard-stop', '--data', data]).exited)
    const up = await startUp(data)
    cleanups.push(() => stopProgram(up))
    const password = await eventually('the first login', () =>
      readFileSync(join(data, 'manager', 'admin-password'), 'utf8').trim(),
    )
    const authorization = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`
    const api = async (method: string, path: string, body?: object) => {
      const response = await fetch(`${up.url}/api/v45${path}`, {
        method,
        headers: { authorization, 'content-type': 'application/json' },
        ...(body ? { body: JSON.stringify(body) } : {}),
      })
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
      return JSON.parse(await response.text())
    }
    const items = (values: Record<string, string>) => ({
      items: Object.entries(values).map(([name, value]) => ({ name, value })),
    })
    const host = await eventually('the host', async () => (await api('GET', '/hosts')).items[0])
    const hostRef = { hostId: host.hostId }
    await api('POST', '/clusters', { items: [{ name: 'c1', fullVersion: '7.1.7' }] })
    await api('POST', '/clusters/c1/hosts', { items: [hostRef] })
    const config = items({
      log_dir: join(data, 'log'),
      dataDir: join(data, 'zk'),
      dataLogDir: join(data, 'zk'),
      clientPort: String(await freePort()),
      quorumPort: String(await freePort()),
      electionPort: String(await freePort()),
      zookeeper_server_java_heapsize: '67108864',
    })
    await api('POST', '/clusters/c1/services', {
      items: [
        {
          name: 'zk',
          type: 'ZOOKEEPER',
          roles: [{ type: 'SERVER', hostRef }],
          roleConfigGroups: [{ name: 'zk-SERVER-BASE', base: true, config }],
        },
      ],
    })
    await api(
      'PUT',
      '/clusters/c1/services/zk/config',
      items({ process_username: 'nobody', process_groupname: 'nogroup' }),
    )
    await api('POST', '/clusters/c1/services/zk/commands/start')

    const canary = async () => {
      const { items } = (await api('GET', '/health/entities?category=SERVICE')) as { items: EntityHealth[] }
      return items[0]?.tests?.find((each) => each.test === 'ZOOKEEPER_CANARY_HEALTH')
    }
    const became = (summary: string) =>
      eventually(
        `the canary to be ${summary}`,
        async () => {
          const found = await canary()
          return found?.summary === summary && found
        },
        { timeoutMs: 240_000, everyMs: 500 },
      )
    const good = await became('GOOD')
    expect(good.explanation).toMatch(/^The canary took [\d.]+ m?s\.$/)
    await eventually('its duration as a metric', async () => {
      const found = await ask(up.url, 'select zookeeper_canary_duration')
      return found.some(([, values]) => values.some((value) => value > 0 && value < 15_000))
    })

    const pids = processes(data)
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    // The reason may come a moment after the figure.
    await became('BAD')
    await eventually('the reason', async () =>
      /^The check, run by SERVER \(.+\), failed: .*no (answer|result) within/.test(
        (await canary())?.explanation ?? '',
      ),
    )
    for (const pid of pids) process.kill(pid, 'SIGCONT')
    await became('GOOD')
  },
  600_000,
)
