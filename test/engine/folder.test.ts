import { execFileSync } from 'node:child_process'
import { closeSync, openSync, statfsSync, writeSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type EngineStateChange, openEngine } from '../../src/engine/index.js'
import { checkOwnConfig } from '../../src/engine/own-config.js'
import { silent, startTestEngine, until } from './support.js'

let folder: string
let mounted = false

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-folder-'))
})
afterEach(async () => {
  if (mounted) execFileSync('umount', ['-l', folder])
  mounted = false
  await rm(folder, { recursive: true, force: true })
})

const canMount = mountWorks()
if (!canMount)
  console.warn(
    'SKIPPED: full disks and read-only file systems, because mounting a tmpfs is not permitted here',
  )

function mountWorks(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function mountTmpfs(options: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'bellwether-test', folder])
  mounted = true
}

const opening = (dataDir: string) =>
  openEngine({ dataDir, logger: silent }).then(
    async (engine) => {
      await engine.stop()
      throw new Error('It started')
    },
    (error: unknown) => error as Error,
  )

test('a data folder that is a file is refused by name', async () => {
  const file = join(folder, 'file')
  await writeFile(file, '')
  const failure = await opening(join(file, 'data'))
  expect(failure).toMatchObject({ code: 'folder-not-writable' })
  expect(failure.message).toContain(`The data folder ${join(file, 'data')} cannot be written`)
})

describe('a file of the operator with a compression of its own', () => {
  test.each([
    [
      'config.d',
      'a.xml',
      '<clickhouse>\n<!-- mine -->\n<compression><case><method>zstd</method></case></compression></clickhouse>',
    ],
    ['conf.d', 'b.yaml', 'merge_tree:\n  merge_selector_base: 5\ncompression:\n  case:\n    method: zstd\n'],
  ])('is refused with its path and what to do: %s/%s', async (within, name, text) => {
    await mkdir(join(folder, within), { recursive: true })
    const file = join(folder, within, name)
    await writeFile(file, text)
    const failure = await opening(folder)
    expect(failure).toMatchObject({ code: 'config-refused' })
    expect(failure.message).toContain(`${file} has a <compression> of its own`)
    expect(failure.message).toContain('Take the element out of that file')
  })

  test.each([
    '<clickhouse><!-- <compression> --><grpc><compression>deflate</compression></grpc></clickhouse>',
    '<clickhouse><compression remove="1"/></clickhouse>',
    '<clickhouse><compression',
  ])('is no other text in which the word is: %s', async (text) => {
    await mkdir(join(folder, 'config.d'), { recursive: true })
    await writeFile(join(folder, 'config.d', 'a.xml'), text)
    await expect(checkOwnConfig(folder)).resolves.toBeUndefined()
  })
})

test('two first starts at the same time: one gets the folder, and the password is one', async () => {
  const outcomes = await Promise.allSettled([1, 2].map(() => openEngine({ dataDir: folder, logger: silent })))
  const won = outcomes.filter((outcome) => outcome.status === 'fulfilled').map((outcome) => outcome.value)
  const lost = outcomes.filter((outcome) => outcome.status === 'rejected').map((outcome) => outcome.reason)
  try {
    expect(won).toHaveLength(1)
    expect(lost).toMatchObject([{ code: 'folder-in-use' }])
    const { connection } = won[0]!
    const kept = (await readFile(join(folder, 'password'), 'utf8')).trim()
    expect(connection.password).toBe(kept)
  } finally {
    for (const engine of won) await engine.stop()
  }
})

test('a data folder with & and blanks in its name works', async () => {
  const started = await startTestEngine({ dataDir: join(folder, 'a & b <c>') })
  expect((await started.client.ping()).success).toBe(true)
  await started.cleanUp()
})

test('damaged data give an error with the words of the engine', async () => {
  await mkdir(join(folder, 'data', 'metadata'), { recursive: true })
  await writeFile(join(folder, 'data', 'metadata', 'bw.sql'), 'ATTACH NONSENSE')
  const failure = await opening(folder)
  expect(failure).toMatchObject({ code: 'start-failed' })
  expect(failure.message).toContain(folder)
  expect(failure.message).toMatch(/Syntax error|SYNTAX_ERROR/)
})

describe.skipIf(!canMount)('with a file system of our own', () => {
  test('a read-only file system is refused by name', async () => {
    mountTmpfs('size=64m,ro')
    const failure = await opening(join(folder, 'data'))
    expect(failure).toMatchObject({ code: 'folder-not-writable' })
    expect(failure.message).toContain(join(folder, 'data'))
  })

  test('a full disk at the start is a clear error', async () => {
    mountTmpfs('size=20m')
    fill(0)
    const failure = await opening(join(folder, 'clickhouse'))
    expect(failure).toMatchObject({ code: 'disk-full' })
    expect(failure.message).toContain(
      `The disk that holds the data folder ${join(folder, 'clickhouse')} is full`,
    )
  })

  test('a disk that fills up: inserts fail clearly, reads go on, no crash loop, and space brings all back', async () => {
    mountTmpfs('size=200m')
    const started = await startTestEngine({ dataDir: join(folder, 'clickhouse') })
    const { engine, client } = started
    const changes: EngineStateChange[] = []
    engine.onState((change) => changes.push(change))
    const insert = () => client.command({ query: 'INSERT INTO bw.t SELECT number FROM numbers(1000)' })
    const rows = async () =>
      Number(
        (
          await (
            await client.query({ query: 'SELECT count() AS n FROM bw.t', format: 'JSONEachRow' })
          ).json<{ n: number }>()
        )[0]!.n,
      )
    try {
      await client.command({ query: 'CREATE DATABASE bw' })
      await client.command({ query: 'CREATE TABLE bw.t (a UInt64) ENGINE = MergeTree ORDER BY a' })
      await insert()
      const pid = engine.pid

      fill(0)
      await expect(insert()).rejects.toMatchObject({ code: '243', type: 'NOT_ENOUGH_SPACE' })
      expect(await rows()).toBe(1000)
      expect(engine.pid).toBe(pid)
      expect(changes).toEqual([])

      process.kill(pid!, 'SIGKILL')
      await until('it gives up for now', () => engine.state() === 'failed')
      expect(changes.at(-1)!.error).toMatchObject({ code: 'disk-full' })
      expect(engine.pid).toBeUndefined()

      await rm(join(folder, 'filler'))
      await until('it runs again', () => engine.state() === 'running')
      await insert()
      expect(await rows()).toBe(2000)
      expect(changes.map(({ state }) => state)).toEqual(['restarting', 'failed', 'running'])
    } finally {
      await started.cleanUp()
    }
  })
})

/** Leaves so many bytes free. */
function fill(leave: number): void {
  const file = openSync(join(folder, 'filler'), 'w')
  try {
    for (const size of [1024 * 1024, 4096]) {
      const piece = Buffer.alloc(size)
      for (;;) {
        const { bavail, bsize } = statfsSync(folder)
        if (bavail * bsize < leave + size) break
        writeSync(file, piece)
      }
    }
  } finally {
    closeSync(file)
  }
}
