import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EngineLogger, READ_SETTINGS, WRITE_SETTINGS } from '../../src/engine/index.js'
import { startTestEngine, type TestEngine, until } from './support.js'

let started: TestEngine
const logged: object[] = []
const recorder: EngineLogger = {
  debug() {},
  info() {},
  warn: (fields) => logged.push(fields),
  error: (fields) => logged.push(fields),
}
beforeAll(async () => {
  started = await startTestEngine({ logger: recorder })
  await started.client.command({ query: 'CREATE DATABASE bw' })
})
afterAll(() => started?.cleanUp())

async function select<Row>(query: string): Promise<Row[]> {
  const result = await started.client.query({
    query,
    format: 'JSONEachRow',
    clickhouse_settings: READ_SETTINGS,
  })
  return result.json<Row>()
}

test('a fresh engine takes a table and gives its rows back', async () => {
  const { client } = started
  await client.command({ query: 'CREATE TABLE bw.t (a UInt64) ENGINE = MergeTree ORDER BY a' })
  await client.insert({
    table: 'bw.t',
    values: [{ a: 1 }, { a: 2 }],
    format: 'JSONEachRow',
    clickhouse_settings: WRITE_SETTINGS,
  })
  expect(await select('SELECT sum(a) AS s FROM bw.t')).toEqual([{ s: 3 }])
})

test('a backup goes into the folder beside the data, comes back under another name, and goes nowhere else', async () => {
  const { client, dataDir } = started
  await client.command({ query: 'CREATE TABLE bw.kept (a UInt64) ENGINE = MergeTree ORDER BY a' })
  await client.command({ query: 'INSERT INTO bw.kept VALUES (7)' })
  await client.command({ query: "BACKUP TABLE bw.kept TO File('monday')" })
  await client.command({ query: "RESTORE TABLE bw.kept AS bw.restored FROM File('monday')" })
  expect(await select('SELECT a FROM bw.restored')).toEqual([{ a: 7 }])
  expect((await stat(join(dataDir, 'backups', 'monday'))).isDirectory()).toBe(true)
  for (const path of ['/tmp/elsewhere', '../elsewhere'])
    await expect(client.command({ query: `BACKUP TABLE bw.kept TO File('${path}')` })).rejects.toThrow(
      /not allowed for backups/,
    )
})

test('the time zone is UTC whatever the machine says', async () => {
  expect(await select('SELECT timezone() AS tz')).toEqual([{ tz: 'UTC' }])
})

test('inserts are synchronous by default', async () => {
  const rows = await started.client.query({
    query:
      "SELECT name, value FROM system.settings WHERE name IN ('async_insert', 'log_queries') ORDER BY name",
    format: 'JSONEachRow',
  })
  expect(await rows.json()).toEqual([
    { name: 'async_insert', value: '0' },
    { name: 'log_queries', value: '0' },
  ])
})

test('the memory limit reaches the server, and the resident memory is known', async () => {
  const rows = await select<{ value: string }>(
    "SELECT value FROM system.server_settings WHERE name = 'max_server_memory_usage'",
  )
  expect(rows).toEqual([{ value: '1500000000' }])
  const resident = started.engine.memoryBytes()!
  expect(resident).toBeGreaterThan(50e6)
  expect(resident).toBeLessThan(1500e6)
})

test('no system table of the engine writes to disk', async () => {
  await started.client.command({ query: 'SYSTEM FLUSH LOGS' })
  expect(
    await select(
      "SELECT name FROM system.tables WHERE database = 'system' AND total_rows IS NOT NULL AND engine LIKE '%MergeTree%'",
    ),
  ).toEqual([])
})

