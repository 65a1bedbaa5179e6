import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { endpoints } from '../../../src/manager/api/contract/endpoints.js'
import { isPassedOn } from '../../../src/manager/api/contract/not-served.js'
import type { EndpointName, Model } from '../../../src/manager/api/contract/types.js'
import { badRequest, notFound } from '../../../src/manager/api/http/errors.js'
import { serveHandlers } from './framework.js'

const host: Model<'ApiHost'> = {
  hostId: 'h1',
  hostname: 'one.example',
  lastHeartbeat: new Date(0).toISOString(),
  numCores: 4,
  numPhysicalCores: 2,
  totalPhysMemBytes: 1e9,
  healthSummary: 'GOOD',
  healthChecks: [{ name: 'HOST_CPU', summary: 'GOOD', explanation: 'fine', suppressed: false }],
  entityStatus: 'GOOD_HEALTH',
  clusterRef: { clusterName: 'c', displayName: 'C' },
  distribution: { name: 'debian', version: '12' },
  tags: [{ name: 'a', value: 'b' }],
}
const bodies: unknown[] = []

let server: Awaited<ReturnType<typeof serveHandlers>>
/** With little patience: apart, so that nothing else is cut short on a machine that is busy. */
let hasty: Awaited<ReturnType<typeof serveHandlers>>
beforeAll(async () => {
  server = await serveHandlers({
    'GET /hosts': ({ query }) => ({ items: query.view === 'full' ? [host] : [] }),
    'GET /hosts/{hostId}': ({ params }) => {
      if (params.hostId === 'h1') return host
      throw notFound(`There is no host "${params.hostId}".`)
    },
    'POST /hosts': ({ body }) => {
      bodies.push(body)
      return body
    },
    'PUT /clusters/{clusterName}/services/{serviceName}/config': ({ body }) => {
      bodies.push(body)
      return body
    },
    'POST /clusters/{clusterName}/commands/rollingRestart': ({ body }) => {
      bodies.push(body)
      return { id: -1, name: 'x', success: true }
    },
    'PUT /hosts/{hostId}': () => {
      throw Object.assign(new Error('relation "x" does not exist; secret=1'), { code: '42P01' })
    },
    'DELETE /hosts/{hostId}': () => {
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    },
    'GET /cm/log': () => 'log\n',
    'GET /clusters/{clusterName}/services/{serviceName}/clientConfig': () => ({
      name: 'a"\r\nb.zip',
      type: 'application/zip',
      contents: 'zip',
    }),
    'GET /clusters/{clusterName}/services/{serviceName}/roles/{roleName}/process/configFiles/{configFileName}':
      ({ params }) => ({
        name: params.configFileName,
        type: 'text/plain',
        contents: params.configFileName,
      }),
    'GET /users/sessions': () => ({ items: [{ name: 'sessions' }] }),
    'GET /users/{userName}': ({ params }) => ({
      name: params.userName,
      roles: ['ROLE_ADMIN'],
      authRoles: [{ name: 'ROLE_ADMIN' }],
    }),
    'GET /audits': ({ query }) => ({ items: [{ operationText: String(query.maxResults) }] }),
    'POST /clusters': () => {
      throw badRequest('No.', ['because', 'of'])
    },
  })
  hasty = await serveHandlers(
    {
      'GET /hosts': () => ({ items: [] }),
      'POST /cm/commands/inspectHosts': ({ signal }) =>
        new Promise((resolve) => signal.addEventListener('abort', () => setTimeout(resolve, 50, { id: 1 }))),
      'GET /cm/commands': ({ signal }) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => setTimeout(resolve, 50, { items: [] })),
        ),
    },
    { timeoutMs: 500 },
  )
})
afterAll(async () => {
  await server?.close()
  await hasty?.close()
})

