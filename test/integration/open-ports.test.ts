import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { metricsToken } from '../../src/wire/port-tokens.js'
import { useOwned } from './owned.js'
import { eventually, freePort, startProgram, temporaryFolder } from './program.js'

/** What is open to others, and how: tokens, TLS, and a host that joins from outside. */
const { folder, owned } = useOwned()

let tls: { cert: string; key: string }
let removeTls = () => {}
beforeAll(() => {
  const { path, remove } = temporaryFolder()
  removeTls = remove
  tls = { cert: join(path, 'cert.pem'), key: join(path, 'key.pem') }
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const files = ['-keyout', tls.key, '-out', tls.cert]
  execFileSync('openssl', ['req', '-x509', ...key, ...subject, ...files], { stdio: 'pipe' })
})

afterAll(() => removeTls())

interface Reply {
  status: number
  text: string
}

function ask(url: string, options: { headers?: Record<string, string>; body?: string } = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { body, headers } = options
    const sent = request(
      url,
      {
        method: body === undefined ? 'GET' : 'POST',
        ca: readFileSync(tls.cert),
        headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
        agent: false,
      },
      (incoming) => {
        let text = ''
        incoming.on('data', (chunk) => {
          text += chunk
        })
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, text }))
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

describe('ports that are open to others', () => {
  it('ask for a token, a login and a certificate; a host joins with one command and its token', async () => {
    const data = folder()
    const [port, monitorPort] = [await freePort(), await freePort()]
    const args = [
      '--host',
      '0.0.0.0',
      '--advertise',
      'localhost',
      '--tls-cert',
      tls.cert,
      '--tls-key',
      tls.key,
    ]
    const ports = ['--port', `${port}`, '--monitor-port', `${monitorPort}`, '--interval', '1s']
    const up = owned(startProgram(['up', '--data', data, ...args, '--tls-ca', tls.cert, ...ports]))
    await eventually('the address', () => /runs at https:\/\/localhost.*First login/s.test(up.output()), {
      timeoutMs: 60_000,
      detail: up.output,
    })
    const [manager, monitor] = [`https://localhost:${port}`, `https://localhost:${monitorPort}`]
    const secret = (name: string) => {
      expect(statSync(join(data, name)).mode & 0o777).toBe(0o600)
      return readFileSync(join(data, name), 'utf8').trim()
    }
    const login = {
      authorization: `Basic ${Buffer.from(`admin:${secret('manager/admin-password')}`).toString('base64')}`,
    }

    // What our own roles send arrives, and the manager reads it.
    const query = `${manager}/api/v45/timeseries?query=${encodeURIComponent('select load_1')}&from=now-5m`
    const points = async () =>
      JSON.parse((await ask(query, { headers: login })).text).items[0].timeSeries.length
    await eventually('a point of this host', async () => (await points()) > 0)
    // Through a proxy it is somebody else who asks.
    expect((await ask(query, { headers: { 'x-forwarded-for': '192.0.2.1' } })).status).toBe(401)

    const line = 'door,host=gate open=1'
    expect((await ask(`${monitor}/write`, { body: line })).status).toBe(401)
    expect((await ask(`${monitor}/api/v45/timeseries?query=select+load_1`)).status).toBe(401)
    expect((await ask(`${monitor}/health/ready`)).status).toBe(200)
    const authorization = `Token ${secret('sender-tokens')}`
    expect((await ask(`${monitor}/write`, { body: line, headers: { authorization } })).status).toBe(204)
    expect(
      (await ask(`${monitor}/api/v45/timeseries?query=select+load_1`, { headers: { authorization } })).status,
    ).toBe(403)

    const reader = { authorization: `Bearer ${metricsToken(secret('monitor-token'))}` }
    expect((await ask(`${monitor}/metrics`)).status).toBe(401)
    expect((await ask(`${monitor}/metrics`, { headers: reader })).text).toContain('bellwether_')
    expect((await ask(`${monitor}/api/v45/timeseries?query=select+load_1`, { headers: reader })).status).toBe(
      403,
    )
    expect((await ask(`${monitor}/write`, { body: line, headers: reader })).status).toBe(403)

    const made = await ask(`${manager}/api/v45/cm/joinTokens`, {
      body: JSON.stringify({ uses: 1 }),
      headers: { ...login, 'content-type': 'application/json' },
    })
    const { token } = JSON.parse(made.text)
    const elsewhere = folder()
    const tokenFile = join(elsewhere, 'token')
    writeFileSync(tokenFile, token)
    const agent = owned(
      startProgram([
        ...['agent', '--join', manager, '--token-file', tokenFile, '--manager-ca', tls.cert],
        ...['--data', elsewhere, '--hostname', 'joined.example', '--agent-port', 'off', '--interval', '1s'],
      ]),
    )
    await eventually(
      'the host that joins',
      async () => (await ask(`${manager}/api/v45/hosts`, { headers: login })).text.includes('joined.example'),
      { detail: agent.output },
    )
    const joined = `${manager}/api/v45/timeseries?query=${encodeURIComponent('select load_1 where hostname = "joined.example"')}&from=now-5m`
    await eventually(
      'its metrics',
      async () => JSON.parse((await ask(joined, { headers: login })).text).items[0].timeSeries.length > 0,
      { detail: agent.output },
    )
    expect(agent.output()).not.toContain(token)

    const asked = (...more: string[]) =>
      startProgram(['query', 'select load_1 where category = HOST', '--url', manager, ...more], {
        BELLWETHER_PASSWORD: secret('manager/admin-password'),
      })
    const answered = asked('--ca', tls.cert)
    expect(await answered.exited).toBe(0)
    expect(answered.output()).toContain('joined.example')
    const mistrusted = asked()
    expect(await mistrusted.exited).toBe(1)
    expect(mistrusted.output()).toContain('not trusted here')
    expect(mistrusted.output()).toContain('--ca')
  }, 120_000)

  it('do not open without a token, or with a certificate that does not fit its key', async () => {
    const data = folder()
    const open = startProgram(['monitor', '--data', data, '--host', '0.0.0.0', '--monitor-port', '0'])
    expect(await open.exited).toBe(78)
    expect(open.output()).toContain('--monitor-token-file')
    const odd = join(data, 'odd.pem')
    copyFileSync(tls.cert, odd)
    chmodSync(odd, 0o600)
    const wrong = startProgram([
      'manager',
      '--data',
      data,
      '--port',
      '0',
      '--tls-cert',
      tls.cert,
      '--tls-key',
      odd,
    ])
    expect(await wrong.exited).toBe(78)
    expect(wrong.output()).toContain(odd)
  }, 120_000)
})
