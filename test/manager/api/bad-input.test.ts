import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endpoints } from '../../../src/manager/api/contract/endpoints.js'
import { isPassedOn } from '../../../src/manager/api/contract/not-served.js'
import { fieldsOf, type Shape, shapeOf } from '../../../src/manager/api/contract/shape.js'
import { newCore } from '../core.js'
import { startTestPostgres, type TestPostgres } from '../support.js'
import { type Client, some } from './client.js'
import { addCluster, serveApi } from './server.js'

/** Everything odd that a well-formed request can bring, at places that exist: `client` checks the form of each refusal. */
let postgres: TestPostgres
let server: Awaited<ReturnType<typeof serveApi>>
let admin: Client
let names: Record<string, string>
let served: { name: string; method: string; path: string; body?: string; query?: Record<string, string> }[]

beforeAll(async () => {
  postgres = await startTestPostgres()
  server = await serveApi(await newCore(postgres))
  admin = server.as('admin')
  const roles = await addCluster(admin)
  await admin.put('/cm/service', { name: 'mgmt' })
  await admin.post('/clusters/Cluster%201/hostTemplates', { items: [{ name: 't' }] })
  const started = await admin.post('/clusters/Cluster%201/commands/stop')
  names = {
    clusterName: 'Cluster 1',
    serviceName: 'zk',
    roleName: roles[1]!,
    roleConfigGroupName: 'zk-SERVER-BASE',
    hostTemplateName: 't',
    hostId: 'host-id-1',
    hostname: 'two.example',
    userName: 'operator',
    commandId: String(started.body.id),
    commandName: 'Refresh',
    configFileName: 'zoo.cfg',
    cmServerId: 'm1',
    dashboardName: 'd',
  }
  const { paths } = (await admin.get('/api/v45/openapi.json')).body
  // `echoError` answers 500 by what it is for.
  delete paths['/tools/echoError']
  for (const path of Object.keys(paths)) if (isPassedOn(path)) delete paths[path]
  served = Object.entries(endpoints).flatMap(([name, facts]) => {
    const [method = '', path = ''] = name.split(' ')
    return paths[path]?.[method.toLowerCase()] ? [{ name, method, path, ...facts }] : []
  })
}, 120_000)
afterAll(async () => {
  await server?.close()
  await postgres?.cleanUp()
})

const existing = (path: string) =>
  path.replace(/{(\w+)}/g, (_, each: string) => encodeURIComponent(names[each] ?? 'x'))

/** Half of them are names that exist, so that requests get far; the others are what people and attackers type. */
const texts = () =>
  fc.constantFrom(
    ...Object.values(names),
    ...[
      'zk',
      'host-id-0',
      'one.example',
      'ZOOKEEPER',
      'SERVER',
      'tickTime',
      'ROLE_ADMIN',
      'HEARTBEAT_INTERVAL',
    ],
    ...[
      '',
      ' ',
      '-1',
      '0',
      '1e999',
      '../..',
      'a/b',
      '%00',
      "'; drop table role; --",
      '$' + '{jndi:ldap://x}',
      '<b>',
    ],
    ...['__proto__', 'constructor', 'toString', '\u202e', '🐑', '\n\t', 'x'.repeat(300), 'ﬀ'.repeat(5_000)],
  )
const numbers = () =>
  fc.constantFrom(-1, 0, 1, 2, 256, 2 ** 31, -(2 ** 31), Number.MAX_SAFE_INTEGER, -(2 ** 53) + 1)

