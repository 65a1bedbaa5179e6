import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createCanaries, runCanary } from '../../src/agent/canary/index.js'
import { createCheckFailures } from '../../src/agent/check-failures.js'
import type { RoleEntity } from '../../src/agent/processes/role-entities.js'
import type { Launch } from '../../src/agent/supervisor/index.js'
import { type CanaryCheck, canaries, type DesiredCanary } from '../../src/wire/canary.js'
import { desiredProcess } from '../../src/wire/heartbeat-parse.js'
import { freePort } from '../ports.js'
import { startManagedAgent } from './managed-agent.js'
import { startManager, state, wanted } from './manager-stand-in.js'
import {
  bodyOf,
  collectOnce,
  decodeBatch,
  recordingLogger,
  startReceiver,
  temporaryFolder,
  until,
} from './support.js'

const never = new AbortController().signal

const canaryOf = (check: CanaryCheck, more: Partial<DesiredCanary> = {}): DesiredCanary => ({
  ...{ name: 'TEST_CANARY', status: 'test_status', duration: 'test_duration' },
  ...{ everySeconds: 1, timeoutMs: 20_000, startupSeconds: 0 },
  check,
  ...more,
})

const launchIn = (folder: string): Launch => ({
  ...{ id: 7, name: '7-test1-SERVER', run: 'keep', program: 'true', args: [], folder },
  environment: { SECRET_OF_ROLE: 'known' },
  ...{ autoRestart: false, startRetries: 0, startSeconds: 1 },
  ...{ stop: { signal: 'SIGTERM', timeoutMs: 1000 }, logs: { maxBytes: 4096, backups: 0 } },
})

const run = (check: CanaryCheck, more: Partial<DesiredCanary> = {}, folder = temporaryFolder()) =>
  runCanary(canaryOf(check, more), launchIn(folder), never).outcome

const sh = (script: string): CanaryCheck => ({ kind: 'command', program: 'sh', args: ['-c', script] })

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('a command', () => {
  it('is well when it ends with code 0, in the folder and environment of the role', async () => {
    const folder = temporaryFolder()
    const outcome = await run(
      sh('[ "$SECRET_OF_ROLE" = known ] && pwd >out && [ -z "$BELLWETHER_PROCESS" ]'),
      {},
      folder,
    )
    expect(outcome).toMatchObject({ ok: true, durationMs: expect.any(Number) })
    expect(readFileSync(join(folder, 'out'), 'utf8').trim()).toBe(folder)
  })

  it('fails with its last words, and no more of them than anybody can read', async () => {
    const outcome = await run(
      sh('yes "a line that is long" | head -c 3000000; printf "no \\033[31mluck\\n" >&2; exit 3'),
    )
    expect(outcome.ok).toBe(false)
    expect(outcome.message).toBe('exit code 3: no  [31mluck')
    expect(await run({ kind: 'command', program: '/no/such/program', args: [] })).toMatchObject({
      ok: false,
      message: expect.stringContaining('/no/such/program'),
    })
  })

  it('is killed when its time is over, with all that it has started', async () => {
    const folder = temporaryFolder()
    const script =
      'sleep 600 & echo $! >>pids; trap "" TERM; sleep 600 & echo $! >>pids; echo $$ >>pids; wait'
    const { outcome, settled } = runCanary(canaryOf(sh(script), { timeoutMs: 1500 }), launchIn(folder), never)
    expect(await outcome).toMatchObject({ ok: false, message: 'no result within 1500 ms' })
    await settled
    const pids = readFileSync(join(folder, 'pids'), 'utf8').trim().split('\n').map(Number)
    expect(pids).toHaveLength(3)
    await until(() => pids.every((pid) => !lives(pid)), 'the whole group to be gone')
  })

  it('leaves nothing behind when it ends by itself', async () => {
    const folder = temporaryFolder()
    expect(await run(sh('sleep 600 & echo $! >pid'), {}, folder)).toMatchObject({ ok: true })
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'))
    await until(() => !lives(pid), 'what it started to be gone')
  })
})