describe('versions of the API', () => {
  it('are v6 to v45; any other is a 404 that says so', async () => {
    const admin = server.as('admin')
    for (const version of [6, 19, 45]) expect((await admin.get('/hosts', { version })).status).toBe(200)
    for (const version of [0, 5, 46, 99999]) {
      const { status, body } = await admin.get('/hosts', { version })
      expect([status, body.message]).toEqual([404, expect.stringContaining('v6 to v45')])
    }
  })

  it('get only the fields that they knew', async () => {
    const admin = server.as('admin')
    const at = async (version: number) => (await admin.get('/hosts/h1', { version })).body
    expect(Object.keys(await at(6))).not.toContain('numPhysicalCores')
    expect((await at(6)).healthChecks).toEqual([{ name: 'HOST_CPU', summary: 'GOOD' }])
    expect(await at(9)).toMatchObject({ numPhysicalCores: 2 })
    expect((await at(16)).clusterRef).toEqual({ clusterName: 'c' })
    expect(Object.keys(await at(39))).not.toContain('distribution')
    expect(await at(45)).toEqual(host)
  })

  it('get the fields that they alone knew', async () => {
    const admin = server.as('admin')
    expect((await admin.get('/users/x', { version: 19 })).body).toEqual({ name: 'x', roles: ['ROLE_ADMIN'] })
    expect((await admin.get('/users/x')).body).toEqual({ name: 'x', authRoles: [{ name: 'ROLE_ADMIN' }] })
  })

  it('have only the endpoints that they knew', async () => {
    const admin = server.as('admin')
    const { status, body } = await admin.get('/users/sessions', { version: 10 })
    expect([status, body.message]).toEqual([404, expect.stringContaining('came with v11')])
    expect((await admin.get('/users/sessions', { version: 11 })).body.items).toEqual([{ name: 'sessions' }])
  })
})

describe('the form of answers', () => {
  it('is indented JSON, 200 with a body even for what the contract calls 201 and 204', async () => {
    const { status, text, headers } = await server.as('admin').post('/hosts', { items: [{ hostId: 'a' }] })
    expect(status).toBe(200)
    expect(text).toBe('{\n  "items": [\n    {\n      "hostId": "a"\n    }\n  ]\n}\n')
    expect(headers['content-type']).toBe('application/json')
    expect(headers['cache-control']).toBe('no-store')
  })

  it('is plain text or a file where the contract says so, with a harmless name', async () => {
    const admin = server.as('admin')
    const log = await admin.get('/cm/log')
    expect([log.text, log.headers['content-type']]).toEqual(['log\n', 'text/plain; charset=utf-8'])
    const file = await admin.get('/clusters/a/services/b/clientConfig')
    expect(file.headers['content-disposition']).toBe('attachment; filename="a___b.zip"')
  })

  it('takes names of files with slashes, and paths with one at the end', async () => {
    const admin = server.as('admin')
    const path = '/clusters/a/services/b/roles/c/process/configFiles'
    expect((await admin.get(`${path}/conf/core-site.xml`)).text).toBe('conf/core-site.xml')
    expect((await admin.get(`${path}/conf%2Fcore-site.xml`)).text).toBe('conf/core-site.xml')
    expect((await admin.get('/hosts/h1/')).status).toBe(200)
  })

  it('tells the defaults of parameters to handlers, and refuses wrong ones by name', async () => {
    const admin = server.as('admin')
    expect((await admin.get('/audits?unknown=1')).body.items[0].operationText).toBe('100')
    expect((await admin.get('/hosts?view=FULL')).body.items).toHaveLength(1)
    for (const [path, name] of [
      ['/audits?maxResults=many', 'maxResults'],
      ['/audits?maxResults=-1', 'maxResults'],
      ['/hosts?view=everything', 'view'],
      ['/hosts?view=', 'view'],
    ] as const) {
      const { status, body } = await admin.get(path)
      expect([status, body.message]).toEqual([400, expect.stringContaining(`"${name}"`)])
    }
  })
})

