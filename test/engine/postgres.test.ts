import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPostgres, type Postgres } from '../../src/engine/index.js'
import { chooseAccount } from '../../src/engine/postgres-account.js'
import { isAlive, silent, until } from './support.js'

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end().catch(() => {})
  }
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-postgres-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('the embedded PostgreSQL', () => {
  let postgres: Postgres
  beforeAll(async () => {
    postgres = await openPostgres({ dataDir: folder, logger: silent })
  })
  afterAll(() => postgres?.stop())

  test('answers on loopback alone, and keeps its secrets to its owner', async () => {
    expect(postgres).toMatchObject({ embedded: true, version: expect.stringMatching(/^18\./) })
    expect(new URL(postgres.url).hostname).toBe('127.0.0.1')
    const [row] = await query(
      postgres.url,
      'select 1 + 1 as two, current_setting($$listen_addresses$$) as addresses',
    )
    expect(row).toEqual({ two: 2, addresses: '127.0.0.1' })
    for (const file of ['password', 'url']) {
      expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600)
      expect((await readFile(join(folder, file), 'utf8')).trim()).not.toBe('')
    }
    expect((await stat(join(folder, 'pgdata'))).mode & 0o077).toBe(0)
    const password = new URL(postgres.url).password
    const { pid } = postgres
    for (const each of await readdir('/proc')) {
      const line = await readFile(`/proc/${each}/cmdline`, 'latin1').catch(() => '')
      expect(line).not.toContain(password)
    }
    expect(isAlive(pid!)).toBe(true)
  })

  test('refuses a wrong password', async () => {
    const wrong = new URL(postgres.url)
    wrong.password = 'wrong'
    await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' })
  })

  test('a second program on the folder is told who has it and how to share', async () => {
    await expect(openPostgres({ dataDir: folder, logger: silent })).rejects.toMatchObject({
      code: 'folder-in-use',
      message: expect.stringContaining('--database-url'),
    })
    const shared = await openPostgres({
      url: (await readFile(join(folder, 'url'), 'utf8')).trim(),
      dataDir: '/nonexistent',
      logger: silent,
    })
    expect(shared).toMatchObject({ embedded: false, pid: undefined })
    await shared.stop()
  })

  test('comes back with all data and on the same port when its process is killed', async () => {
    await query(postgres.url, 'create table kept (n int)')
    await query(postgres.url, 'insert into kept values (1), (2)')
    const { url, pid } = postgres
    const states: string[] = []
    const off = postgres.onState(({ state, error }) => states.push(error ? `${state}: ${error.code}` : state))
    process.kill(pid!, 'SIGKILL')
    await until(
      'the restart',
      () => postgres.state() === 'running' && postgres.pid !== pid && states.length > 1,
    )
    off()
    expect(states).toEqual(['restarting: exited', 'running'])
    expect(postgres.url).toBe(url)
    expect(await query(postgres.url, 'select n from kept order by n')).toEqual([{ n: 1 }, { n: 2 }])
  })

  test('is replaced when its watcher is killed', async () => {
    const { pid } = postgres
    const parent = Number(/^PPid:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'latin1'))![1])
    process.kill(parent, 'SIGKILL')
    await until(
      'the restart',
      () => postgres.state() === 'running' && ![pid, undefined].includes(postgres.pid),
    )
    expect(isAlive(pid!)).toBe(false)
    expect(await query(postgres.url, 'select count(*)::int as n from kept')).toEqual([{ n: 2 }])
  })

  test('stops once and for all, and starts again with its data', async () => {
    const { pid } = postgres
    await Promise.all([postgres.stop(), postgres.stop()])
    expect(postgres.state()).toBe('stopped')
    expect(isAlive(pid!)).toBe(false)
    postgres = await openPostgres({ dataDir: folder, logger: silent })
    expect(await query(postgres.url, 'select count(*)::int as n from kept')).toEqual([{ n: 2 }])
  })
})

