import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startActive } from '../../src/manager/active.js'
import { planServiceStart } from '../../src/manager/commands/index.js'
import {
  checkDeploymentKey,
  listConfig,
  newKey,
  openKeyring,
  parseKeyring,
  reseal,
  updateConfig,
} from '../../src/manager/configuration/index.js'
import { type Core, createCore } from '../../src/manager/core.js'
import { withTerm } from '../../src/manager/database/index.js'
import { createRoles, createServices, hostNamed, serviceNamed } from '../../src/manager/model/index.js'
import { loadProcess } from '../../src/manager/processes/index.js'
import {
  authenticate,
  createFirstUser,
  createSession,
  createUser,
  deleteUser,
  findSession,
  updateUser,
  userNamed,
} from '../../src/manager/users/index.js'
import { addCluster, newCore } from './core.js'
import { simulateAgent } from './simulated-agent.js'
import { startTestPostgres, type TestPostgres } from './support.js'

let server: TestPostgres
beforeAll(async () => {
  server = await startTestPostgres()
})
afterAll(() => server?.cleanUp())

const SECRET = 'S3cr3t-of-the-test-0815'

describe('the deployment key', () => {
  test('is made once, for its owner alone, and the same for all who open it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bellwether-key-'))
    const file = join(folder, 'key')
    const rings = await Promise.all([1, 2, 3].map(() => openKeyring({ file })))
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const sealed = rings[0]!.seal('text', 'config')
    expect(rings.map((ring) => ring.open(sealed, 'config').toString())).toEqual(['text', 'text', 'text'])
    expect((await readFile(file, 'utf8')).trim().split('\n')).toHaveLength(1)
    await rm(folder, { recursive: true })
  })

  test('every text comes back as it was, and not if a bit of it was changed', () => {
    const ring = parseKeyring(newKey(), 'test')
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(), (text, at) => {
        const sealed = ring.seal(text, 'config')
        expect(ring.open(sealed, 'config').toString()).toBe(text)
        const broken = Buffer.from(sealed)
        broken[at % broken.length]! ^= 1
        expect(() => ring.open(broken, 'config')).toThrow()
        expect(() => ring.open(sealed, 'process')).toThrow()
      }),
    )
  })

  test('that is another one is told at the start', async () => {
    const { db } = await server.open()
    await checkDeploymentKey(db, parseKeyring(newKey('a'), 'test'))
    await expect(checkDeploymentKey(db, parseKeyring(newKey('a'), 'test'))).rejects.toThrow(
      /another key under the same id/,
    )
    await expect(checkDeploymentKey(db, parseKeyring(newKey('b'), 'test'))).rejects.toThrow(
      /needs the deployment key "a"/,
    )
  })

  test.each([
    '',
    'nonsense',
    'a:short',
    `a:${Buffer.alloc(32).toString('base64')}\na:${Buffer.alloc(32).toString('base64')}`,
  ])('a file with %j is refused without showing it', (text) => {
    expect(() => parseKeyring(text, '/the/file')).toThrow(/\/the\/file/)
  })
})

describe('a sensitive value', () => {
  let core: Core
  const old = newKey('old')
  let url: string
  beforeAll(async () => {
    url = await server.newDatabase()
    core = await newCore(server, { url, keys: old })
    await addCluster(core, 1)
    await core.change(async (change) => {
      await createServices(change, undefined, [{ name: 'mgmt', type: 'MGMT' }])
      const model = await change.model()
      const service = serviceNamed(model, undefined, 'mgmt')
      await createRoles(change, service, [{ type: 'MONITOR', host: hostNamed(model, 'h1') }])
      const now = await change.model()
      const role = now.rolesOfService.get(service.id)![0]!
      await updateConfig(change, { scope: 'ROLE', id: role.id }, [
        { name: 'clickhouse_password', value: SECRET },
      ])
    })
  })
  const role = async () => {
    const model = await core.model()
    return model.rolesOfService.get(serviceNamed(model, undefined, 'mgmt').id)![0]!
  }

  test('stands in no table and in no log, though a role was started with it', async () => {
    const active = await startActive({ core })
    const agent = simulateAgent({
      hostId: 'host-id-1',
      hostname: 'h1',
      token: await active.tokens.createJoinToken(),
      manager: active.receiver,
    })
    const service = serviceNamed(await core.model(), undefined, 'mgmt')
    const command = await active.commands.submit(
      planServiceStart(await active.commands.at(), service),
      'admin',
    )
    expect(await active.commands.ended(command.id)).toMatchObject({
      resultMessage: expect.stringMatching(/^Completed/),
    })
    const sent = JSON.stringify([...agent.desired.values()])
    expect(sent.includes(SECRET) || sent.includes(Buffer.from(SECRET).toString('base64'))).toBe(true)
    const process = active.runtime.currentProcess((await role()).id)!
    expect(JSON.stringify(await loadProcess(core.db, core.keys, process.id))).toContain(SECRET)
    await agent.stop()
    await active.stop()
    const tables = await server.query(
      url,
      "select table_name as name from information_schema.tables where table_schema = 'public'",
    )
    for (const { name } of tables) {
      const rows = await server.query(url, `select t::text as row from "${name}" t`)
      const text = rows.map((row) => String(row.row)).join('\n')
      for (const form of [
        SECRET,
        Buffer.from(SECRET).toString('base64'),
        Buffer.from(SECRET).toString('hex'),
      ])
        expect(text.includes(form), `${form} in ${name}`).toBe(false)
    }
  })

  test('is shown to nobody who did not ask for it, and stays as it is when that comes back', async () => {
    const target = { scope: 'ROLE' as const, id: (await role()).id }
    const item = async (reveal: boolean) =>
      listConfig(await core.instances(), core.keys, target, { reveal }).find(
        (each) => each.parameter.name === 'clickhouse_password',
      )!
    expect(await item(false)).toMatchObject({ own: '********', value: '********' })
    await core.change((change) =>
      updateConfig(change, target, [{ name: 'clickhouse_password', value: '********' }]),
    )
    expect(await item(true)).toMatchObject({ own: SECRET, value: SECRET })
  })

  test('comes over to a new key, and the old one may go', async () => {
    const fresh = newKey('fresh')
    const both = createCore({
      ...core,
      descriptors: core.descriptors(),
      keys: parseKeyring(`${fresh}\n${old}`, 'test'),
    })
    expect(await both.change(reseal)).toBe(1)
    expect(await both.change(reseal)).toBe(0)
    const alone = createCore({ ...core, descriptors: core.descriptors(), keys: parseKeyring(fresh, 'test') })
    const [item] = listConfig(
      await alone.instances(),
      alone.keys,
      { scope: 'ROLE', id: (await role()).id },
      { reveal: true },
    ).filter((each) => each.parameter.name === 'clickhouse_password')
    expect(item!.value).toBe(SECRET)
  })
})

