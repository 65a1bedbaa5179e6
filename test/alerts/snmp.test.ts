import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { eventually } from '../integration/program.js'
import { freePort } from '../ports.js'
import { health, publisherWith, temporaryFolder } from './support.js'

const docs = fileURLToPath(new URL('../../docs', import.meta.url))
// Debian's package leaves out the modules of the IETF that every MIB builds on; this library has them.
const mibs = fileURLToPath(new URL('../../node_modules/net-snmp/lib/mibs', import.meta.url))
const missing = ['snmptrapd', 'snmptranslate'].filter((tool) => spawnSync(tool, ['-v']).error)
if (missing.length > 0)
  console.warn(
    `SKIPPED: SNMP tests, because ${missing.join(' and ')} cannot be run here (Debian: snmptrapd, snmp)`,
  )
const real = describe.skipIf(missing.length > 0)

const daemons: ChildProcess[] = []
afterEach(async () => {
  for (const daemon of daemons.splice(0)) await end(daemon)
})

async function end(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return
  const gone = new Promise((done) => daemon.once('exit', done))
  daemon.kill('SIGKILL')
  await gone
}

const AUTH = 'authentication-password'
const PRIV = 'encryption-password'

/** A real snmptrapd that prints what it gets by the names of our MIB. */
async function trapDaemon(port: number, users: string[] = []) {
  const folder = temporaryFolder()
  const conf = join(folder, 'snmptrapd.conf')
  writeFileSync(
    conf,
    [
      'authCommunity log public',
      ...users,
      'authUser log bell authpriv',
      'authUser log bell-auth auth',
      'authUser log bell-none noauth',
      'doNotFork yes',
    ].join('\n'),
    { mode: 0o600 },
  )
  mkdirSync(join(folder, 'state'))
  const daemon = spawn(
    'snmptrapd',
    [
      '-f',
      '-C',
      '-c',
      conf,
      '-Lo',
      '-Oa',
      '-M',
      `${mibs}:${docs}`,
      '-m',
      'BELLWETHER-MIB',
      '-F',
      'NOTIFICATION %v\\n',
      `udp:127.0.0.1:${port}`,
    ],
    {
      env: { ...process.env, SNMP_PERSISTENT_DIR: join(folder, 'state') },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  daemons.push(daemon)
  let output = ''
  daemon.stdout!.on('data', (chunk) => (output += chunk))
  daemon.stderr!.on('data', (chunk) => (output += chunk))
  await eventually('snmptrapd', () => /NET-SNMP version/.test(output), { detail: () => output })
  return { daemon, output: () => output, count: () => output.match(/NOTIFICATION/g)?.length ?? 0 }
}

const receiver = (port: number, more: object) => ({
  type: 'snmp',
  targets: [{ host: '127.0.0.1', port }],
  timeout: '500ms',
  ...more,
})

function v3(level: 'authPriv' | 'authNoPriv' | 'noAuthNoPriv', protocols = { auth: 'SHA', priv: 'AES' }) {
  process.env.TEST_SNMP_AUTH = AUTH
  process.env.TEST_SNMP_PRIV = PRIV
  const user = { authPriv: 'bell', authNoPriv: 'bell-auth', noAuthNoPriv: 'bell-none' }[level]
  return {
    version: '3',
    user,
    ...(level === 'noAuthNoPriv'
      ? {}
      : { auth: { protocol: protocols.auth, password: { env: 'TEST_SNMP_AUTH' } } }),
    ...(level === 'authPriv'
      ? { priv: { protocol: protocols.priv, password: { env: 'TEST_SNMP_PRIV' } } }
      : {}),
  }
}

const createUsers = (engine = '', auth = 'SHA', priv = 'AES') => [
  `createUser ${engine} bell ${auth} "${AUTH}" ${priv} "${PRIV}"`,
  `createUser ${engine} bell-auth ${auth} "${AUTH}"`,
  `createUser ${engine} bell-none`,
]

real('the MIB', () => {
  test('loads without a warning and names what is sent', () => {
    const translate = (...args: string[]) =>
      spawnSync('snmptranslate', ['-M', `${mibs}:${docs}`, '-m', 'BELLWETHER-MIB', ...args], {
        encoding: 'utf8',
      })
    const alert = translate('-On', 'BELLWETHER-MIB::bellwetherAlert')
    expect(alert.stdout.trim()).toBe('.1.3.6.1.4.1.8072.9999.9999.7180.0.1')
    expect(alert.stderr).toBe('')
    const strict = translate('-PW', '-Pu', '-Tz')
    const ours = `${strict.stdout}${strict.stderr}`.split('\n').filter((line) => line.includes('BELLWETHER'))
    expect(ours).toEqual([])
    expect(translate('1.3.6.1.4.1.8072.9999.9999.7180.1.22').stdout.trim()).toBe(
      'BELLWETHER-MIB::bellwetherOpenCount',
    )
  })
})

real('v2c', () => {
  test('a trap arrives and is shown by the names of our objects', async () => {
    const port = await freePort()
    const { output } = await trapDaemon(port)
    const publisher = await publisherWith(receiver(port, { notification: 'trap' }))
    await publisher.take([
      health('zk-1', 'RED', {
        health: { current: 'RED', previous: 'GREEN' },
        time: Date.UTC(2026, 10, 20, 3, 4, 5, 600),
      }),
    ])
    await eventually('the trap', () => /NOTIFICATION[^\n]*\n/.test(output()), { detail: output })
    const text = output()
    for (const part of [
      'BELLWETHER-MIB::bellwetherAlert',
      'BELLWETHER-MIB::bellwetherSeverity.0 = INTEGER: critical(3)',
      'BELLWETHER-MIB::bellwetherCategory.0 = INTEGER: healthCheck(1)',
      'BELLWETHER-MIB::bellwetherEventTime.0 = STRING: 2026-11-20,3:4:5.6,+0:0',
      'BELLWETHER-MIB::bellwetherContent.0 = STRING: The process of zk-1 is RED.',
      'BELLWETHER-MIB::bellwetherHost.0 = STRING: zk-1.example.com',
      'BELLWETHER-MIB::bellwetherService.0 = STRING: zk',
      'BELLWETHER-MIB::bellwetherCurrentHealth.0 = INTEGER: red(3)',
      'BELLWETHER-MIB::bellwetherPreviousHealth.0 = INTEGER: green(1)',
      'BELLWETHER-MIB::bellwetherState.0 = INTEGER: new(1)',
      'BELLWETHER-MIB::bellwetherRepeat.0 = INTEGER: false(2)',
    ])
      expect(text).toContain(part)
    await eventually('an empty outbox', () => publisher.status().outbox.messages === 0)
  })

  test('an inform is sent again until the daemon is there', async () => {
    const port = await freePort()
    const publisher = await publisherWith(receiver(port, { notification: 'inform', retries: 1 }))
    await publisher.take([health('zk-1', 'RED'), health('zk-2', 'RED')])
    const failed = await eventually('a failure', () => publisher.status().receivers[0]!.lastError)
    expect(failed.reason).toMatch(/127\.0\.0\.1:\d+: .*(timed out|ECONNREFUSED|no answer)/i)
    expect(publisher.status().outbox.messages).toBe(1)
    const { output, count } = await trapDaemon(port)
    await eventually('an empty outbox', () => publisher.status().outbox.messages === 0, { detail: output })
    await eventually('both', () => count() >= 2)
    expect(output()).toContain('bellwetherEntity.0 = STRING: zk-1')
    expect(output()).toContain('bellwetherEntity.0 = STRING: zk-2')
    // Nobody knows whether the first attempt arrived.
    expect(output()).toContain('bellwetherRepeat.0 = INTEGER: true(1)')
  })

  test('a target that is away does not hold up the others', async () => {
    const [here, away] = [await freePort(), await freePort()]
    const { count, output } = await trapDaemon(here)
    const targets = [away, here].map((port) => ({ host: '127.0.0.1', port }))
    const publisher = await publisherWith({ ...receiver(here, { retries: 0 }), targets })
    await publisher.take([health('zk-1', 'RED')])
    await eventually('the first', () => count() === 1, { detail: output })
    await publisher.take([health('zk-2', 'RED')])
    await eventually('the second', () => count() === 2, { detail: output })
    expect(publisher.status().receivers[0]!.failures).toBe(0)
  })

  test('a storm as one notification for each message, or one for each alert; every name arrives', async () => {
    const port = await freePort()
    const { output, count } = await trapDaemon(port)
    const names = Array.from({ length: 60 }, (_, i) => `role-${i}`)
    const grouped = await publisherWith(receiver(port, { content: 'message' }))
    await grouped.take(names.map((name) => health(name, 'RED')))
    await eventually('the message', () => count() === 1, { detail: output })
    expect(output()).toContain('bellwetherAlertCount.0 = Gauge32: 60')
    expect(output()).toContain('role-59')
    const single = await publisherWith(receiver(port, {}))
    await single.take(names.map((name) => health(name, 'RED')))
    await eventually('each alert', () => count() === 61, { detail: () => String(count()) })
    for (const name of names) expect(output()).toContain(`bellwetherEntity.0 = STRING: ${name},`.slice(0, -1))
  })
})

real('v3', () => {
  test.each([
    ['authPriv', 'SHA', 'AES'],
    ['authPriv', 'SHA256', 'AES'],
    ['authPriv', 'SHA512', 'AES256B'],
    ['authPriv', 'SHA', 'AES256R'],
    ['authPriv', 'MD5', 'AES'],
    ['authNoPriv', 'SHA', 'AES'],
    ['noAuthNoPriv', 'SHA', 'AES'],
  ] as const)('an inform with %s, %s and %s arrives', async (level, auth, priv) => {
    const port = await freePort()
    const theirs = {
      SHA256: 'SHA-256',
      SHA512: 'SHA-512',
      AES256B: 'AES-256',
      SHA: 'SHA',
      MD5: 'MD5',
      AES: 'AES',
      AES256R: 'AES-256-C',
    }
    const { output, count } = await trapDaemon(port, createUsers('', theirs[auth], theirs[priv]))
    const publisher = await publisherWith(receiver(port, v3(level, { auth, priv })))
    await publisher.take([health('zk-1', 'RED')])
    await eventually('the inform', () => count() === 1, {
      detail: () => output() + JSON.stringify(publisher.status()),
    })
    expect(output()).toContain('bellwetherEntity.0 = STRING: zk-1')
    await eventually('an empty outbox', () => publisher.status().outbox.messages === 0)
  })

  test('an inform with a wrong password is not delivered, and the reason is said without it', async () => {
    const port = await freePort()
    const { count } = await trapDaemon(port, createUsers())
    const more = v3('authPriv')
    process.env.TEST_SNMP_AUTH = 'quite-another-password'
    const publisher = await publisherWith(receiver(port, { ...more, retries: 0 }))
    const result = await publisher.test('ops')
    expect(result!.failures).toHaveLength(1)
    expect(result!.failures[0]!.reason).not.toContain('another-password')
    expect(count()).toBe(0)
  })

  test('a trap with authPriv arrives, and another one after a restart: the engine keeps its id and counts its starts', async () => {
    const port = await freePort()
    const dir = temporaryFolder()
    const first = await publisherWith(receiver(port, { ...v3('authPriv'), notification: 'trap' }), dir)
    const { engineId } = first.status()
    const { output, count } = await trapDaemon(port, createUsers(`-e 0x${engineId}`))
    await first.take([health('zk-1', 'RED')])
    await eventually('the first trap', () => count() === 1, { detail: output })
    await first.stop()
    const second = await publisherWith(receiver(port, { ...v3('authPriv'), notification: 'trap' }), dir)
    expect(second.status().engineId).toBe(engineId)
    await second.take([health('zk-2', 'RED')])
    await eventually('the second trap', () => count() === 2, { detail: output })
    expect(output()).toContain('bellwetherEntity.0 = STRING: zk-2')
  })
})
