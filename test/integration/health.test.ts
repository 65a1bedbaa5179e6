import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  appendFileSync,
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
  adminOf,
  ask,
  eventually,
  freePort,
  type Program,
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

async function trapSink(folder: string): Promise<number> {
  const port = await freePort()
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

/** The processes of a service that run now. */
function processes(data: string, of = service): number[] {
  return readdirSync('/proc')
    .filter((name) => {
      try {
        return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`).includes(`-${of}-`)
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
  const settings = {
    receivers,
    defaultReceivers: receivers.map((each) => (each as { name: string }).name),
    // The first message waits as long as ever, later ones do not.
    grouping: { interval: '1s', longestInterval: '2s', burst: 100 },
  }
  writeFileSync(join(data, 'alerts.json'), JSON.stringify(settings), { mode: 0o600 })
  cleanups.push(() => startProgram(['agent', '--hard-stop', '--data', data]).exited)
  up = await startUp(data)
  cleanups.push(() => stopProgram(up))
  const passwordFile = join(data, 'manager', 'admin-password')
  await eventually('the first login', () => readFileSync(passwordFile, 'utf8').trim() !== '')
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
          zk_server_java_opts: '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC',
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
}, 180_000)

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
    // History and events are stored each by themselves, and apart from the health that is told.
    await eventually('the history', async () => {
      const { transitions } = await api('GET', `/health/entities/ROLE/${role.name}/history`)
      return transitions.some(({ test, to }: { test: string; to: string }) => test === '' && to === 'BAD')
    })
    await eventually('the event', async () => {
      const query = encodeURIComponent('category==HEALTH_EVENT;alert==true')
      const { items } = await api('GET', `/events?query=${query}`)
      return items.some(({ content }: { content: string }) =>
        /The health of role .* has become bad/.test(content),
      )
    })
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
        await page.getByRole('link', { name: 'Log in' }).click()
        await page.getByLabel('Name').fill('admin')
        await page.getByLabel('Password').fill(password)
        await page.keyboard.press('Enter')
        await page.getByRole('button', { name: 'admin: log out' }).waitFor()
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
        const triggersKept = async () => {
          const { items } = await api('GET', at(`/roles/${role.name}/config`))
          return items.find(({ name }: { name: string }) => name === 'role_triggers')?.value
        }
        await soon(triggersKept).toContain('has files')

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
        await soon(triggersKept).toBeUndefined()

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

        await page.getByRole('link', { name: 'Its events' }).click()
        const events = page.getByRole('table', { name: 'Events' })
        await soon(() => events.innerText()).toMatch(/critical\s*alert.*has become bad/s)
        const filter = page.getByRole('form', { name: 'Filter' })
        await filter.getByLabel('Kind').selectOption('Audit')
        await soon(() => events.innerText()).toMatch(/audit.*by admin/s)
        await filter.getByLabel('Role').fill('')
        await filter.getByRole('button', { name: 'Find' }).click()
        await soon(() => events.getByRole('row').count()).toBeGreaterThan(3)
        // New events come by themselves.
        await page.getByLabel('Refresh every').selectOption('5')
        await filter.getByLabel('Text').fill('"as it happens"')
        await page.keyboard.press('Enter')
        await soon(() => page.locator('.page-head').innerText()).toContain('Nothing was found')
        await api('PUT', '/clusters/c1?message=As+it+happens', { displayName: 'One' })
        await soon(() => events.innerText()).toContain('As it happens')

        await page.getByRole('link', { name: 'Alerts' }).click()
        await soon(() => page.getByRole('table', { name: 'Recent alerts' }).innerText()).toContain(
          'has become bad',
        )
        const receiver = page.getByRole('table', { name: 'Receivers' }).getByRole('row', { name: /mail/ })
        await receiver.getByRole('button', { name: 'Send a test' }).click()
        await soon(() => receiver.innerText()).toContain('The test was delivered.')
        expect(mails.some((text) => text.includes('TEST'))).toBe(true)
        const silence = page.getByRole('form', { name: 'New silence' })
        await silence.getByLabel('Name').fill('nobody*')
        await silence.getByLabel('Why').fill('new disks')
        await silence.getByRole('button', { name: 'Silence' }).click()
        const silences = page.getByRole('table', { name: 'Silences' })
        await soon(() => silences.innerText()).toMatch(/host nobody\*.*until.*new disks by admin/s)
        await silences.getByRole('button', { name: 'End it' }).click()
        await soon(() => silences.count()).toBe(0)

        await page.getByRole('link', { name: 'Health' }).click()
        await page.getByRole('navigation', { name: 'Entities' }).getByRole('button', { name: /Zoo$/ }).click()
        const order = page.getByRole('form', { name: 'Command' })
        await order.getByLabel('Command to run').selectOption('Refresh')
        await order.getByRole('button', { name: 'Run' }).click()
        await order.getByRole('link', { name: 'Commands' }).click()
        const newest = page.getByRole('table', { name: 'Commands' }).getByRole('row').first()
        await soon(() => newest.innerText()).toMatch(/succeeded\s+Refresh .* by admin/s)
        await newest.locator('summary').click()
        await soon(() => newest.innerText()).toMatch(/done Validate/)
        expect(complaints).toEqual([])
      } finally {
        await browser.close()
      }
    },
    240_000,
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

describe('what is called otherwise while it is in trouble', () => {
  const pathOf = '/clusters/c2/services/worker'
  const mailsOf = (pattern: RegExp) => mails.filter((text) => text.includes('Worker') && pattern.test(text))
  let data2: string
  let worker: { name: string }
  let agent: Program
  const startAgent = (hostname: string) => {
    const join_ = ['--join', up.url, '--token-file', join(up.data, 'join-token')]
    agent = startProgram(
      ['agent', '--data', data2, ...join_, '--hostname', hostname, '--interval', '1s', '--agent-port', '0'],
      { BELLWETHER_MONITOR_URL: up.monitorUrl },
    )
    cleanups.push(() => stopProgram(agent))
  }
  const killWorker = () => {
    for (const pid of processes(data2, 'worker')) process.kill(pid, 'SIGKILL')
  }
  const workerNow = () => api('GET', `/health/entities/ROLE/${worker.name}`)
  const find = async (query: string): Promise<{ content: string; alert: boolean; at: number }[]> => {
    const { items } = await api('GET', `/events?query=${encodeURIComponent(query)}`)
    return items.map((event: { timeOccurred: string }) => ({ ...event, at: Date.parse(event.timeOccurred) }))
  }
  const told = (pattern: RegExp) =>
    eventually(`a mail with ${pattern}`, () => mailsOf(pattern).length > 0, {
      detail: () => mailsOf(/./).join('\n---\n'),
    })

  const runs = () =>
    eventually(
      'the start',
      async () => (await api('GET', `${pathOf}/roles/${worker.name}`)).roleState === 'STARTED',
    )

  beforeAll(async () => {
    const folder = temporaryFolder()
    data2 = folder.path
    chmodSync(data2, 0o711)
    cleanups.push(folder.remove, () => startProgram(['agent', '--hard-stop', '--data', data2]).exited)
    startAgent('old.example')
    const host = await eventually('the second host', async () =>
      (await api('GET', '/hosts')).items.find(
        (each: { hostname: string }) => each.hostname === 'old.example',
      ),
    )
    const hostRef = { hostId: host.hostId }
    await api('POST', '/clusters', {
      items: [{ name: 'c2', displayName: 'Old cluster', fullVersion: '7.1.7' }],
    })
    await api('POST', '/clusters/c2/hosts', { items: [hostRef] })
    await api('POST', '/clusters/c2/services', {
      items: [
        {
          name: 'worker',
          type: 'PROCESS',
          displayName: 'Old Worker',
          roles: [{ type: 'INSTANCE', hostRef }],
        },
      ],
    })
    // Its name is made up.
    await set(`/hosts/${host.hostId}`, { host_health_suppression_host_dns_resolution: 'true' })
    await set(pathOf, { process_username: 'nobody', process_groupname: 'nogroup' })
    worker = (await api('GET', `${pathOf}/roles`)).items[0]
    await set(`${pathOf}/roles/${worker.name}`, {
      command: '/bin/sleep',
      arguments: '1000',
      log_dir: join(data2, 'worker-log'),
      process_start_secs: '1',
      process_auto_restart: 'false',
      // Of exits the health is bad for five minutes; and the disk may be full.
      role_health_suppression_instance_unexpected_exits: 'true',
      role_health_suppression_instance_log_directory_free_space: 'true',
    })
    await api('POST', `${pathOf}/commands/start`)
    await runs()
    await eventually('its health', async () => (await workerNow()).summary === 'GOOD')
  }, 120_000)

  it('is one trouble, one history, and found by either name', async () => {
    const dashboard = { name: 'd1', json: 'SELECT fd_open WHERE hostname = "old.example"' }
    await api('POST', '/timeseries/dashboards', { items: [dashboard] })
    killWorker()
    await told(/old\.example/)

    await stopProgram(agent)
    startAgent('new.example')
    await api('PUT', '/clusters/c2', { displayName: 'New cluster' })
    await api('PUT', pathOf, { displayName: 'New Worker' })
    const renamed = await eventually('the new names', async () => {
      const found = await workerNow()
      return found.hosts[0].hostname === 'new.example' && found.service.displayName === 'New Worker' && found
    })
    expect(renamed).toMatchObject({ summary: 'BAD', cluster: { displayName: 'New cluster' } })
    expect(
      renamed.tests.find(({ test }: { test: string }) => test === 'INSTANCE_UNEXPECTED_EXITS'),
    ).toMatchObject({
      suppressed: true,
    })

    await api('POST', `${pathOf}/commands/start`)
    await told(/RECOVERED[\s\S]*new\.example/)
    // History and events are stored each by themselves, and apart from what is mailed.
    const healths = async () => {
      const { transitions } = await api('GET', `/health/entities/ROLE/${worker.name}/history`)
      return transitions
        .filter(({ test }: { test: string }) => test === '')
        .sort((a: { at: number }, b: { at: number }) => a.at - b.at)
        .map(({ to }: { to: string }) => to)
    }
    await soon(async () => (await healths()).slice(-2)).toEqual(['BAD', 'GOOD'])

    for (const name of [
      'host==old.example',
      'host==new.example',
      'service_display_name=="Old Worker"',
      'service_display_name=="New Worker"',
      'cluster=="Old cluster"',
      'cluster=="New cluster"',
    ]) {
      const query = `category==HEALTH_EVENT;attributes.role==${worker.name};attributes.${name}`
      await soon(async () => {
        const contents = (await find(query)).map(({ content }) => /become (\w+)/.exec(content)?.[1])
        return [name, contents.filter((each) => each !== undefined).slice(0, 2)]
      }).toEqual([name, ['good', 'bad']])
    }
    const { items } = await api('GET', '/timeseries/dashboards')
    for (const query of [items[0].json, 'SELECT fd_open WHERE clusterDisplayName = "Old cluster"'])
      await eventually(query, async () => (await ask(up.url, query)).some(([, values]) => values.length > 0))
    const preview = await api('POST', '/health/triggers/preview', {
      triggerExpression: 'IF (SELECT fd_open WHERE hostname = "old.example") DO health:bad',
      from: new Date(Date.now() - 600_000).toISOString(),
      to: new Date().toISOString(),
    })
    expect(preview.firings.length).toBeGreaterThan(0)
  }, 180_000)

  it('stays silenced by the old name, and is told when the silence ends', async () => {
    const silence = await api('POST', '/alerts/silences', {
      match: { cluster: ['Old cluster'] },
      until: new Date(Date.now() + 3_600_000).toISOString(),
      comment: 'known',
    })
    expect(silence).toMatchObject({ createdBy: 'admin', match: { cluster: ['Old cluster'] } })
    await runs()
    const nothingWaits = async () => (await api('GET', '/health/alerting')).pending === 0
    await eventually(
      'good health, told',
      async () => (await workerNow()).summary === 'GOOD' && nothingWaits(),
    )
    // What is well again may still be mailed: of that, of the service as of the role.
    const ofTrouble = () => mailsOf(/./).filter((text) => !text.includes('RECOVERED'))
    const before = ofTrouble().length
    const killed = Date.now()
    killWorker()
    await eventually('the trouble', async () => {
      const [newest] = await find(`category==HEALTH_EVENT;alert==true;attributes.entity_id==${worker.name}`)
      return (newest?.at ?? 0) > killed
    })
    await eventually('nothing that waits', nothingWaits)
    expect(ofTrouble()).toHaveLength(before)
    expect(await api('DELETE', `/alerts/silences/${silence.id}`)).toMatchObject({ id: silence.id })
    await eventually('the mail', () => ofTrouble().length > before)
  }, 120_000)

  it('what its log says is chosen by rules that hold at once, and commands, users and the program itself leave events', async () => {
    const wrong = set(`${pathOf}/roles/${worker.name}`, { log_event_whitelist: '[{"threshold": "WARN"}]' })
    await expect(wrong).rejects.toThrow(/400[\s\S]*rate must be a number/)
    await api('POST', `${pathOf}/commands/start`)
    await set(`${pathOf}/roles/${worker.name}`, {
      log_event_whitelist: JSON.stringify([
        { alert: true, rate: -1, threshold: 'INFO', content: '.*flux.*' },
      ]),
    })
    const query = 'category==LOG_EVENT;content==flux;attributes.host==old.example;attributes.service==worker'
    const [event] = await eventually('the log event', async () => {
      const line = `${new Date().toISOString().replace('T', ' ').replace('.', ',').slice(0, 23)} INFO app: flux\n`
      appendFileSync(join(data2, 'worker-log', 'app.log'), line)
      const found = await find(query)
      return found.length > 0 && found
    })
    expect(event).toMatchObject({ alert: true })
    const kinds = [
      'ACTIVITY_EVENT;attributes.command==Start;attributes.service==worker',
      'AUDIT_EVENT;attributes.command==createSilence;attributes.user==admin',
      'SYSTEM;attributes.eventcode==EV_MONITOR_STARTED',
      'SYSTEM;attributes.eventcode==EV_MANAGER_ACTIVE',
    ]
    for (const kind of kinds) await eventually(kind, async () => (await find(`category==${kind}`)).length > 0)
  }, 120_000)
})
