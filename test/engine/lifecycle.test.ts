import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { EngineError, type EngineStateChange, openEngine } from '../../src/engine/index.js'
import { isAlive, silent, startTestEngine, type TestEngine, testClient, until } from './support.js'

let folder: string
const open: TestEngine[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-lifecycle-'))
})
afterEach(async () => {
  for (const engine of open.splice(0)) await engine.cleanUp()
  await rm(folder, { recursive: true, force: true })
})

async function start(options: Parameters<typeof startTestEngine>[0] = {}): Promise<TestEngine> {
  const started = await startTestEngine({ dataDir: folder, ...options })
  open.push(started)
  return started
}

async function count(started: TestEngine): Promise<number> {
  const result = await started.client.query({ query: 'SELECT count() AS n FROM bw.t', format: 'JSONEachRow' })
  return Number((await result.json<{ n: number }>())[0]!.n)
}

async function createTable({ client }: TestEngine): Promise<void> {
  await client.command({ query: 'CREATE DATABASE bw' })
  await client.command({ query: 'CREATE TABLE bw.t (a UInt64) ENGINE = MergeTree ORDER BY a' })
}

test('a stopped engine leaves no process and no lock; a second start finds the data and the password again', async () => {
  const first = await start()
  await createTable(first)
  await first.client.command({ query: 'INSERT INTO bw.t SELECT number FROM numbers(1000)' })
  const pid = first.engine.pid!
  const states: string[] = []
  first.engine.onState(({ state }) => states.push(state))

  await Promise.all([first.engine.stop(), first.engine.stop()])
  await first.engine.stop()

  expect(isAlive(pid)).toBe(false)
  expect(first.engine.pid).toBeUndefined()
  expect(first.engine.memoryBytes()).toBeUndefined()
  expect(first.engine.state()).toBe('stopped')
  expect(states).toEqual(['stopped'])

  const second = await start()
  expect(second.engine.connection.password).toBe(first.engine.connection.password)
  expect(await count(second)).toBe(1000)
})

test('killed under load, it comes back on the same port with every acknowledged row', async () => {
  const started = await start()
  await createTable(started)
  const { engine, client } = started
  const before = { ...engine.connection }
  const pid = engine.pid!
  const changes: EngineStateChange[] = []
  engine.onState((change) => changes.push(change))

  let acknowledged = 0
  let writing = true
  const writer = (async () => {
    while (writing) {
      await client.command({ query: 'INSERT INTO bw.t SELECT number FROM numbers(10000)' }).then(
        () => acknowledged++,
        () => new Promise((resolve) => setTimeout(resolve, 10)),
      )
    }
  })()
  await until('five inserts', () => acknowledged >= 5)
  process.kill(pid, 'SIGKILL')
  await until('it runs again', () => engine.state() === 'running' && changes.length >= 2)
  const atRestart = acknowledged
  await until('inserts go on', () => acknowledged > atRestart)
  writing = false
  await writer

  expect(changes.map(({ state }) => state)).toEqual(['restarting', 'running'])
  expect(changes[0]!.error).toMatchObject({ code: 'exited' })
  expect(changes[0]!.error!.message).toContain(folder)
  expect(changes[1]!.connectionChanged).toBe(false)
  expect(engine.connection).toEqual(before)
  expect(engine.pid).not.toBe(pid)
  const rows = await count(started)
  expect(rows % 10000).toBe(0)
  // The insert in flight at the kill may be in, unacknowledged.
  expect(rows / 10000 - acknowledged).toBeGreaterThanOrEqual(0)
  expect(rows / 10000 - acknowledged).toBeLessThanOrEqual(1)
})

test('when its port is lost across a restart, it takes another and says so', async () => {
  const started = await start()
  const { engine } = started
  const before = engine.connection
  const port = Number(new URL(before.url).port)
  const changes: EngineStateChange[] = []
  engine.onState((change) => changes.push(change))

  process.kill(engine.pid!, 'SIGKILL')
  const thief = createServer((socket) => socket.end('HTTP/1.1 500 Not Yours\r\ncontent-length: 0\r\n\r\n'))
  try {
    await until('the port is stolen', () => tryListen(thief, port))
    await until('it runs again', () => changes.some(({ state }) => state === 'running'))
  } finally {
    thief.close()
  }
  expect(changes.at(-1)).toEqual({ state: 'running', connectionChanged: true })
  expect(engine.connection.url).not.toBe(before.url)
  const client = testClient(engine)
  expect((await client.ping()).success).toBe(true)
  await client.close()
})

test('an engine that lives but does not answer is replaced', async () => {
  const started = await start({ watchIntervalMs: 100 })
  const { engine } = started
  const pid = engine.pid!
  process.kill(pid, 'SIGSTOP')
  await until(
    'it is replaced',
    () => engine.state() === 'running' && engine.pid !== undefined && engine.pid !== pid,
  )
  expect(isAlive(pid)).toBe(false)
  await until('it answers', async () => (await started.client.ping()).success)
})

test('a frozen engine is stopped all the same', async () => {
  const started = await start()
  const pid = started.engine.pid!
  process.kill(pid, 'SIGSTOP')
  await started.engine.stop()
  expect(isAlive(pid)).toBe(false)
})

