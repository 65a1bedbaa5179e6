import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { afterAll, afterEach, expect, test } from 'vitest'
import { eventually, freePort } from '../integration/program.js'
import { health, publisherWith, temporaryFolder } from './support.js'

const folder = mkdtempSync(join(tmpdir(), 'bellwether-tls-'))
const [key, ca] = [join(folder, 'key.pem'), join(folder, 'ca.pem')]
execFileSync(
  'openssl',
  [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=mail.example.com'],
    ...['-addext', 'subjectAltName=DNS:mail.example.com', '-keyout', key, '-out', ca],
  ],
  { stdio: 'pipe' },
)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Mail {
  to: string[]
  secure: boolean
  user: unknown
  text: string
}

const servers: SMTPServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise<void>((done) => server.close(() => done()))
})

/** A real SMTP server; `recipient` may refuse one by throwing an error with a `responseCode`. */
async function mailServer(
  more: SMTPServerOptions & {
    at?: number
    recipient?: (address: string) => void
    /** Which mails are put off when they are there. */
    putsOff?: (mail: Mail) => boolean
  } = {},
) {
  const mails: Mail[] = []
  const { at = 0, recipient, putsOff, ...options } = more
  const server = new SMTPServer({
    key: readFileSync(key),
    cert: readFileSync(ca),
    authOptional: true,
    disabledCommands: ['AUTH'],
    onRcptTo(address, _, callback) {
      try {
        recipient?.(address.address)
        callback()
      } catch (error) {
        callback(error as Error)
      }
    },
    onData(stream, session, callback) {
      let text = ''
      stream.on('data', (chunk) => (text += chunk))
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address)
        const mail = { to, secure: session.secure, user: session.user, text }
        if (putsOff?.(mail)) return callback(reply(451, '4.7.1 Come back later'))
        mails.push(mail)
        callback()
      })
    },
    logger: false,
    ...options,
  })
  servers.push(server)
  server.on('error', () => undefined)
  await new Promise<void>((done) => server.listen(at, '127.0.0.1', () => done()))
  const { port } = server.server.address() as { port: number }
  return { mails, port, server }
}

const receiver = (port: number, smtp: object = {}, more: object = {}) => ({
  type: 'email',
  from: 'bellwether@example.com',
  to: ['ops@example.com'],
  smtp: { host: '127.0.0.1', port, ca, serverName: 'mail.example.com', ...smtp },
  ...more,
})

const reply = (responseCode: number, text: string) => Object.assign(new Error(text), { responseCode })
const header = (mail: Mail, name: string) =>
  new RegExp(`^${name}: (.*(?:\\r\\n[ \\t].*)*)`, 'mi')
    .exec(mail.text.split('\r\n\r\n')[0]!)?.[1]
    ?.replace(/\r\n[ \t]/g, ' ')

test('goes out over STARTTLS, with a login, as text, HTML and JSON', async () => {
  const { mails, port } = await mailServer({
    disabledCommands: [],
    authOptional: false,
    onAuth({ username, password }, _, callback) {
      if (username === 'bell' && password === 'p4ssword') callback(null, { user: username })
      else callback(reply(535, 'no'))
    },
  })
  const password = join(temporaryFolder(), 'password')
  writeFileSync(password, 'p4ssword\n', { mode: 0o600 })
  const publisher = await publisherWith(
    receiver(port, { user: 'bell', password: { file: password } }, { formats: ['text', 'html', 'json'] }),
  )
  await publisher.take([health('zk-1', 'RED'), health('zk-2', 'RED')])
  await eventually('a mail', () => mails.length > 0)
  const [mail] = mails
  expect(mail).toMatchObject({ to: ['ops@example.com'], secure: true, user: 'bell' })
  expect(header(mail!, 'Subject')).toBe('[Bellwether] 2 critical: ZooKeeper (Cluster 1)')
  expect(header(mail!, 'X-Bellwether-Repeat')).toBe('false')
  expect(header(mail!, 'X-Bellwether-Severity')).toBe('CRITICAL')
  expect(header(mail!, 'Auto-Submitted')).toBe('auto-generated')
  expect(mail!.text).toMatch(/Content-Type: text\/plain/)
  expect(mail!.text).toMatch(/Content-Type: text\/html/)
  expect(mail!.text).toMatch(/filename=alerts.json/)
  await eventually('an empty outbox', () => publisher.status().outbox.messages === 0)
})

test('over TLS from the start; a certificate of another name is not trusted', async () => {
  const { mails, port } = await mailServer({ secure: true })
  const good = await publisherWith(receiver(port, { tls: 'tls' }))
  await good.take([health('a', 'RED')])
  await eventually('a mail', () => mails.length === 1)
  const bad = await publisherWith(receiver(port, { tls: 'tls', serverName: 'other.example.com' }))
  const result = await bad.test('ops')
  expect(result!.failures[0]).toMatchObject({ kind: 'away', uncertain: false })
  expect(result!.failures[0]!.reason).toMatch(/altnames/i)
  expect(mails).toHaveLength(1)
})

test('a server without STARTTLS gets nothing, unless the settings allow it', async () => {
  const { mails, port } = await mailServer({ disabledCommands: ['STARTTLS', 'AUTH'] })
  expect((await (await publisherWith(receiver(port))).test('ops'))!.failures).toHaveLength(1)
  expect(mails).toHaveLength(0)
  expect((await (await publisherWith(receiver(port, { tls: 'none' }))).test('ops'))!.failures).toEqual([])
  expect(mails).toHaveLength(1)
  expect(header(mails[0]!, 'Subject')).toMatch(/TEST: /)
})

