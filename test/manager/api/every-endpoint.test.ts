import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endpoints } from '../../../src/manager/api/contract/endpoints.js'
import { isPassedOn } from '../../../src/manager/api/contract/not-served.js'
import { fieldsOf, type Shape, shapeOf } from '../../../src/manager/api/contract/shape.js'
import { newCore } from '../core.js'
import { startTestPostgres, type TestPostgres } from '../support.js'
import { type Client, some } from './client.js'
import { serveApi } from './server.js'

let postgres: TestPostgres
let server: Awaited<ReturnType<typeof serveApi>>
let admin: Client
let served: { name: string; method: string; path: string; body: string | undefined }[]

beforeAll(async () => {
  postgres = await startTestPostgres()
  server = await serveApi(await newCore(postgres))
  admin = server.as('admin')
  const { paths } = (await admin.get('/api/v45/openapi.json')).body
  served = Object.entries(endpoints)
    .map(([name, facts]) => {
      const [method = '', path = ''] = name.split(' ')
      return { name, method, path, body: 'body' in facts ? facts.body : undefined }
    })
    .filter(({ method, path }) => paths[path]?.[method.toLowerCase()] && !isPassedOn(path))
}, 120_000)
afterAll(async () => {
  await server?.close()
  await postgres?.cleanUp()
})

const somewhere = (path: string) => path.replace(/{\w+}/g, 'no-such')

/** Values that are no `shape`, whatever it is. */
function wrongFor(shape: Shape): unknown[] {
  switch (shape.kind) {
    case 'string':
      return [{}, [], ['a']]
    case 'boolean':
      return ['yes', 1, {}]
    case 'integer':
      return ['1', 1.5, 1e300, {}]
    case 'number':
      return ['1', {}]
    case 'enum':
      return ['NO_SUCH_WORD', 1, {}]
    case 'list':
      return [{}, 'a', 1]
    case 'map':
    case 'model':
      return ['a', 1, []]
    case 'object':
      return []
  }
}

/** Bodies of a type with one thing wrong in each, and the name of that thing. */
function wrongBodies(type: string): { body: unknown; where: string }[] {
  const shape = shapeOf(type.replace('?', ''))
  const result: { body: unknown; where: string }[] = wrongFor(shape).map((body) => ({ body, where: '' }))
  const of = shape.kind === 'list' ? shape.of : shape
  const wrap = (body: unknown) => (shape.kind === 'list' ? [body] : body)
  if (of.kind !== 'model') return result
  for (const field of fieldsOf(of.name)) {
    for (const value of wrongFor(field.shape))
      result.push({ body: wrap({ [field.name]: value }), where: field.name })
    if (field.shape.kind !== 'list') continue
    for (const value of wrongFor(field.shape.of).filter((each) => each !== undefined))
      result.push({ body: wrap({ [field.name]: [value] }), where: `${field.name}[0]` })
    if (field.shape.of.kind !== 'model') continue
    // Further in one each: the same checks are behind the fields of all depths.
    for (const inner of fieldsOf(field.shape.of.name))
      for (const value of wrongFor(inner.shape).slice(0, 1))
        result.push({
          body: wrap({ [field.name]: [{ [inner.name]: value }] }),
          where: `${field.name}[0].${inner.name}`,
        })
  }
  return result
}

describe('every endpoint', () => {
  it('is there', () => {
    expect(served.length).toBeGreaterThan(110)
  })

  it('with a body refuses every wrong type in it, and names the field', async () => {
    let tried = 0
    for (const { name, method, path, body } of served) {
      if (!body) continue
      for (const wrong of wrongBodies(body)) {
        const reply = await admin.send(method, somewhere(path), { body: wrong.body })
        expect([name, wrong, reply.status]).toEqual([name, wrong, 400])
        expect([name, wrong.where, reply.body.causes?.join()]).toEqual([
          name,
          wrong.where,
          expect.stringContaining(wrong.where),
        ])
        tried++
      }
    }
    expect(tried).toBeGreaterThan(1_000)
  }, 120_000)

  it('with a body refuses one that is too large, too deep, no JSON, or not there', async () => {
    const large = `{"items":["${'x'.repeat(2 * 1024 ** 2)}"]}`
    for (const { name, method, path, body } of served) {
      if (!body) continue
      const send = async (raw: string) => (await admin.send(method, somewhere(path), { raw })).status
      if (path !== '/cm/deployment') expect([name, await send(large)]).toEqual([name, 413])
      expect([name, await send('['.repeat(50))]).toEqual([name, 400])
      expect([name, await send('{"items": ')]).toEqual([name, 400])
      if (!body.endsWith('?')) expect([name, await send('')]).toEqual([name, 400])
    }
  }, 120_000)

  it('says of names that nothing has that there is no such thing, and never fails', async () => {
    for (const { name, method, path, body } of served) {
      if (!path.includes('{')) continue
      const empty = body === undefined ? undefined : shapeOf(body.replace('?', '')).kind === 'list' ? [] : {}
      for (const odd of some([
        'no-such',
        '%20',
        '..%2f..',
        '%00',
        "'%20or%201=1--",
        'x'.repeat(300),
        '%F0%9F%90%91',
        '-1',
      ])) {
        const concrete = path.replace(/{\w+}/g, odd)
        const reply = await admin.send(method, concrete, empty === undefined ? {} : { body: empty })
        expect([name, odd, reply.status]).toEqual([name, odd, 404])
      }
    }
  }, 120_000)

  it('refuses a view that there is not', async () => {
    for (const { name, method, path } of served) {
      const facts = endpoints[name as keyof typeof endpoints]
      if (!('query' in facts) || !('view' in facts.query)) continue
      const reply = await admin.send(method, `${somewhere(path)}?view=sideways`)
      expect([name, reply.status, reply.body.message]).toEqual([name, 400, expect.stringContaining('"view"')])
    }
  })

  it('that reads answers in the form of its oldest and its newest version, on an empty manager', async () => {
    for (const { name, method, path } of served) {
      if (method !== 'GET' || path.includes('{') || path.includes('echoError') || path === '/cm/service')
        continue
      for (const version of [6, 19, 30, 45]) {
        const { status } = await admin.get(path, { version })
        const since = endpoints[name as keyof typeof endpoints].since
        const exists = !/^\/cm\/service(\/|$)/.test(path)
        expect([name, version, status]).toEqual([name, version, version >= since && exists ? 200 : 404])
      }
    }
  })
})
