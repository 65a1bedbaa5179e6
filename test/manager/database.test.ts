import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createPool,
  type Db,
  LostLeaseError,
  lead,
  openDatabase,
  withTerm,
} from '../../src/manager/database/index.js'
import { acquireLease, renewLease } from '../../src/manager/database/lease.js'
import { until } from '../engine/support.js'
import { silent, startTestPostgres, type TestPostgres } from './support.js'

let server: TestPostgres
beforeAll(async () => {
  server = await startTestPostgres({ own: true })
})
afterAll(() => server?.cleanUp())

const a = { id: 'a', url: 'http://a' }
const b = { id: 'b', url: 'http://b' }

function addUser(db: Db, term: number, name: string, before?: () => Promise<unknown>): Promise<void> {
  return withTerm(db, term, async (trx) => {
    await before?.()
    await trx
      .insertInto('userAccount')
      .values({ name, passwordHash: 'x', role: 'ROLE_USER', createdAt: 0 })
      .execute()
  })
}
const users = async (db: Db) =>
  (await db.selectFrom('userAccount').select('name').orderBy('name').execute()).map((u) => u.name)

describe('migrations', () => {
  test('run once, however many managers start at the same time', async () => {
    const url = await server.newDatabase()
    const opened = await Promise.all([1, 2, 3].map(() => server.open(url)))
    expect(new Set(opened.map((each) => each.deploymentId)).size).toBe(1)
    expect(await server.query(url, 'select count(*)::int as n from deployment')).toEqual([{ n: 1 }])
  })

  test('of a newer program are respected, with words on what to do', async () => {
    const url = await server.newDatabase()
    await server.open(url)
    await server.query(url, "insert into kysely_migration values ('9999-future', '2030-01-01T00:00:00Z')")
    await expect(openDatabase(url)).rejects.toMatchObject({
      code: 'SCHEMA_TOO_NEW',
      message: expect.stringContaining('9999-future'),
    })
  })
})

describe('the lease', () => {
  test('is one manager’s at a time, and the next term begins only when it has run out', async () => {
    const { db } = await server.open()
    expect(await acquireLease(db, a, 60_000)).toEqual({ acquired: true, term: 1 })
    expect(await acquireLease(db, b, 60_000)).toMatchObject({ acquired: false, holder: a, term: 1 })
    expect(await renewLease(db, a, 1, 1)).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await renewLease(db, a, 1, 60_000)).toBe(false)
    expect(await acquireLease(db, b, 60_000)).toEqual({ acquired: true, term: 2 })
    expect(await renewLease(db, a, 1, 60_000)).toBe(false)
  })

  test('of many that want it at the same time goes to one', async () => {
    const { db } = await server.open()
    const wanting = await Promise.all([...'abcdefgh'].map((id) => acquireLease(db, { id, url: id }, 60_000)))
    expect(wanting.filter((each) => each.acquired)).toEqual([{ acquired: true, term: 1 }])
  })

  test('lets its holder write, and nobody after the term has moved on', async () => {
    const { db } = await server.open()
    await acquireLease(db, a, 1)
    await addUser(db, 1, 'in-term-1')
    await new Promise((resolve) => setTimeout(resolve, 20))
    await acquireLease(db, b, 60_000)
    await expect(addUser(db, 1, 'too-late')).rejects.toBeInstanceOf(LostLeaseError)
    await addUser(db, 2, 'in-term-2')
    expect(await users(db)).toEqual(['in-term-1', 'in-term-2'])
  })

  test('a write under way holds off the next term, and a renewal does not wait for it', async () => {
    const { db } = await server.open()
    await acquireLease(db, a, 60_000)
    let committed = false
    let taken: Promise<unknown> | undefined
    await addUser(db, 1, 'slow', async () => {
      expect(await renewLease(db, a, 1, 50)).toBe(true)
      await new Promise((resolve) => setTimeout(resolve, 100))
      taken = acquireLease(db, b, 60_000).then((result) => {
        expect(committed).toBe(true)
        return result
      })
      await until('the other one to wait', async () => {
        const { rows } = await sql<{ n: number }>`
          select count(*)::int as n from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`.execute(db)
        return rows[0]!.n > 0
      })
      committed = true
    })
    expect(await taken).toEqual({ acquired: true, term: 2 })
    expect(await users(db)).toEqual(['slow'])
  })

  test('many writers at once do not wait for each other', async () => {
    const { db } = await server.open()
    await acquireLease(db, a, 60_000)
    let inside = 0
    let most = 0
    await Promise.all(
      [...'abcdefgh'].map((name) =>
        addUser(db, 1, name, async () => {
          most = Math.max(most, ++inside)
          // Each stays until enough have been inside at the same time.
          for (const end = Date.now() + 60_000; most <= 4 && Date.now() < end; )
            await new Promise((resolve) => setTimeout(resolve, 5))
          inside--
        }),
      ),
    )
    expect(most).toBeGreaterThan(4)
  })
})