/** `npm run test:long` has it away for a minute. */
const AWAY_MS = Number(process.env.BELLWETHER_TEST_AWAY_MS ?? 0)

test(
  'a server that is away gets the mail when it is back, once and not marked',
  async () => {
    const at = await freePort()
    const publisher = await publisherWith(receiver(at))
    await publisher.take([health('a', 'RED')])
    const failed = await eventually('two failures', () => {
      const [status] = publisher.status().receivers
      return status!.failures >= 2 && status
    })
    expect(failed.lastError!.reason).toMatch(/ECONNREFUSED/)
    await new Promise((done) => setTimeout(done, AWAY_MS))
    expect(publisher.status().outbox.messages).toBe(1)
    const { mails } = await mailServer({ at })
    await eventually('the mail', () => mails.length > 0, { timeoutMs: 60_000 + 2 * AWAY_MS })
    await eventually('an empty outbox', () => publisher.status().outbox.messages === 0)
    expect(mails).toHaveLength(1)
    expect(header(mails[0]!, 'X-Bellwether-Repeat')).toBe('false')
  },
  60_000 + 4 * AWAY_MS,
)

const roleOf = (mail: Mail) => /role (\w)/.exec(header(mail, 'Subject')!)![1]

test('greylisting puts off, and does not hold up other messages', async () => {
  let asked = 0
  const { mails, port } = await mailServer({
    recipient() {
      if (++asked === 1) throw reply(451, '4.7.1 Greylisted, come back later')
    },
    // The first one may be tried again before the other is there.
    putsOff: (mail) => roleOf(mail) === 'a' && mails.length === 0,
  })
  const publisher = await publisherWith(receiver(port))
  await publisher.take([health('a', 'RED')])
  await eventually('the first answer', () => publisher.status().receivers[0]!.lastError)
  await publisher.take([health('b', 'RED')])
  await eventually('both mails', () => mails.length === 2)
  await eventually('an empty outbox', () => publisher.status().outbox.messages === 0)
  expect(mails.map(roleOf)).toEqual(['b', 'a'])
  expect(publisher.status().receivers[0]).toMatchObject({ failures: 0, lost: 0 })
})

test('a recipient that is refused does not cost the others, who get the mail once', async () => {
  let greylisted = false
  const { mails, port } = await mailServer({
    recipient(address) {
      if (address.startsWith('gone')) throw reply(550, '5.1.1 No such user')
      if (address.startsWith('later') && !greylisted) {
        greylisted = true
        throw reply(450, '4.2.0 Later')
      }
    },
  })
  const to = ['ops@example.com', 'gone@example.com', 'later@example.com']
  const publisher = await publisherWith(receiver(port, {}, { to }))
  await publisher.take([health('a', 'RED')])
  await eventually('both', () => mails.length === 2)
  await eventually('an empty outbox', () => publisher.status().outbox.messages === 0)
  expect(mails.map((mail) => mail.to)).toEqual([['ops@example.com'], ['later@example.com']])
  expect(publisher.status().receivers[0]).toMatchObject({ delivered: 1, lost: 0 })
})

test('a message that the server refuses for good is dropped, and counted as lost', async () => {
  const { port } = await mailServer({
    onData(stream, _, callback) {
      stream.resume().on('end', () => callback(reply(554, '5.7.1 Spam')))
    },
  })
  const publisher = await publisherWith(receiver(port))
  await publisher.take([health('a', 'RED')])
  await eventually('the loss', () => publisher.status().receivers[0]!.lost === 1)
  expect(publisher.status().outbox.messages).toBe(0)
  expect(publisher.status().receivers[0]!.lastError!.reason).toMatch(/Spam/)
})

test('a connection that breaks off after the data: the next attempt is marked as a repeat of the same mail', async () => {
  const texts: string[] = []
  const { port, server } = await mailServer({
    onData(stream, _, callback) {
      let text = ''
      stream.on('data', (chunk) => (text += chunk))
      stream.on('end', () => {
        texts.push(text)
        if (texts.length === 1)
          for (const one of server.connections)
            (one as unknown as { _socket: { destroy(): void } })._socket.destroy()
        else callback()
      })
    },
  })
  const publisher = await publisherWith(receiver(port))
  await publisher.take([health('a', 'RED')])
  await eventually('an empty outbox', () => texts.length === 2 && publisher.status().outbox.messages === 0)
  const mails = texts.map((text) => ({ text }) as Mail)
  expect(mails.map((mail) => header(mail, 'X-Bellwether-Repeat'))).toEqual(['false', 'true'])
  expect(header(mails[1]!, 'Message-ID')).toBe(header(mails[0]!, 'Message-ID'))
  expect(texts[1]).toContain('may have been delivered before')
})

test('no text from outside adds a header, and no secret is in what can be read', async () => {
  const { mails, port } = await mailServer()
  const publisher = await publisherWith(receiver(port))
  const event = health('a', 'RED')
  // Past the check of what comes in: the transport must not rely on it.
  event.summary = 'x\r\nBcc: evil@example.com\r\n\r\n<b>'
  await publisher.take([event])
  await eventually('a mail', () => mails.length === 1)
  expect(header(mails[0]!, 'Bcc')).toBeUndefined()
  expect(mails[0]!.to).toEqual(['ops@example.com'])
})