describe('users', () => {
  let core: Core
  beforeAll(async () => {
    core = await newCore(server)
  })
  const write = <T>(work: Parameters<typeof withTerm<T>>[2]) => withTerm(core.db, core.term(), work)

  test('the first one is made with a random password that is shown once', async () => {
    const password = await write((trx) => createFirstUser(trx, undefined))
    expect(password).toMatch(/^[\w-]{16}$/)
    expect(await authenticate(core.db, 'admin', password!)).toMatchObject({
      name: 'admin',
      role: 'ROLE_ADMIN',
    })
    expect(await write((trx) => createFirstUser(trx, undefined))).toBeUndefined()
    expect(await authenticate(core.db, 'admin', 'wrong')).toBeUndefined()
    expect(await authenticate(core.db, 'nobody\0', password!)).toBeUndefined()
  })

  test('the last administrator stays one', async () => {
    const admin = await userNamed(core.db, 'admin')
    await expect(write((trx) => deleteUser(trx, admin))).rejects.toMatchObject({ code: 'IN_USE' })
    await expect(write((trx) => updateUser(trx, admin, { role: 'ROLE_USER' }))).rejects.toMatchObject({
      code: 'IN_USE',
    })
    await write((trx) => createUser(trx, { name: 'second', password: 'p', role: 'ROLE_ADMIN' }))
    await write((trx) => updateUser(trx, admin, { role: 'ROLE_OPERATOR' }))
    expect(await userNamed(core.db, 'admin')).toMatchObject({ role: 'ROLE_OPERATOR' })
  })

  test.each([
    [{ name: 'a:b', password: 'p' }],
    [{ name: '', password: 'p' }],
    [{ name: 'x', password: '' }],
    [{ name: 'x', password: 'p', role: 'ROLE_GOD' }],
  ])('%j is refused', async (wanted) => {
    await expect(write((trx) => createUser(trx, wanted))).rejects.toMatchObject({ code: 'INVALID' })
  })

  test('a session lasts while it is used, and ends with a new password', async () => {
    const user = await write((trx) => createUser(trx, { name: 'eve', password: 'one' }))
    expect(user.role).toBe('ROLE_USER')
    const timeoutMs = 60_000
    const now = Date.now()
    const cookie = await createSession(core.db, user, { remoteAddress: '127.0.0.1', timeoutMs, now })
    expect(await findSession(core.db, cookie, { timeoutMs, now: now + 40_000 })).toMatchObject({
      name: 'eve',
    })
    expect(await findSession(core.db, cookie, { timeoutMs, now: now + 80_000 })).toMatchObject({
      name: 'eve',
    })
    expect(await findSession(core.db, cookie, { timeoutMs, now: now + 200_000 })).toBeUndefined()
    const other = await createSession(core.db, user, { remoteAddress: '127.0.0.1', timeoutMs })
    await write((trx) => updateUser(trx, user, { password: 'two' }))
    expect(await findSession(core.db, other, { timeoutMs })).toBeUndefined()
    expect(await findSession(core.db, 'x'.repeat(1000), { timeoutMs })).toBeUndefined()
  })
})