describe('a manager that leads', () => {
  test('steps down before its lease runs out when the database hangs', async () => {
    const { db } = await server.open()
    const times = { durationMs: 4_000, renewMs: 50, marginMs: 2_000 }
    const leadership = await lead({ db, holder: a, logger: silent, times })
    expect(leadership.term()).toBe(1)
    const expiry = async () =>
      Number((await db.selectFrom('lease').select('expiresAt').executeTakeFirstOrThrow()).expiresAt)
    for (let i = 0; i < 3; i++) {
      const before = await expiry()
      await until('a renewal', async () => (await expiry()) > before)
    }
    expect(leadership.isActive()).toBe(true)
    // A lock on its row: renewals hang, as they do when the server's disk hangs.
    const locked = db.transaction().execute(async (trx) => {
      await trx.selectFrom('lease').selectAll().forUpdate().execute()
      await new Promise<void>((resolve) => leadership.signal.addEventListener('abort', () => resolve()))
    })
    await locked
    expect(() => leadership.term()).toThrow(LostLeaseError)
    await leadership.stop()
  })

  test('hands over at once when it is stopped; one that waits takes the next term', async () => {
    const { db } = await server.open()
    const first = await lead({ db, holder: a, logger: silent })
    const waiting = lead({
      db,
      holder: b,
      logger: silent,
      times: { durationMs: 10_000, renewMs: 100, marginMs: 2_000 },
    })
    await new Promise((resolve) => setTimeout(resolve, 100))
    await first.stop()
    await first.stop()
    const second = await waiting
    expect(second.term()).toBe(2)
    await expect(addUser(db, 1, 'late')).rejects.toBeInstanceOf(LostLeaseError)
    await second.stop()
  })
})

describe('several hosts in the URL', () => {
  test('the first that answers and takes writes is used, and the next one when it fails', async () => {
    const other = await startTestPostgres({ own: true })
    const ports: number[] = []
    for (const { postgres } of [server, other]) {
      await server.query(postgres.url, "create role shared superuser login password 'secret'")
      await server.query(postgres.url, 'create database shared owner shared')
      ports.push(Number(new URL(postgres.url).port))
    }
    const url = `postgresql://shared:secret@127.0.0.1:1,127.0.0.1:${ports[0]},127.0.0.1:${ports[1]}/shared`
    const pool = createPool(url)
    const portInUse = async () => {
      const client = await pool.connect()
      try {
        const { rows } = await client.query<{ port: string }>("select current_setting('port') as port", [])
        return Number(rows[0]!.port)
      } finally {
        // One that is kept, because its query failed, would have `end` below wait for ever.
        client.release()
      }
    }
    expect(await portInUse()).toBe(ports[0])
    // As a primary that has become a standby.
    await server.query(server.postgres.url, 'alter system set default_transaction_read_only = on')
    await server.query(server.postgres.url, 'select pg_reload_conf()')
    // Again and again: the server takes the setting a moment later, and who has connected in between stays where it is.
    await until('the other server', async () => {
      await server.query(
        server.postgres.url,
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'shared'",
      )
      return (await portInUse().catch(() => 0)) === ports[1]
    })
    await other.postgres.stop()
    await pool.end()
    await expect(pool.connect()).rejects.toMatchObject({ code: 'UNREACHABLE' })
    await other.cleanUp()
  })
})
