import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { AlertSettingsError, readSettings, readSettingsFile, simpleSettings } from '../../src/alerts/index.js'
import { settings, temporaryFolder } from './support.js'

const problemsOf = (json: object) => {
  const problems: string[] = []
  readSettings(json, problems)
  return problems
}

test('every problem is named with its place, all at once', () => {
  expect(
    problemsOf({
      receivers: [
        { name: 'a', type: 'email', from: 'x@y', to: ['ops', 'a@b'], smtp: { host: 'h', prot: 25 } },
        { name: 'b', type: 'pager' },
        { name: 'a', type: 'script', path: 'relative.sh' },
        { name: 'c', type: 'webhook', url: 'ftp://x', headers: { 'X-A': 'a', Host: 'b' } },
      ],
      routes: [{ match: { clutser: 'x' }, receivers: ['nobody'] }],
      defaultReceivers: ['a'],
      grouping: { wait: 'soon', by: ['colour'] },
      sliences: [],
    }),
  ).toEqual([
    'receivers[0].smtp.prot is not known here; known are tls, user, password, host, port, ca, serverName',
    'receivers[0].to holds "ops", which is not an address such as ops@example.com',
    'receivers[1].type is not one of email, snmp, webhook, script',
    'receivers[2].path is not an absolute path',
    'receivers[3].url is not an http or https URL',
    'receivers[3].headers.Host is set by the publisher itself',
    'receivers has two of the name "a"',
    expect.stringMatching(/^routes\[0\]\.match\.clutser is not known here; known are cluster, /),
    'routes[0].receivers names the receiver "nobody", which does not exist',
    expect.stringMatching(/^grouping\.by may hold /),
    'grouping.wait is not a time span such as 10s, 5m or 30d',
    expect.stringMatching(/^sliences is not known here/),
  ])
})

test('a secret comes from a variable or a file of the owner, never from the settings', () => {
  const folder = temporaryFolder()
  const file = join(folder, 'secret')
  writeFileSync(file, 's3cret\n', { mode: 0o600 })
  process.env.TEST_ALERT_SECRET = 'from-env'
  const hook = (secret: unknown) => ({
    receivers: [{ name: 'h', type: 'webhook', url: 'http://x/', secret }],
  })
  expect(settings(hook({ file })).receivers[0]).toMatchObject({ secret: 's3cret' })
  expect(settings(hook({ env: 'TEST_ALERT_SECRET' })).receivers[0]).toMatchObject({ secret: 'from-env' })
  expect(problemsOf(hook('plain'))[0]).toMatch(/secrets do not stand in this file/)
  chmodSync(file, 0o644)
  expect(problemsOf(hook({ file }))[0]).toMatch(/which others may read: chmod 600/)
  expect(problemsOf(hook({ env: 'TEST_ALERT_NO_SUCH' }))[0]).toMatch(/is not set/)
  expect(problemsOf(hook({ file: join(folder, 'none') }))[0]).toMatch(/cannot be read: ENOENT/)
})

test('a password is not sent over a line that may be open', () => {
  process.env.TEST_ALERT_SECRET = 'from-env'
  const smtp = { host: 'h', tls: 'opportunistic', user: 'u', password: { env: 'TEST_ALERT_SECRET' } }
  expect(problemsOf({ receivers: [{ name: 'm', type: 'email', from: 'a@b', to: 'c@d', smtp }] })).toEqual([
    'receivers[0].smtp.tls must be starttls or tls where a password is sent',
  ])
})

test('SNMPv3 encryption without authentication, and short passwords, are refused', () => {
  process.env.TEST_ALERT_SECRET = 'short'
  const password = { env: 'TEST_ALERT_SECRET' }
  const snmp = (more: object) => ({
    receivers: [{ name: 's', type: 'snmp', targets: [{ host: 'h' }], version: '3', user: 'u', ...more }],
  })
  expect(problemsOf(snmp({ priv: { password } }))).toEqual([
    'receivers[0].priv.password has fewer than 8 characters, which SNMPv3 asks for',
    'receivers[0].priv needs auth: SNMPv3 has no encryption without authentication',
  ])
  expect(problemsOf(snmp({ arc: '1.3.x' }))[0]).toMatch(/arc is not an object identifier/)
})

test('a file that is not JSON says so', () => {
  const path = join(temporaryFolder(), 'alerts.json')
  writeFileSync(path, '{ "receivers": ')
  expect(() => readSettingsFile(path)).toThrow(AlertSettingsError)
})

test('the example of the documentation is valid', () => {
  process.env.SMTP_PASSWORD = 'a password'
  process.env.HOOK_SECRET = 'a secret'
  process.env.SNMP_AUTH = process.env.SNMP_PRIV = '12345678'
  const page = readFileSync(new URL('../../docs/alerts.md', import.meta.url), 'utf8')
  const [, example] = /```json\n(\{\n {2}"receivers"[\s\S]*?)\n```/.exec(page)!
  expect(problemsOf(JSON.parse(example!))).toEqual([])
})

test('one mail server and one SNMP manager can be said without a file, with their mistakes named', () => {
  const given = {
    mailServer: 'mail.example.com:2525',
    mailTls: 'none',
    mailUser: '',
    mailPasswordEnv: '',
    mailFrom: 'bellwether@example.com',
    mailTo: 'ops@example.com, oncall@example.com',
    snmpServer: '127.0.0.1',
    snmpCommunityEnv: '',
  }
  const none: string[] = []
  const { receivers } = readSettings(simpleSettings(given), none)
  expect(none).toEqual([])
  expect(receivers[0]).toMatchObject({
    type: 'email',
    to: ['ops@example.com', 'oncall@example.com'],
    smtp: { host: 'mail.example.com', port: 2525 },
  })
  expect(receivers[1]).toMatchObject({ type: 'snmp', targets: [{ host: '127.0.0.1', port: 162 }] })
  expect(simpleSettings({ ...given, mailServer: '', snmpServer: '' })).toBeUndefined()
  const problems: string[] = []
  readSettings(simpleSettings({ ...given, mailTo: '' }), problems)
  expect(problems.join()).toContain('receivers[0].to')
})