async function eventually(done: () => Promise<boolean>, what: string, ms = 60_000): Promise<void> {
  const end = Date.now() + ms
  while (!(await done())) {
    if (Date.now() > end) throw new Error(`no sign of ${what} within ${ms} ms`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** A zombie that its parent has not waited for does not count. */
function lives(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

describe('a file', () => {
  it('is written, read and deleted in the folder; what was left of a killed run goes', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, '.bellwether-canary-test1-SERVER'), 'left')
    expect(await run({ kind: 'file', folder })).toMatchObject({ ok: true })
    expect(readdirSync(folder)).toEqual([])
  })

  it('fails where nothing can be written, and follows no link', async () => {
    const folder = temporaryFolder()
    const gone = await run({ kind: 'file', folder: join(folder, 'none') })
    expect(gone).toMatchObject({ ok: false, message: expect.stringMatching(/none.*(No such|nonexistent)/i) })
    // A folder in the file's place cannot be removed and not be written.
    mkdirSync(join(folder, '.bellwether-canary-test1-SERVER'))
    expect(await run({ kind: 'file', folder })).toMatchObject({ ok: false })
  })
})

describe('HTTP', () => {
  it('is well with an expected status and text; says what there was otherwise', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/slow') return
      if (request.url === '/endless') {
        response.write('x'.repeat(300_000))
        return
      }
      response.writeHead(request.url === '/moved' ? 302 : request.url === '/down' ? 503 : 200, {
        location: '/elsewhere',
      })
      response.end('all systems go')
    })
    expect(await run({ kind: 'http', url })).toMatchObject({ ok: true })
    expect(await run({ kind: 'http', url, contains: 'systems go' })).toMatchObject({ ok: true })
    expect(await run({ kind: 'http', url: `${url}/moved`, status: [302] })).toMatchObject({ ok: true })
    expect(await run({ kind: 'http', url: `${url}/moved` })).toMatchObject({ ok: false, message: 'HTTP 302' })
    expect(await run({ kind: 'http', url: `${url}/down` })).toMatchObject({ ok: false, message: 'HTTP 503' })
    expect(await run({ kind: 'http', url, contains: 'red' })).toMatchObject({ ok: false })
    // An answer that never ends is judged by its beginning.
    expect(await run({ kind: 'http', url: `${url}/endless`, contains: 'xxx' })).toMatchObject({ ok: true })
    const slow = await run({ kind: 'http', url: `${url}/slow` }, { timeoutMs: 300 })
    expect(slow).toMatchObject({ ok: false, message: 'no result within 300 ms' })
    const port = await freePort()
    const refused = await run({ kind: 'http', url: `http://127.0.0.1:${port}` })
    expect(refused).toMatchObject({ ok: false, message: expect.stringContaining('ECONNREFUSED') })
  })
})

/** NameNode and DataNode in one, as far as WebHDFS's documentation says what they answer. */
function webHdfs(files: Map<string, string>, state: { standby?: boolean; broken?: string }): RequestListener {
  return (request, response) => {
    const url = new URL(request.url!, 'http://x')
    const op = url.searchParams.get('op')
    const path = url.pathname.replace('/webhdfs/v1', '')
    const json = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    const refuse = (exception: string, message: string) =>
      json(403, { RemoteException: { exception, javaClassName: `x.${exception}`, message } })
    if (state.standby)
      return void refuse('StandbyException', 'Operation category WRITE is not supported in state standby')
    if (url.searchParams.get('user.name') !== 'hdfs') return void refuse('SecurityException', 'who are you')
    const atDataNode = url.searchParams.has('datanode')
    if (state.broken === op && (op === 'CREATE' || atDataNode))
      return void refuse('SafeModeException', 'Name node is in safe mode.\nMore of it')
    if (op === 'DELETE') return void json(200, { boolean: files.delete(path) })
    if (!atDataNode) {
      url.searchParams.set('datanode', '1')
      return void response
        .writeHead(307, { location: `http://${request.headers.host}${url.pathname}${url.search}` })
        .end()
    }
    if (op === 'OPEN') return void response.end(files.get(path))
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      files.set(path, body)
      response.writeHead(201).end()
    })
  }
}

describe('WebHDFS', () => {
  it('writes, reads and deletes a file, at the NameNode that is active', async () => {
    const files = new Map<string, string>()
    const made: string[] = []
    const set = files.set.bind(files)
    files.set = (path, text) => {
      made.push(path)
      return set(path, text)
    }
    const standby = await serve(webHdfs(files, { standby: true }))
    const active = await serve(webHdfs(files, {}))
    const check = { kind: 'webhdfs', path: '/tmp/.bellwether_canary', user: 'hdfs' } as const
    expect(await run({ ...check, urls: [standby, active] })).toMatchObject({ ok: true })
    expect(made).toHaveLength(1)
    expect(made[0]).toMatch(/^\/tmp\/\.bellwether_canary\/canary-[0-9a-f]{16}$/)
    expect(files.size).toBe(0)
    const none = await run({ ...check, urls: [standby] })
    expect(none).toMatchObject({ ok: false, message: expect.stringContaining('StandbyException') })
  })

  it('says what the NameNode says, and leaves nothing behind', async () => {
    const files = new Map<string, string>()
    const state = { broken: 'CREATE' }
    const url = await serve(webHdfs(files, state))
    const check: CanaryCheck = { kind: 'webhdfs', path: '/tmp/c', user: 'hdfs', urls: [url] }
    expect((await run(check)).message).toMatch(/creating: SafeModeException: Name node is in safe mode\.$/)
    state.broken = 'OPEN'
    expect((await run(check)).message).toMatch(/reading: SafeModeException/)
    expect(files.size).toBe(0)
  })
})