/** Bodies of the right types and of any values. */
function bodyOf(shape: Shape, depth: number): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case 'string':
      return texts()
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return numbers()
    case 'number':
      return fc.oneof(numbers(), fc.constantFrom(0.1, 1e308, 5e-324))
    case 'enum':
      return fc.constantFrom(...shape.words)
    case 'object':
      return fc.jsonValue({ maxDepth: 2 })
    case 'list':
      return depth > 4 ? fc.constant([]) : fc.array(bodyOf(shape.of, depth + 1), { maxLength: 3 })
    case 'map':
      return depth > 4 ? fc.constant({}) : fc.dictionary(texts(), bodyOf(shape.of, depth + 1), { maxKeys: 2 })
    case 'model': {
      if (depth > 4) return fc.constant({})
      const fields = fieldsOf(shape.name).map(({ name, shape: of }) => [name, bodyOf(of, depth + 1)] as const)
      return fc.record(Object.fromEntries(fields), { requiredKeys: [] })
    }
  }
}

describe('every endpoint', () => {
  it('takes or refuses, and never fails on, bodies of the right types with any values', async () => {
    const seed = Date.now()
    for (const { name, method, path, body } of served) {
      if (!body) continue
      const samples = fc.sample(bodyOf(shapeOf(body.replace('?', '')), 0), { numRuns: 8, seed })
      for (const sample of samples) {
        const reply = await admin.send(method, existing(path), { body: sample })
        if (reply.status >= 500) throw new Error(`${name} failed (seed ${seed}): ${JSON.stringify(sample)}`)
      }
    }
  }, 120_000)

  it('refuses parameters that are no numbers, no words and no times, and takes or refuses any text', async () => {
    let refused = 0
    for (const { name, method, path, query } of served)
      for (const [parameter, type] of Object.entries(query ?? {})) {
        const bad = type.startsWith('integer')
          ? ['-1', '99999999999999999999', '1.5', 'abc', '', 'NaN', '0x10', '%00']
          : type.startsWith('boolean')
            ? ['maybe', '', '1']
            : type.startsWith('view')
              ? ['sideways', '']
              : []
        for (const each of some(bad)) {
          const { status } = await admin.send(method, `${existing(path)}?${parameter}=${each}`)
          if (method === 'GET') expect([name, parameter, each, status]).toEqual([name, parameter, each, 400])
          else expect([400, 404]).toContain(status)
          refused++
        }
        for (const odd of some([
          'constructor==a',
          '%00',
          '%F0%9F%90%91',
          '%ff',
          "';--",
          '__proto__',
          'x'.repeat(5_000),
          'a&message=b',
        ])) {
          const reply = await admin.send(method, `${existing(path)}?${parameter}=${odd}`)
          expect([name, parameter, odd, reply.status < 500]).toEqual([name, parameter, odd, true])
        }
      }
    expect(refused).toBeGreaterThan(50)
  }, 120_000)

  it('with a body refuses one that is no UTF-8, of another type, or compressed', async () => {
    for (const { name, method, path, body } of served) {
      if (!body) continue
      const send = async (raw: string | Buffer, headers: Record<string, string> = {}) =>
        (await admin.send(method, existing(path), { raw, headers })).status
      expect([name, await send(Buffer.from('{"items":["\xff"]}', 'latin1'))]).toEqual([name, 400])
      expect([name, await send('{}', { 'content-type': 'text/plain' })]).toEqual([name, 415])
      expect([name, await send('a=b', { 'content-type': 'application/x-www-form-urlencoded' })]).toEqual([
        name,
        415,
      ])
      expect([name, await send('{}', { 'content-encoding': 'gzip' })]).toEqual([name, 415])
    }
  }, 120_000)

  it('says that there is no command of a huge, negative or odd number', async () => {
    for (const { name, method, path } of served) {
      if (!path.includes('{commandId}')) continue
      for (const id of ['9007199254740993', '9'.repeat(40), '-1', '0', '1e3', '0x1', '1.0', '١']) {
        const { status } = await admin.send(method, path.replace('{commandId}', encodeURIComponent(id)))
        expect([name, id, status]).toEqual([name, id, 404])
      }
    }
  })

  it('still works after all that', async () => {
    expect((await admin.get('/clusters')).body.items.length).toBeGreaterThan(0)
    expect((await admin.get('/cm/deployment')).status).toBe(200)
  })
})
