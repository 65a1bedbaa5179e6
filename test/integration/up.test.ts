import { chmodSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { useOwned } from './owned.js'
import {
  adminOf,
  ask,
  descendants,
  eventually,
  freePort,
  isAlive,
  startProgram,
  startUp,
  stopProgram,
  temporaryFolder,
  type Up,
} from './program.js'

const { cleanups, folder, owned } = useOwned()

const firstPoint = (url: string) =>
  eventually(
    'a point of this host',
    async () => (await ask(url, 'select load_1 where category = HOST'))[0]?.[1].length,
  )

/** Warnings and worse in the logs of all roles. */
function warningsIn(data: string): string[] {
  const logs = join(data, 'logs')
  return readdirSync(logs).flatMap((name) =>
    readFileSync(join(logs, name), 'utf8')
      .split('\n')
      .filter((line) => /"level":[456]0/.test(line)),
  )
}

/** One of our own roles, by the agent and as its user. */
async function startPublisher(api: ReturnType<typeof adminOf>, hostRef: object, data: string): Promise<void> {
  const set = (path: string, config: object) =>
    api('PUT', path, {
      items: Object.entries(config).map(([name, value]) => ({ name, value: String(value) })),
    })
  await api('PUT', '/cm/service', { name: 'mgmt', type: 'MGMT' })
  // A service without a monitor is not valid, though it is not this one that is started.
  const types = ['ALERTPUBLISHER', 'MONITOR']
  const made = await api('POST', '/cm/service/roles', { items: types.map((type) => ({ type, hostRef })) })
  const publisher = made.items.find(({ type }: { type: string }) => type === 'ALERTPUBLISHER').name
  await set('/cm/service/config', { process_username: 'nobody', process_groupname: 'nogroup' })
  const port = await freePort()
  await set('/cm/service/roleConfigGroups/mgmt-ALERTPUBLISHER-BASE/config', {
    data_dir: join(data, 'publisher'),
    alert_port: port,
    alert_mailserver: 'mail.example.com:587',
    alert_mailserver_recipients: 'ops@example.com',
    process_start_secs: 1,
  })
  const { errors } = await api('POST', '/cm/service/roleCommands/start', { items: [publisher] })
  expect(errors).toEqual([])
  // Its parameters are its settings.
  const receivers = await eventually('the receivers', async () => {
    const response = await fetch(`http://127.0.0.1:${port}/receivers`)
    return ((await response.json()) as { items: object[] }).items
  })
  expect(receivers).toMatchObject([{ name: 'mail', target: 'ops@example.com by mail.example.com:587' }])
}

/** The one process of the one role of a service. */
function roleProcess(data: string, service: string): number {
  const own = readdirSync('/proc').filter((name) => {
    try {
      const cwd = /^\d+$/.test(name) ? readlinkSync(`/proc/${name}/cwd`) : ''
      return cwd.startsWith(join(data, 'process')) && cwd.includes(`-${service}-`)
    } catch {
      return false
    }
  })
  expect(own).toHaveLength(1)
  return Number(own[0])
}

const pidOf = (up: Up, role: string): number =>
  descendants(up.process.pid!).find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').endsWith(`main.js\0${role}\0`),
  )!