describe.runIf(process.getuid?.() === 0)('as root', () => {
  const ownerOfData = async (dataDir: string) => {
    const postgres = await openPostgres({ dataDir, logger: silent })
    expect(await query(postgres.url, 'select 1 as one')).toEqual([{ one: 1 }])
    const program = await readFile(`/proc/${postgres.pid}/status`, 'utf8')
    await postgres.stop()
    const { uid } = await stat(join(dataDir, 'pgdata'))
    return { uid, runsAs: Number(/^Uid:\s+(\d+)/m.exec(program)![1]) }
  }

  test('the data behind a closed door stay root’s own, and the server is not root to itself', async () => {
    const closed = await mkdtemp(join(tmpdir(), 'bellwether-closed-'))
    const dataDir = join(closed, 'data')
    // Seen from outside it is root; from inside its user namespace it is not, or it would not have started.
    expect(await ownerOfData(dataDir)).toEqual({ uid: 0, runsAs: 0 })
    await rm(closed, { recursive: true })
  })

  test('where the user postgres can get through, it owns the data, and runs the server', async () => {
    const passwd = await readFile('/etc/passwd', 'utf8')
    const postgres = Number(/^postgres:[^:]*:(\d+):/m.exec(passwd)?.[1] ?? 0)
    const open = await mkdtemp(join(tmpdir(), 'bellwether-open-'))
    await chmod(open, 0o755)
    const dataDir = join(open, 'data')
    expect(await ownerOfData(dataDir)).toEqual({ uid: postgres, runsAs: postgres })
    for (const file of ['password', 'url']) expect((await stat(join(dataDir, file))).uid).toBe(0)
    await rm(open, { recursive: true })
  })

  test('data that exist are run by their owner', async () => {
    const open = await mkdtemp(join(tmpdir(), 'bellwether-owned-'))
    await mkdir(join(open, 'pgdata'))
    await chown(join(open, 'pgdata'), 65_534, 65_534)
    await chmod(open, 0o755)
    expect(await chooseAccount(open)).toEqual({ kind: 'switch', uid: 65_534, gid: 65_534 })
    await rm(open, { recursive: true })
  })

  test('behind a closed door without user namespaces, as in a container, it gets through and is not root', async () => {
    const closed = await mkdtemp(join(tmpdir(), 'bellwether-container-'))
    // Such containers refuse the system call; here its program does.
    await writeFile(join(closed, 'unshare'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
    const path = process.env.PATH
    process.env.PATH = `${closed}:${path}`
    try {
      const first = await ownerOfData(join(closed, 'data'))
      expect(first.runsAs).toBeGreaterThan(0)
      expect(first.uid).toBe(first.runsAs)
      expect(await ownerOfData(join(closed, 'data'))).toEqual(first)
    } finally {
      process.env.PATH = path
      await rm(closed, { recursive: true })
    }
  })
})

test('a full disk is told before and during a start', async (context) => {
  const disk = await mkdtemp(join(tmpdir(), 'bellwether-full-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=120m', 'tmpfs', disk], { stdio: 'ignore' })
  } catch {
    context.skip('needs the right to mount a file system')
  }
  let postgres: Postgres | undefined
  try {
    await writeFile(join(disk, 'ballast'), Buffer.alloc(100 * 1024 ** 2))
    const dataDir = join(disk, 'data')
    await expect(openPostgres({ dataDir, logger: silent })).rejects.toMatchObject({ code: 'disk-full' })
    await rm(join(disk, 'ballast'))
    postgres = await openPostgres({ dataDir, logger: silent })
    const { url } = postgres
    await query(url, 'create table kept (n int)')
    await query(url, 'insert into kept values (1)')
    await expect(
      query(
        url,
        'create table big as select md5(i::text) || md5((i + 1)::text) from generate_series(1, 3000000) i',
      ),
    ).rejects.toThrow(/space/)
    const answers = () =>
      query(url, 'select n from kept').then(
        (rows) => rows.length === 1,
        () => false,
      )
    await until('answers', answers)
    expect(postgres.state()).toBe('running')
  } finally {
    await postgres?.stop()
    execFileSync('umount', [disk])
    await rm(disk, { recursive: true })
  }
})

describe('a parent that is killed', () => {
  const start = async (dataDir: string) => {
    const parent = spawn(
      process.execPath,
      [fileURLToPath(new URL('postgres-parent.js', import.meta.url)), dataDir],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const [line] = await once(parent.stdout!.setEncoding('utf8'), 'data')
    const { pid } = JSON.parse(line) as { pid: number }
    return { parent, pid }
  }

  test('leaves no PostgreSQL behind, and the next one starts at once', async () => {
    const { parent, pid } = await start(folder)
    parent.kill('SIGKILL')
    await until('its end', () => !isAlive(pid))
    const next = await openPostgres({ dataDir: folder, logger: silent })
    await next.stop()
  })

  test('together with the watcher leaves a PostgreSQL that the next one ends', async () => {
    const { parent, pid } = await start(folder)
    const watcher = Number(/^PPid:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'latin1'))![1])
    parent.kill('SIGSTOP')
    process.kill(watcher, 'SIGKILL')
    parent.kill('SIGKILL')
    await until('the end of the watcher', () => !isAlive(watcher))
    expect(isAlive(pid)).toBe(true)
    const next = await openPostgres({ dataDir: folder, logger: silent })
    expect(isAlive(pid)).toBe(false)
    expect(await query(next.url, 'select count(*)::int as n from kept')).toEqual([{ n: 2 }])
    await next.stop()
  })
})

describe('a server by URL', () => {
  test.each([
    ['http://host/db', 'not a PostgreSQL URL'],
    ['postgresql://u:secret@host:99999/db', 'is not a host with a port'],
    ['postgresql://u:secret@host/db?options=-c', 'the setting options is not known'],
    ['postgresql://:secret@host/db', 'it names no user'],
  ])('%s is refused without its password', async (url, reason) => {
    const error = await openPostgres({ url, dataDir: '', logger: silent }).catch((each) => each)
    expect(error).toMatchObject({ code: 'url-invalid', message: expect.stringContaining(reason) })
    expect(error.message).not.toContain('secret')
  })

  test('that does not answer is named, each host with its reason', async () => {
    const url = 'postgresql://u:secret@127.0.0.1:1,127.0.0.1:2/db'
    await expect(openPostgres({ url, dataDir: '', logger: silent })).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/127\.0\.0\.1:1: .*127\.0\.0\.1:2: /),
    })
  })
})