test('Ctrl-C in the terminal reaches the parent, not the engine', async () => {
  const parent = spawn(process.execPath, [join(import.meta.dirname, 'parent-process.js'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const exited = once(parent, 'exit')
  try {
    const [line] = (await once(parent.stdout!, 'data')) as [Buffer]
    const { pid, url } = JSON.parse(line.toString()) as { pid: number; url: string }
    process.kill(-parent.pid!, 'SIGINT')
    const [answer] = (await Promise.race([once(parent.stdout!, 'data'), exited])) as [unknown]
    expect(String(answer)).toBe('interrupted\n')
    expect(isAlive(pid)).toBe(true)
    expect((await fetch(`${url}/ping`)).ok).toBe(true)
  } finally {
    parent.kill('SIGKILL')
    await exited
  }
})

test('merges give way to queries and inserts', async () => {
  const started = await start()
  await createTable(started)
  const merges = () => {
    const tasks = `/proc/${started.engine.pid}/task`
    return readdirSync(tasks)
      .filter((id) => readFileSync(join(tasks, id, 'comm'), 'latin1') === 'MergeMutate\n')
      .map((id) => ({
        nice: getPriority(Number(id)),
        // proc(5): field 41 of stat; those behind the name in parentheses begin with the third.
        policy: readFileSync(join(tasks, id, 'stat'), 'latin1')
          .replace(/^.*\) /, '')
          .split(' ')[38],
      }))
  }
  const SCHED_IDLE = '5'
  await until(
    'merge threads are niced, and idle',
    () => merges().length > 0 && merges().every(({ nice, policy }) => nice === 15 && policy === SCHED_IDLE),
  )
})

test('settings of the operator in config.d and users.d win', async () => {
  await mkdir(join(folder, 'config.d'))
  await mkdir(join(folder, 'users.d'))
  await writeFile(
    join(folder, 'config.d', 'mine.xml'),
    '<clickhouse><background_pool_size>3</background_pool_size></clickhouse>',
  )
  await writeFile(
    join(folder, 'users.d', 'mine.xml'),
    '<clickhouse><profiles><default><max_execution_time>77</max_execution_time></default></profiles></clickhouse>',
  )
  const { client } = await start()
  const result = await client.query({
    query: `SELECT value FROM system.server_settings WHERE name = 'background_pool_size'
            UNION ALL SELECT value FROM system.settings WHERE name = 'max_execution_time' ORDER BY value`,
    format: 'JSONEachRow',
  })
  expect(await result.json()).toEqual([{ value: '3' }, { value: '77' }])
})

test('a parent killed with SIGKILL leaves no orphan, and the next one gets the folder at once', async () => {
  const parent = spawn(process.execPath, [join(import.meta.dirname, 'parent-process.js'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(parent, 'exit')
  const [line] = (await once(parent.stdout!, 'data')) as [Buffer]
  const { pid } = JSON.parse(line.toString()) as { pid: number }
  expect(isAlive(pid)).toBe(true)

  parent.kill('SIGKILL')
  await exited
  const next = await start()
  expect((await next.client.ping()).success).toBe(true)
  expect(isAlive(pid)).toBe(false)
})

test('a folder that another process uses is refused by name, and the other one goes on', async () => {
  const first = await start()
  const failure = await openEngine({ dataDir: folder, logger: silent }).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(EngineError)
  expect(failure).toMatchObject({ code: 'folder-in-use' })
  expect((failure as Error).message).toContain(
    `The data folder ${folder} is in use by another running process`,
  )
  expect((await first.client.ping()).success).toBe(true)
  // The one refused must not have rewritten the configuration of the one that runs.
  process.kill(first.engine.pid!, 'SIGKILL')
  await until('it runs again', async () => (await first.client.ping()).success)
})

test('an aborted start leaves no process', async () => {
  const abort = new AbortController()
  const opening = openEngine({ dataDir: folder, logger: silent, signal: abort.signal }).catch(
    (error: unknown) => error,
  )
  setTimeout(() => abort.abort(), 20)
  expect(await opening).toMatchObject({ code: 'aborted' })
  const next = await start()
  expect((await next.client.ping()).success).toBe(true)
})

test('stopped while it restarts, it stays stopped', async () => {
  const { engine } = await start()
  const states: string[] = []
  engine.onState(({ state }) => states.push(state))
  process.kill(engine.pid!, 'SIGKILL')
  await until('it restarts', () => engine.state() === 'restarting')
  await engine.stop()
  expect(states).toEqual(['restarting', 'stopped'])
  expect(engine.pid).toBeUndefined()
})

test('a start that takes too long is given up with a clear error', async () => {
  const failure = await openEngine({ dataDir: folder, logger: silent, startTimeoutMs: 1 }).catch(
    (e: unknown) => e,
  )
  expect(failure).toMatchObject({ code: 'start-timeout' })
  expect((failure as Error).message).toContain(folder)
})

test('the native TCP port is there when it is asked for', async () => {
  const { engine } = await start({ listenTcp: true })
  const port = engine.connection.tcpPort!
  expect(port).toBeGreaterThan(0)
  const answer = await fetch(`http://127.0.0.1:${port}/`).then((response) => response.text())
  // ClickHouse answers HTTP on its native port with this hint.
  expect(answer).toContain(`Port ${port} is for clickhouse-client program`)
})

function tryListen(server: ReturnType<typeof createServer>, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
}