describe('ZooKeeper', () => {
  it('is not taken for well when something else answers, or nobody', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {})
      socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const at = `127.0.0.1:${(server.address() as AddressInfo).port}`
    const check = { kind: 'zookeeper', path: '/bellwether_canary' } as const
    expect(await run({ ...check, servers: [at] })).toMatchObject({
      ok: false,
      message: expect.stringContaining('no ZooKeeper'),
    })
    const closed = `127.0.0.1:${await freePort()}`
    const both = await run({ ...check, servers: [closed, at] })
    expect(both.message).toMatch(new RegExp(`${closed}: .*ECONNREFUSED.*; ${at}`))
  })
})

const CLASSES = '/usr/share/java'
const missing = [
  ...(existsSync(join(CLASSES, 'zookeeper.jar')) ? [] : ['the package libzookeeper-java']),
  ...(hasJava() ? [] : ['a Java runtime']),
]
if (missing.length > 0)
  console.warn(`NOT TESTED: canaries on a real ZooKeeper, for want of ${missing.join(' and ')}`)

function hasJava(): boolean {
  try {
    execFileSync('java', ['-version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe.skipIf(missing.length > 0)('a real ZooKeeper', () => {
  let port = 0
  let server: ReturnType<typeof spawn>
  const folder = join(process.env.TMPDIR ?? '/tmp', `bellwether-canary-zk-${process.pid}`)

  beforeAll(async () => {
    port = await freePort()
    mkdirSync(join(folder, 'data'), { recursive: true })
    const settings = `dataDir=${folder}/data\nclientPort=${port}\nclientPortAddress=127.0.0.1\ntickTime=500\nadmin.enableServer=false\n`
    writeFileSync(join(folder, 'zoo.cfg'), settings)
    const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'
    server = spawn(
      'java',
      [
        '-Xmx64m',
        '-XX:TieredStopAtLevel=1',
        '-XX:+UseSerialGC',
        '-cp',
        `${CLASSES}/*`,
        main,
        join(folder, 'zoo.cfg'),
      ],
      {
        stdio: 'ignore',
      },
    )
  })

  afterAll(async () => {
    const ended = new Promise((resolve) => server.once('exit', resolve))
    server.kill('SIGKILL')
    await ended
    execFileSync('rm', ['-rf', folder])
  })

  const check = (): CanaryCheck => ({
    kind: 'zookeeper',
    servers: [`127.0.0.1:${port}`],
    path: '/bellwether/canary',
  })

  it('answers with a duration; stopped, it fails within its time; going on, it is well again', async () => {
    await eventually(async () => (await run(check(), { timeoutMs: 5_000 })).ok, 'the server to serve', 60_000)
    const role: RoleEntity = roleOf(canaryOf(check(), { timeoutMs: 4_000 }))
    const { lines, logger } = recordingLogger()
    const failures = createCheckFailures()
    const watch = createCanaries({
      roles: () => [role],
      launchOf: () => launchIn(folder),
      failures,
      logger,
      tickMs: 20,
      random: () => 0,
    })
    onTestFinished(() => watch.stop())
    const seen = new Map<string, number>()
    const status = async (wanted: number) => {
      for (const [name, value] of await collectOnce(watch)) seen.set(name, value)
      return seen.get('role1 test_status') === wanted
    }
    await eventually(() => status(1), 'a good run')
    expect(seen.get('role1 test_duration')).toBeGreaterThan(0)
    expect(seen.get('role1 test_duration')).toBeLessThan(4_000)
    // Each result is told once.
    expect(watch.results()).toMatchObject([{ role: 'role1', name: 'TEST_CANARY', ok: true }])

    server.kill('SIGSTOP')
    await eventually(() => status(0), 'a bad run')
    expect(seen.get('role1 test_duration')).toBeGreaterThan(1_000)
    expect(watch.results()[0]!.message).toMatch(/no (result|answer) within [34]\d{3} ms/)
    expect(lines.map(({ msg }) => msg)).toEqual(['A canary has failed'])
    expect(failures.of(7)).toEqual([{ metric: 'test_status', message: watch.results()[0]!.message }])

    server.kill('SIGCONT')
    await eventually(() => status(1), 'a good run again')
    expect(lines.map(({ msg }) => msg)).toEqual(['A canary has failed', 'A canary goes well again'])
    expect(failures.of(7)).toEqual([])
  }, 120_000)

  it('is asked as a whole: one that is stopped costs its share of the time', async () => {
    const silent = createTcpServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void silent.close())
    const first = `127.0.0.1:${(silent.address() as AddressInfo).port}`
    const both = { ...check(), servers: [first, `127.0.0.1:${port}`] } as CanaryCheck
    const outcome = await run(both, { timeoutMs: 6_000 })
    expect(outcome).toMatchObject({ ok: true })
    expect(outcome.durationMs).toBeGreaterThan(2_900)
  })
})

function roleOf(canary: DesiredCanary, startedAt = 0): RoleEntity {
  const entity = { category: 'ROLE', name: 'role1', attributes: {} }
  return {
    process: { id: 7, name: '7-test1-SERVER', canaries: [canary] } as RoleEntity['process'],
    entity,
    figures: { entity, unexpectedExits: 0, restarts: 0, running: { pid: 1, start: '1', startedAt } },
  }
}

describe('the canaries of a host', () => {
  it('run only while the role does, never one twice at a time, and are killed when they are no longer wanted', async () => {
    const folder = temporaryFolder()
    let roles = [roleOf(canaryOf(sh('echo $$ >>pids; sleep 600')))]
    const { logger } = recordingLogger()
    const watch = createCanaries({
      roles: () => roles,
      launchOf: () => launchIn(folder),
      logger,
      tickMs: 10,
      random: () => 0,
    })
    onTestFinished(() => watch.stop())
    const pids = () =>
      existsSync(join(folder, 'pids'))
        ? readFileSync(join(folder, 'pids'), 'utf8').trim().split('\n').map(Number)
        : []
    await until(() => pids().length > 0, 'the canary to run')
    // The same again by another desired state: it goes on.
    roles = [roleOf(canaryOf(sh('echo $$ >>pids; sleep 600')))]
    await eventually(async () => (await collectOnce(watch)).size === 0 && lives(pids()[0]!), 'it goes on')
    roles = []
    await until(() => !lives(pids()[0]!), 'it to be killed')
    expect(pids()).toHaveLength(1)
    expect((await collectOnce(watch)).size).toBe(0)
  })

  it('hold back failures of a role that is just starting, and tell success', async () => {
    const folder = temporaryFolder()
    const role = roleOf(canaryOf(sh('[ -e up ]'), { startupSeconds: 3600 }), Date.now())
    const { lines, logger } = recordingLogger()
    const watch = createCanaries({
      roles: () => [role],
      launchOf: () => launchIn(folder),
      logger,
      tickMs: 10,
      random: () => 0,
    })
    onTestFinished(() => watch.stop())
    await until(() => watch.results()[0]?.ok === false, 'a failure')
    expect((await collectOnce(watch)).size).toBe(0)
    expect(lines).toEqual([])
    writeFileSync(join(folder, 'up'), '')
    await eventually(async () => (await collectOnce(watch)).get('role1 test_status') === 1, 'success')
  })
})

it('an agent sends the results of what its manager wants, as metrics of the role', async () => {
  const receiver = await startReceiver()
  const manager = await startManager()
  const { agent } = await startManagedAgent(manager, { intervalMs: 1000, monitorUrl: receiver.url })
  const entity = { name: 'role1', attributes: { roleName: 'role1' } }
  const canaries = [
    { ...canaryOf(sh('[ -d logs ]')), name: 'GOOD_ONE', status: 'good_status', duration: 'good_duration' },
    { ...canaryOf(sh('echo no luck; exit 1')), name: 'BAD_ONE', status: 'bad_status' },
  ]
  manager.want(state([wanted(1, 'sleep', ['600'], { entity, canaries })]))
  const found = new Map<string, number>()
  await until(() => {
    for (const one of receiver.received.splice(0))
      for (const { entity: name, metric, value } of decodeBatch(bodyOf(one)).samples)
        if (name === 'role1') found.set(metric, value)
    return found.has('good_status') && found.has('bad_status')
  }, 'both results')
  expect(found.get('good_status')).toBe(1)
  expect(found.get('good_duration')).toBeGreaterThan(0)
  expect(found.get('bad_status')).toBe(0)
  const results = agent.status().manager!.canaries
  expect(results.find(({ name }) => name === 'BAD_ONE')).toMatchObject({
    role: 'role1',
    ok: false,
    message: 'exit code 1: no luck',
  })
})

it('a canary of a kind that this agent does not know costs neither the others nor the process', () => {
  const known = canaryOf({ kind: 'file', folder: '/data' })
  expect(
    canaries(
      [
        { ...known, check: { kind: 'telepathy' } },
        known,
        { ...known, check: { kind: 'file', folder: '../x' } },
      ],
      '',
    ),
  ).toEqual([known])
  const process = { id: 1, name: '1-a-B', program: 'true', canaries: [{ check: { kind: 'new' } }] }
  expect(desiredProcess(process, '').canaries).toEqual([])
})
