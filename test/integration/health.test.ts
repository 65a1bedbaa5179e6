import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mailSink } from '../alerts/mail-sink.js'
import { chromiumPath, startBrowser } from '../browser/chromium.js'
import { openPage, soon } from '../browser/page.js'
import {
  eventually,
  freePort,
  startProgram,
  startUp,
  stopProgram,
  temporaryFolder,
  type Up,
} from './program.js'

/** From a process that dies to a message that arrives, with nothing in between that is not real. */
const mibs = fileURLToPath(new URL('../../node_modules/net-snmp/lib/mibs', import.meta.url))
const docs = fileURLToPath(new URL('../../docs', import.meta.url))
const hasTraps = !spawnSync('snmptrapd', ['-v']).error
const hasZooKeeper = existsSync('/usr/share/java/zookeeper.jar') && !spawnSync('java', ['-version']).error
if (!hasTraps) console.warn('NOT TESTED: the way to a real snmptrapd, for want of it')
if (!chromiumPath) console.warn('NOT TESTED: the health page, for want of Chromium')
if (!hasZooKeeper)
  console.warn(
    'NOT TESTED: a real ZooKeeper, for want of libzookeeper-java; another process stands in for it',
  )

const cleanups: (() => unknown)[] = []
const mails: string[] = []
let traps = ''
let up: Up
let api: ReturnType<typeof adminOf>
let role: { name: string }
let service: string

function adminOf({ url, data }: Up) {
  const password = readFileSync(join(data, 'manager', 'admin-password'), 'utf8').trim()
  const authorization = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`
  return async (method: string, path: string, body?: object) => {
    const response = await fetch(`${url}/api/v45${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return JSON.parse(text)
  }
}

async function trapSink(folder: string): Promise<number> {
  const port = await new Promise<number>((resolve) => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1', () => {
      const { port } = socket.address()
      socket.close(() => resolve(port))
    })
  })
  mkdirSync(join(folder, 'traps'))
  writeFileSync(join(folder, 'traps.conf'), 'authCommunity log public\ndoNotFork yes\n', { mode: 0o600 })
  const daemon: ChildProcess = spawn(
    'snmptrapd',
    [
      '-f',
      '-Lo',
      '-C',
      '-c',
      join(folder, 'traps.conf'),
      '-M',
      `${mibs}:${docs}`,
      '-m',
      'BELLWETHER-MIB',
      '-F',
      'NOTIFICATION %v\\n',
      `udp:127.0.0.1:${port}`,
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, SNMP_PERSISTENT_DIR: join(folder, 'traps') },
    },
  )
  daemon.stdout?.on('data', (chunk) => (traps += chunk))
  daemon.stderr?.on('data', (chunk) => (traps += chunk))
  cleanups.push(() => daemon.kill('SIGKILL'))
  return port
}

const at = (path = '') => `/clusters/c1/services/${service}${path}`
const roleNow = (view = 'full') => api('GET', at(`/roles/${role.name}?view=${view}`))
const set = (path: string, values: Record<string, string | null>) =>
  api('PUT', `${path}/config`, { items: Object.entries(values).map(([name, value]) => ({ name, value })) })