describe('bodies', () => {
  const config = '/clusters/a/services/b/config'

  it('may have fields that nobody knows, and null for what is not there', async () => {
    const { status } = await server.as('admin').put(config, {
      items: [
        { name: 'a', value: null, future: { x: 1 } },
        { name: 'b', value: 8020 },
      ],
      '@type': 'ApiServiceConfig',
    })
    expect(status).toBe(200)
    expect(bodies.pop()).toEqual({ items: [{ name: 'a' }, { name: 'b', value: '8020' }] })
  })

  it('cannot reach the prototype of anything', async () => {
    await server.as('admin').put(config, undefined, {
      raw: '{"__proto__": {"items": []}, "constructor": 1, "items": [{"__proto__": {"name": "x"}}]}',
    })
    expect(bodies.pop()).toEqual({ items: [{}] })
    expect(({} as { items?: unknown }).items).toBeUndefined()
  })

  it('are refused with the name of each field that is wrong', async () => {
    const { status, body } = await server.as('admin').post('/hosts', {
      items: [
        { hostId: {}, numCores: 1.5, maintenanceMode: 'yes', commissionState: 'GONE', roleRefs: {} },
        null,
        'text',
      ],
    })
    expect(status).toBe(400)
    expect(body.causes.map((cause: string) => cause.split(':')[0])).toEqual([
      'items[0].hostId',
      'items[0].roleRefs',
      'items[0].maintenanceMode',
      'items[0].commissionState',
      'items[0].numCores',
      'items[1]',
      'items[2]',
    ])
    expect(body.causes[3]).toContain('one of COMMISSIONED, DECOMMISSIONING')
  })

  it('are refused when they are missing, no JSON, no UTF-8, of another type, unstorable, too deep or too large', async () => {
    const admin = server.as('admin')
    const raw = (text: string | Buffer, headers = {}) => admin.put(config, undefined, { raw: text, headers })
    expect((await admin.put(config)).status).toBe(400)
    expect((await raw('{"items": [')).status).toBe(400)
    expect((await raw('null')).status).toBe(400)
    expect((await raw('[]')).status).toBe(400)
    expect((await raw(Buffer.from([0x22, 0xff, 0x22]))).status).toBe(400)
    expect((await raw('{}', { 'content-type': 'text/plain' })).status).toBe(415)
    expect((await raw('{"items":[{"name":"a\\u0000b"}]}')).status).toBe(400)
    expect((await raw('{"items":[{"name":"\\ud800"}]}')).status).toBe(400)
    expect((await raw(`${'['.repeat(100_000)}`)).body.message).toContain('deeper')
    const large = await raw(`{"items":[{"name":"${'x'.repeat(3 * 1024 ** 2)}"}]}`)
    expect([large.status, large.body.message]).toEqual([413, expect.stringContaining('larger')])
  })

  it('that may be left out are', async () => {
    expect((await server.as('admin').post('/clusters/a/commands/rollingRestart')).status).toBe(200)
    expect(bodies.pop()).toBeUndefined()
  })
})

describe('errors', () => {
  it('carry their causes', async () => {
    const { status, body } = await server.as('admin').post('/clusters', { items: [] })
    expect([status, body]).toEqual([400, { message: 'No.', causes: ['because', 'of'] }])
  })

  it('of ours are hidden; those of a database that is away ask to come back', async () => {
    const admin = server.as('admin')
    const hidden = await admin.put('/hosts/h1', {})
    expect(hidden.status).toBe(500)
    expect(hidden.text).not.toContain('secret')
    const away = await admin.delete('/hosts/h1')
    expect([away.status, away.headers['retry-after']]).toEqual([503, '5'])
  })

  it('are plain for paths that are not there, methods that do not fit, and names that nothing can have', async () => {
    const admin = server.as('admin')
    expect((await admin.get('/nothing')).status).toBe(404)
    for (const [path, reason] of [
      ['/cm/license', 'needs a licence'],
      ['/cm/license/', 'needs a licence'],
      ['/clusters/c/services/s/replications/3/history', 'not copied'],
      ['/cm/licenses', 'There is no GET'],
      ['/clusters/c/d/services/s/metrics', 'There is no GET'],
    ] as const) {
      const { status, body } = await admin.get(path)
      expect([path, status, body.message]).toEqual([path, 404, expect.stringContaining(reason)])
    }
    expect((await server.as(undefined).get('/cm/license')).status).toBe(401)
    const wrong = await admin.send('PATCH', '/hosts')
    expect([wrong.status, wrong.headers.allow]).toEqual([405, 'GET, POST'])
    const out = await admin.post('/batch', { items: [] })
    expect([out.status, out.body.message]).toEqual([404, expect.stringContaining('all or nothing')])
    expect((await server.as(undefined).post('/batch', {})).status).toBe(401)
    expect((await admin.get('/hosts/a%00b')).status).toBe(404)
    expect((await admin.get('/hosts/%E0%A4%A')).status).toBe(404)
  })

  it('end a request that takes too long', async () => {
    expect((await hasty.as('admin').get('/cm/commands')).status).toBe(503)
  })
})