describe('who may do what', () => {
  test('everything in the folder is for its owner only', async () => {
    const { dataDir } = started
    for (const folder of [dataDir, join(dataDir, 'data')])
      expect((await stat(folder)).mode & 0o777).toBe(0o700)
    for (const file of ['password', 'users.xml', 'config.xml'])
      expect((await stat(join(dataDir, file))).mode & 0o777).toBe(0o600)
  })

  test('the password stands in its file alone', async () => {
    const { dataDir, engine } = started
    const password = (await readFile(join(dataDir, 'password'), 'utf8')).trim()
    expect(password).toHaveLength(32)
    expect(engine.connection.password).toBe(password)
    for (const file of ['users.xml', 'config.xml'])
      expect(await readFile(join(dataDir, file), 'utf8')).not.toContain(password)
    for (const file of ['cmdline', 'environ'])
      expect(await readFile(`/proc/${engine.pid}/${file}`, 'latin1')).not.toContain(password)
  })

  test('nothing of our environment but a known few variables reaches the engine', async () => {
    const names = (await readFile(`/proc/${started.engine.pid}/environ`, 'latin1'))
      .split('\0')
      .filter((entry) => entry !== '')
      .map((entry) => entry.split('=')[0]!)
    const allowed = [
      'PATH',
      'HOME',
      'TMPDIR',
      'LANG',
      'LD_LIBRARY_PATH',
      'DYLD_LIBRARY_PATH',
      'NODE_PATH',
      'TZ',
    ]
    expect(names.filter((name) => !allowed.includes(name))).toEqual([])
  })

  test('the user without a password can read nothing', async () => {
    await started.client.command({ query: 'CREATE TABLE bw.secret (a UInt64) ENGINE = MergeTree ORDER BY a' })
    const { url } = started.engine.connection
    for (const query of [
      'SELECT * FROM bw.secret',
      'SELECT * FROM system.processes',
      "SELECT * FROM file('/etc/passwd', LineAsString)",
    ]) {
      const answer = await fetch(`${url}/?query=${encodeURIComponent(query)}`)
      expect(await answer.text(), query).toMatch(/ACCESS_DENIED/)
    }
  })

  test("the product's user reaches no file, no URL and no user management", async () => {
    for (const query of [
      "SELECT * FROM file('/etc/passwd', LineAsString)",
      "SELECT * FROM url('http://127.0.0.1:1/', LineAsString)",
      "CREATE USER mallory IDENTIFIED WITH plaintext_password BY 'x'",
    ])
      await expect(started.client.command({ query }), query).rejects.toThrow(/Not enough privileges/)
  })

  test('it listens on loopback only, and on no port that was not asked for', async () => {
    const port = Number(new URL(started.engine.connection.url).port)
    expect(started.engine.connection.tcpPort).toBeUndefined()
    const listening = await listeningSockets(started.engine.pid!)
    expect(listening).toEqual([{ address: '0100007F', port }])
  })
})

test('failed queries are told to whoever asked, and not to the log', async () => {
  for (const query of ['SELECT 1 FROM nope', 'no SQL at all'])
    await expect(started.client.command({ query })).rejects.toThrow()
  expect((await fetch(`${started.engine.connection.url}/?query=SELECT%201&user=mallory`)).status).toBe(403)
  // Something that does belong into the log comes after them in it.
  await started.client.command({
    query: 'CREATE TABLE bw.sick (a UInt64) ENGINE = MergeTree ORDER BY tuple()',
  })
  await started.client.command({ query: 'INSERT INTO bw.sick VALUES (1)' })
  await started.client.command({ query: 'ALTER TABLE bw.sick UPDATE a = throwIf(1) WHERE 1' }).catch(() => {})
  await until('the failed mutation is in the log', () => JSON.stringify(logged).includes('throwIf'))
  await started.client.command({ query: 'DROP TABLE bw.sick SYNC' })
  expect(JSON.stringify(logged[0])).toContain('throwIf(1_UInt8')
  expect(JSON.stringify(logged)).not.toMatch(/nope|no SQL|mallory/)
})

test('a read that its client gives up is ended in the engine', async () => {
  const abort = new AbortController()
  const running = () =>
    select<{ n: number }>(
      "SELECT count() AS n FROM system.processes WHERE query LIKE '%sipHash64(number)%' AND query NOT LIKE '%system.processes%'",
    ).then((rows) => Number(rows[0]!.n))
  const endless = started.client
    .query({
      query: 'SELECT sum(sipHash64(number)) FROM numbers(1000000000000)',
      format: 'JSONEachRow',
      clickhouse_settings: READ_SETTINGS,
      abort_signal: abort.signal,
    })
    .then(
      () => 'answered',
      () => 'given up',
    )
  await until('the query runs', async () => (await running()) === 1)
  abort.abort()
  expect(await endless).toBe('given up')
  await until('the query is gone', async () => (await running()) === 0)
})

/** From /proc/net/tcp, those that belong to the process. */
async function listeningSockets(pid: number): Promise<{ address: string; port: number }[]> {
  const { readdir, readlink } = await import('node:fs/promises')
  const inodes = new Set<string>()
  for (const fd of await readdir(`/proc/${pid}/fd`)) {
    const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1]
    if (inode) inodes.add(inode)
  }
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'latin1').catch(() => '')),
  )
  return tables
    .join('\n')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === '0A' && inodes.has(fields[9]!))
    .map((fields) => {
      const [address, port] = fields[1]!.split(':')
      return { address: address!, port: Number.parseInt(port!, 16) }
    })
}