/** The processes of the service that run now. */
function processes(data: string): number[] {
  return readdirSync('/proc')
    .filter((name) => {
      try {
        return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`).includes(`-${service}-`)
      } catch {
        return false
      }
    })
    .map(Number)
    .filter((pid) => readlinkSync(`/proc/${pid}/cwd`).startsWith(join(data, 'process')))
}

beforeAll(async () => {
  const { path: data, remove } = temporaryFolder()
  cleanups.push(remove)
  chmodSync(data, 0o711)
  const receivers: object[] = [
    {
      name: 'mail',
      type: 'email',
      from: 'bellwether@example.com',
      to: ['ops@example.com'],
      smtp: { host: '127.0.0.1', port: await mailSink(mails, cleanups), tls: 'none' },
    },
  ]
  if (hasTraps)
    receivers.push({
      name: 'nms',
      type: 'snmp',
      version: '2c',
      community: 'public',
      targets: [{ host: '127.0.0.1', port: await trapSink(data) }],
    })
  writeFileSync(
    join(data, 'alerts.json'),
    JSON.stringify({ receivers, defaultReceivers: receivers.map((each) => (each as { name: string }).name) }),
    { mode: 0o600 },
  )
  cleanups.push(() => startProgram(['agent', '--hard-stop', '--data', data]).exited)
  up = await startUp(data)
  cleanups.push(() => stopProgram(up))
  await eventually('the first login', () => existsSync(join(data, 'manager', 'admin-password')))
  api = adminOf(up)
  const host = await eventually('the host', async () => (await api('GET', '/hosts')).items[0])
  const hostRef = { hostId: host.hostId }
  await api('POST', '/clusters', { items: [{ name: 'c1', fullVersion: '7.1.7' }] })
  await api('POST', '/clusters/c1/hosts', { items: [hostRef] })
  const [type, roleType] = hasZooKeeper ? ['ZOOKEEPER', 'SERVER'] : ['PROCESS', 'INSTANCE']
  service = type.toLowerCase()
  const config: Record<string, string> = {
    log_dir: join(data, 'log'),
    process_start_secs: '1',
    process_auto_restart: 'false',
    ...(hasZooKeeper
      ? {
          dataDir: join(data, 'zk'),
          dataLogDir: join(data, 'zk'),
          clientPort: String(await freePort()),
          quorumPort: String(await freePort()),
          electionPort: String(await freePort()),
          zookeeper_server_java_heapsize: '67108864',
        }
      : { command: '/bin/sleep', arguments: '1000' }),
  }
  const items = Object.entries(config).map(([name, value]) => ({ name, value }))
  await api('POST', '/clusters/c1/services', {
    items: [
      {
        name: service,
        type,
        displayName: 'Zoo',
        roles: [{ type: roleType, hostRef }],
        roleConfigGroups: [{ name: `${service}-${roleType}-BASE`, base: true, config: { items } }],
      },
    ],
  })
  await set(at(), { process_username: 'nobody', process_groupname: 'nogroup' })
  role = (await api('GET', at('/roles'))).items[0]
  await api('POST', at('/commands/start'))
  await eventually('the start', async () => (await roleNow()).roleState === 'STARTED', { timeoutMs: 120_000 })
}, 300_000)

afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
}, 60_000)

describe('health, from the process to the message', () => {
  it('is shown by the API soon after the start, with its tests', async () => {
    await eventually('its health', async () => {
      const { healthSummary } = await roleNow()
      return healthSummary === 'GOOD' || healthSummary === 'CONCERNING'
    })
    const { healthChecks } = await roleNow()
    const prefix = hasZooKeeper ? 'ZOOKEEPER_SERVER' : 'INSTANCE'
    expect(healthChecks).toContainEqual(
      expect.objectContaining({ name: `${prefix}_SCM_HEALTH`, summary: 'GOOD', suppressed: false }),
    )
    const { items } = await api('GET', '/hosts?view=full')
    expect(items[0].healthChecks.length).toBeGreaterThan(5)
    expect((await api('GET', at())).entityStatus).toMatch(/GOOD_HEALTH|CONCERNING_HEALTH|UNKNOWN_HEALTH/)
  }, 120_000)

  it('a server that is killed is told by mail and trap, with its cause', async () => {
    const before = { mails: mails.length, traps: traps.length }
    const killed = Date.now()
    for (const pid of processes(up.data)) process.kill(pid, 'SIGKILL')
    const mail = await eventually(
      'the mail',
      () => mails.slice(before.mails).find((text) => text.includes('SCM_HEALTH')),
      { timeoutMs: 60_000 },
    )
    const mailed = Date.now() - killed
    expect(mail).toContain('SIGKILL')
    if (hasTraps)
      await eventually('the trap', () => traps.slice(before.traps).includes('NOTIFICATION'), {
        timeoutMs: 60_000,
        detail: () => traps,
      })
    console.info(`from the kill to the mail ${mailed} ms, to the trap ${Date.now() - killed} ms`)
    expect(Date.now() - killed).toBeLessThan(30_000)
  }, 120_000)

  it('says in the API what is wrong and why, and keeps it in the history and among the events', async () => {
    await eventually('the bad health', async () => (await roleNow()).healthSummary === 'BAD')
    const { entityStatus, healthChecks } = await roleNow('full_with_health_check_explanation')
    expect(entityStatus).toBe('STOPPED')
    const check = healthChecks.find(({ name }: { name: string }) => name.endsWith('SCM_HEALTH'))
    expect(check).toMatchObject({
      summary: 'BAD',
      explanation: expect.stringMatching(/SIGKILL|signal|ended|exit/i),
    })
    const history = await api('GET', `/health/entities/ROLE/${role.name}/history`)
    expect(history.transitions).toContainEqual(expect.objectContaining({ test: '', to: 'BAD' }))
    const events = await api(
      'GET',
      `/events?query=${encodeURIComponent('category==HEALTH_EVENT;alert==true')}`,
    )
    expect(events.items.map(({ content }: { content: string }) => content)).toContainEqual(
      expect.stringMatching(/The health of role .* has become bad/),
    )
    await eventually('the audit event', async () => {
      const query = encodeURIComponent('category==AUDIT_EVENT;attributes.COMMAND==Start')
      const { items } = await api('GET', `/events?query=${query}`)
      return items.length > 0
    })
  }, 120_000)

  it.skipIf(chromiumPath === null)(
    'is looked at and changed on the page',
    async () => {
      const browser = await startBrowser()
      try {
        const { page, complaints } = await openPage(browser, `${up.url}/?page=health`)
        const password = readFileSync(join(up.data, 'manager', 'admin-password'), 'utf8').trim()
        const authorization = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`
        await page.setExtraHTTPHeaders({ authorization })
        await page
          .getByRole('navigation', { name: 'Entities' })
          .getByRole('button', { name: /bad SERVER|bad INSTANCE/ })
          .click()
        const test = page.getByRole('table', { name: 'Tests' }).getByRole('row', { name: /SIGKILL/ })
        await soon(() => test.innerText()).toMatch(/Look at the log/)
        await soon(() => page.getByRole('table', { name: 'History' }).innerText()).toContain('BAD')

        const form = page.getByRole('form', { name: 'New trigger' })
        await form
          .getByLabel('Condition')
          .fill('IF (SELECT fd_open WHERE roleName=$ROLENAME) DO health:concerning')
        await form.getByRole('button', { name: 'Try on the last' }).click()
        await soon(() => form.innerText()).toMatch(/It would (not )?have fired/)
        await form.getByLabel('Name').fill('has files')
        await form.getByRole('button', { name: 'Save' }).click()
        const triggers = page.getByRole('table', { name: 'Triggers' })
        await soon(() => triggers.innerText()).toContain('has files')
        const { items } = await api('GET', at(`/roles/${role.name}/config`))
        expect(items.find(({ name }: { name: string }) => name === 'role_triggers').value).toContain(
          'has files',
        )

        await triggers.getByRole('button', { name: 'Switch off' }).click()
        await soon(() => triggers.innerText()).toContain('(off)')
        await form.getByLabel('Name').fill('wrong')
        await form.getByLabel('Condition').fill('IF (SELECT fd_open WHERE lost(fd_open) > 1) DO health:bad')
        await form.getByRole('button', { name: 'Save' }).click()
        await soon(() => form.getByRole('alert').innerText()).toMatch(/“lost”.*character 26/)
        await triggers.getByRole('button', { name: 'Delete' }).click()
        await soon(() => page.getByRole('region', { name: 'Entity' }).innerText()).toContain(
          'There are none.',
        )
        const config = (await api('GET', at(`/roles/${role.name}/config`))).items
        expect(config.some(({ name }: { name: string }) => name === 'role_triggers')).toBe(false)

        // How it was just before it was killed.
        const { transitions } = await api('GET', `/health/entities/ROLE/${role.name}/history?test=`)
        const { at: killed } = transitions.findLast(({ to }: { to: string }) => to === 'BAD')
        const end = new Date(killed - 1).toISOString()
        await page.goto(`${page.url()}&from=${new Date(killed - 3_600_000).toISOString()}&to=${end}`)
        await soon(() => page.locator('main').innerText()).toMatch(/As it was at/)
        await soon(() =>
          page
            .getByRole('table', { name: 'Tests' })
            .getByRole('row', { name: /Process status/ })
            .innerText(),
        ).toMatch(/^good/)
        await page.getByRole('button', { name: 'Back to now' }).click()
        await soon(() => test.innerText()).toMatch(/SIGKILL/)

        await test.getByRole('button', { name: 'Suppress' }).click()
        await soon(() => test.innerText()).toContain('Count it')
        expect(complaints).toEqual([])
      } finally {
        await browser.close()
      }
    },
    120_000,
  )

  it('a suppressed test does not count, a display name that changes changes no history, maintenance is told', async () => {
    const prefix = hasZooKeeper ? 'zookeeper_server' : 'instance'
    for (const test of ['scm_health', 'unexpected_exits', 'quorum_membership'])
      await set(at(`/roles/${role.name}`), { [`role_health_suppression_${prefix}_${test}`]: 'true' })
    await eventually('the end of it', async () => (await roleNow()).healthSummary !== 'BAD')
    const transitions = async () =>
      (await api('GET', `/health/entities/ROLE/${role.name}/history`)).transitions
    const before = await transitions()
    await api('PUT', '/clusters/c1', { displayName: 'Renamed' })
    await api('POST', at(`/roles/${role.name}/commands/enterMaintenanceMode`))
    const entity = await eventually('the new name', async () => {
      const found = await api('GET', `/health/entities/ROLE/${role.name}`)
      return found.cluster.displayName === 'Renamed' && found.maintenance && found
    })
    expect(entity.tests.find(({ test }: { test: string }) => test.endsWith('SCM_HEALTH'))).toMatchObject({
      summary: 'BAD',
      suppressed: true,
    })
    const after = await transitions()
    expect(after).toEqual(expect.arrayContaining(before))
  }, 120_000)
})