describe('bellwether up', () => {
  describe('twice side by side', () => {
    const [one, other] = [temporaryFolder(), temporaryFolder()]
    let a: Up
    let b: Up
    beforeAll(async () => {
      const [port, monitorPort] = [await freePort(), await freePort()]
      const free = startProgram([
        ...['up', '--data', one.path, '--port', '0', '--monitor-port', '0', '--interval', '1s'],
        ...['--alert-mail-server', 'mail.example.com', '--alert-mail-to', 'ops@example.com'],
      ])
      a = { ...free, data: one.path, url: '', monitorUrl: '' }
      const placed = startProgram(['up', '--interval', '1s'], {
        BELLWETHER_DATA: other.path,
        BELLWETHER_PORT: `${port}`,
        BELLWETHER_MONITOR_PORT: `${monitorPort}`,
      })
      const loopback = 'http://127.0.0.1'
      const [url, monitorUrl] = [`${loopback}:${port}`, `${loopback}:${monitorPort}`]
      b = { ...placed, data: other.path, url, monitorUrl }
      const addressOf = (up: Up) => /runs at (http:\S+?)\/?\s/.exec(up.output())?.[1]
      await eventually('the addresses', () => [a, b].every(addressOf), {
        timeoutMs: 90_000,
        detail: () => `${a.output()}\n${b.output()}`,
      })
      a.url = addressOf(a)!
    }, 120_000)
    afterAll(async () => {
      await Promise.all([a, b].filter(Boolean).map(stopProgram))
      one.remove()
      other.remove()
    })

    it('shows this machine: on free ports, which port 0 asks for, and at places that variables give', async () => {
      expect(b.output()).toContain(`runs at ${b.url}`)
      expect((await fetch(`${b.monitorUrl}/metrics`)).status).toBe(200)
      // Through the manager, from the monitor, what the agent has sent.
      await Promise.all([firstPoint(a.url), firstPoint(b.url)])
    })

    it('has the alert publisher that its options say', async () => {
      const receivers = async ({ url }: Up) => {
        const response = await fetch(`${url}/api/v45/alerts/status`)
        return ((await response.json()) as { receivers: object[] }).receivers
      }
      const [mail] = await eventually('the receivers', () => receivers(a))
      expect(mail).toMatchObject({ name: 'mail', target: 'ops@example.com by mail.example.com:587' })
      expect(await receivers(b)).toEqual([])
    })

    it('does not start on a folder that is in use, which it says', async () => {
      const active = async () => (await fetch(`${a.url}/health/active`)).status === 200
      await eventually('an active manager', active)
      const third = owned(startProgram(['up', '--data', a.data, '--port', '0', '--monitor-port', '0']))
      expect(await third.exited).not.toBe(0)
      expect(third.output()).toContain(a.data)
      expect(await active()).toBe(true)
    })

    it('stops on Ctrl-C with nothing left, and has warned of nothing', async () => {
      const children = descendants(a.process.pid!)
      expect(children.length).toBeGreaterThanOrEqual(4)
      expect(await stopProgram(a)).toBe(0)
      expect(children.filter(isAlive)).toEqual([])
      expect(
        warningsIn(a.data).filter((line) =>
          /ECONNREFUSED|AWAY|NOT_ACTIVE|not be sent|does not take|alert settings/.test(line),
        ),
      ).toEqual([])
    })

    it('leaves no process behind when it is killed', async () => {
      const children = descendants(b.process.pid!)
      expect(children.length).toBeGreaterThanOrEqual(4)
      b.process.kill('SIGKILL')
      await eventually('the end of all children', () => children.every((pid) => !isAlive(pid)))
    })
  })

  it('joins its host to its manager, runs a process there, and finds it running after a kill and after a restart, and its data again', async () => {
    const data = folder()
    // For users of processes, who have to pass through it.
    chmodSync(data, 0o711)
    cleanups.push(() => startProgram(['agent', '--hard-stop', '--data', data]).exited)
    const first = owned(await startUp(data))
    const passwordFile = join(data, 'manager', 'admin-password')
    await eventually('the first login', () => first.output().includes(passwordFile))
    const api = adminOf(first)
    const host = await eventually('the host', async () => (await api('GET', '/hosts')).items[0])
    expect(host.hostname).toBe(hostname())
    const hostRef = { hostId: host.hostId }
    await api('POST', '/clusters', { items: [{ name: 'c1', fullVersion: '7.1.7' }] })
    await api('POST', '/clusters/c1/hosts', { items: [hostRef] })
    const config = {
      command: '/bin/sleep',
      arguments: '1000',
      log_dir: join(data, 'log'),
      process_start_secs: 1,
    }
    const items = Object.entries(config).map(([name, value]) => ({ name, value: String(value) }))
    const group = { name: 'sleeper-INSTANCE-BASE', base: true, config: { items } }
    const roles = [{ type: 'INSTANCE', hostRef }]
    await api('POST', '/clusters/c1/services', {
      items: [{ name: 'sleeper', type: 'PROCESS', roles, roleConfigGroups: [group] }],
    })
    await api('POST', '/clusters/c1/services/sleeper/commands/start')
    await startPublisher(api, hostRef, data)
    const state = async (of: typeof api) =>
      (await of('GET', '/clusters/c1/services/sleeper/roles')).items[0].roleState
    await eventually('the start', async () => (await state(api)) === 'STARTED')
    await eventually('the host in its cluster', async () => {
      const query = 'select load_1_across_hosts where category = CLUSTER and clusterName = c1'
      return (await ask(first.url, query))[0]?.[0] === 'c1'
    })
    const pid = roleProcess(data, 'sleeper')
    await eventually('our own role', async () =>
      (await api('GET', '/cm/service/roles')).items.some(
        ({ roleState }: { roleState: string }) => roleState === 'STARTED',
      ),
    )
    expect(readFileSync(`/proc/${roleProcess(data, 'mgmt')}/cmdline`, 'utf8')).toContain('alert-publisher')

    const before = await ask(first.url, 'select load_1 where category = HOST')
    expect(before[0]?.[1].length).toBeGreaterThan(0)

    process.kill(pidOf(first, 'manager'), 'SIGKILL')
    await eventually('the manager', async () => (await state(api)) === 'STARTED')
    expect(await stopProgram(first)).toBe(0)
    expect(isAlive(pid)).toBe(true)
    const second = owned(await startUp(data))
    await eventually('its state', async () => (await state(adminOf(second))) === 'STARTED')
    expect([roleProcess(data, 'sleeper'), isAlive(pid)]).toEqual([pid, true])
    expect(second.output()).not.toContain('First login')
    const after = await eventually('its points', async () => {
      const streams = await ask(second.url, 'select load_1 where category = HOST')
      return (streams[0]?.[1].length ?? 0) >= before[0]![1].length && streams
    })
    expect(after[0]?.[0]).toBe(before[0]?.[0])
    expect(after[0]?.[1].slice(0, before[0]![1].length)).toEqual(before[0]?.[1])
  }, 120_000)

  it('says which port is in use, and ends', async () => {
    const server = createServer()
    const port = await freePort()
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    cleanups.push(() => server.close())
    const data = folder()
    const up = owned(
      startProgram(['up', '--data', data, '--port', `${port}`, '--monitor-port', `${await freePort()}`]),
    )
    expect(await up.exited).not.toBe(0)
    expect(up.output()).toContain(`port ${port} on 127.0.0.1 is in use`)
    // Before anything is started, which could send to whoever has the other port.
    expect(readdirSync(join(data, 'logs'))).toEqual([])
  }, 120_000)

  it('says that its folder is not writable, and ends', async () => {
    // A plain file in the way refuses even root, whom permissions do not stop.
    const parent = folder()
    const data = join(parent, 'file', 'data')
    writeFileSync(join(parent, 'file'), '')
    const up = owned(startProgram(['up', '--data', data]))
    expect(await up.exited).not.toBe(0)
    expect(up.output()).toContain(data)
    expect(up.output()).toContain('--data')
  }, 120_000)
})