describe('rights', () => {
  const enough: Record<string, string> = {
    READ: 'user',
    OPERATE: 'operator',
    CONFIGURE: 'configurator',
    ADMIN: 'admin',
    USERS: 'hr',
  }
  const tooLittle: Record<string, string> = {
    OPERATE: 'user',
    CONFIGURE: 'operator',
    ADMIN: 'configurator',
    USERS: 'configurator',
  }

  it('are asked for by every endpoint: too little is a 403 with an audit event, nobody is a 401 with the challenge', async () => {
    const every = await serveHandlers(
      Object.fromEntries(
        Object.keys(endpoints).map((name) => [
          name,
          () => {
            throw badRequest('Reached.')
          },
        ]),
      ),
    )
    for (const [name, { needs }] of Object.entries(endpoints) as [EndpointName, { needs: string }][]) {
      const [method = '', path = ''] = name.split(' ')
      if (isPassedOn(path)) continue
      const concrete = path.replace(/{\w+}/g, 'x')
      const nobody = await every.as(undefined).send(method, concrete)
      expect([name, nobody.status, nobody.headers['www-authenticate']]).toEqual([
        name,
        401,
        'Basic realm="Cloudera Manager"',
      ])
      const lesser = tooLittle[needs]
      if (lesser) {
        const before = every.audits.length
        expect([name, (await every.as(lesser).send(method, concrete)).status]).toEqual([name, 403])
        if (method !== 'GET')
          expect(every.audits.slice(before)).toMatchObject([{ username: lesser, allowed: false }])
      }
      expect([name, (await every.as(enough[needs]).send(method, concrete)).status]).toEqual([name, 400])
    }
    await every.close()
  })

  it('are checked before the body is looked at, and before a path is said not to exist', async () => {
    expect((await server.as('user').post('/hosts', undefined, { raw: '{' })).status).toBe(403)
    expect((await server.as(undefined).get('/nothing')).status).toBe(401)
  })
})

describe('audit', () => {
  it('has an event for a change that nobody waited for', async () => {
    const sent = hasty.as('admin').post('/cm/commands/inspectHosts')
    expect((await sent).status).toBe(503)
    await vi.waitFor(() => expect(hasty.audits).toHaveLength(1), 60_000)
  })

  it('has an event for each change, with its text, and none for reading or for what failed', async () => {
    server.audits.length = 0
    const admin = server.as('admin')
    await admin.get('/hosts')
    await admin.put('/clusters/a/services/b/config?message=more%20heap', { items: [] })
    await admin.post('/clusters', { items: [] })
    expect(server.audits).toEqual([
      expect.objectContaining({
        username: 'admin',
        ipAddress: '127.0.0.1',
        command: 'PUT /clusters/{clusterName}/services/{serviceName}/config',
        clusterName: 'a',
        serviceName: 'b',
        message: 'more heap',
        allowed: true,
      }),
    ])
  })
})

describe('the OpenAPI document', () => {
  it('has what is served, in the asked version, and every schema that it refers to', async () => {
    const admin = server.as('admin')
    const { body } = await admin.get('/api/v45/openapi.json')
    expect(body.openapi).toBe('3.0.3')
    expect(Object.keys(body.paths)).toContain('/hosts/{hostId}')
    expect(Object.keys(body.paths)).not.toContain('/cm/version')
    const refs = JSON.stringify(body).match(/#\/components\/schemas\/\w+/g) ?? []
    for (const ref of refs) expect(body.components.schemas).toHaveProperty(ref.split('/').pop()!)
    const old = (await admin.get('/api/v6/openapi.json')).body
    expect(Object.keys(old.components.schemas.ApiHost.properties)).not.toContain('tags')
    expect(Object.keys(old.paths)).not.toContain('/users/sessions')
    expect(Object.keys(old.paths)).toEqual(expect.arrayContaining(['/timeseries', '/events']))
  })

  it.each([6, 15, 31, 45])('is valid, with every operation named once, for v%i', async (version) => {
    const everything = await serveHandlers(
      Object.fromEntries(Object.keys(endpoints).map((name) => [name, () => ({})])),
    )
    const { body } = await everything.as('user').get('/openapi.json', { version })
    await everything.close()
    const result = await new Validator().validate(body)
    expect(result.errors).toBeUndefined()
    expect(result.valid).toBe(true)
    const operations = Object.entries(
      body.paths as Record<string, Record<string, { operationId: string }>>,
    ).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => ({
        operationId,
        name: `${method.toUpperCase()} ${path}`,
      })),
    )
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
    const known = Object.entries(endpoints).flatMap(([name, { since }]) => (since <= version ? [name] : []))
    expect(operations.map(({ name }) => name).sort()).toEqual(known.sort())
  })
})
