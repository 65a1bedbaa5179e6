import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { contractEndpoints, endpoints } from '../../../src/manager/api/contract/endpoints.js'
import { contractModels } from '../../../src/manager/api/contract/models.js'
import { newCore } from '../core.js'
import { startTestPostgres, type TestPostgres } from '../support.js'
import type { Client } from './client.js'
import { contract } from './contract.js'
import { addCluster, serveApi } from './server.js'

/** What came later than v6, taken down from Cloudera's descriptions: an independent judge of our tables. */
const later: { fields: Record<string, Record<string, number>>; endpoints: Record<string, number> } =
  JSON.parse(readFileSync(new URL('./fixtures/versions.json', import.meta.url), 'utf8'))

describe('the tables', () => {
  it('have the version of every field and endpoint that came later than v6', () => {
    const fields: typeof later.fields = {}
    for (const [model, its] of Object.entries(contractModels))
      for (const [field, type] of Object.entries(its as Record<string, string>)) {
        const since = Number(/(?<!until) v(\d+)/.exec(type)?.[1] ?? 0)
        if (since > 6) fields[model] = { ...fields[model], [field]: since }
      }
    expect(fields).toEqual(later.fields)
    const since = Object.entries(contractEndpoints).flatMap(([name, facts]) =>
      facts.since > 6 ? [[name, facts.since]] : [],
    )
    expect(Object.fromEntries(since)).toEqual(later.endpoints)
  })
})

/** A v45 answer as `version` knew it, by the judge. */
function asOf(version: number, type: string, value: unknown): unknown {
  if (type.startsWith('[')) return (value as unknown[]).map((each) => asOf(version, type.slice(1, -1), each))
  const fields = contract.models[type]
  if (!fields) return value
  const known = Object.entries(value as object).filter(
    ([field]) => (later.fields[type]?.[field] ?? 0) <= version,
  )
  return Object.fromEntries(known.map(([field, each]) => [field, asOf(version, fields[field]!, each)]))
}

/** Times differ from one answer to the next; so do the versions in links. */
const steady = (text: string) => JSON.parse(text.replace(/"\d{4}-\d\d-\d\dT[^"]*Z"/g, '"time"'))

describe('every answer', () => {
  let postgres: TestPostgres
  let server: Awaited<ReturnType<typeof serveApi>>
  let admin: Client
  let names: Record<string, string>
  beforeAll(async () => {
    postgres = await startTestPostgres()
    server = await serveApi(await newCore(postgres))
    admin = server.as('admin')
    const roles = await addCluster(admin)
    await admin.put('/cm/service', {
      name: 'mgmt',
      roles: [{ type: 'MONITOR', name: 'm', hostRef: { hostId: 'host-id-0' } }],
    })
    await admin.put('/hosts/one.example/tags', [{ name: 'row', value: '7' }])
    await admin.post('/clusters/Cluster%201/hostTemplates', { items: [{ name: 't' }] })
    const started = await admin.post('/clusters/Cluster%201/services/zk/commands/start')
    await admin.post(`/commands/${started.body.id}/abort`)
    await server.active.commands.ended(started.body.id)
    names = {
      clusterName: 'Cluster 1',
      serviceName: 'zk',
      roleName: roles[1]!,
      roleConfigGroupName: 'zk-SERVER-BASE',
      hostTemplateName: 't',
      hostId: 'host-id-0',
      hostname: 'one.example',
      userName: 'operator',
      commandId: String(started.body.id),
      cmServerId: 'm1',
    }
  }, 120_000)
  afterAll(async () => {
    await server?.close()
    await postgres?.cleanUp()
  })

  const VERSIONS = [6, 9, 10, 11, 13, 14, 30, 31, 32, 40, 41, 44]
  /** These had another form up to v30, which old-clients.test.ts looks at. */
  const FORMERLY = /^GET (\/clusters\/{clusterName}\/hosts|\/users|\/users\/{userName}|\/cm\/deployment)$/

  it('has the fields that its version knew, all of them and no other', async () => {
    let compared = 0
    for (const [name, facts] of Object.entries(endpoints)) {
      const [method, path = ''] = name.split(' ')
      const type = contract.endpoints[name]?.answer
      if (method !== 'GET' || !type || type === 'file' || type === 'string') continue
      const special = path.startsWith('/cm/service')
      const concrete = path.replace(/{(\w+)}/g, (_, each: string) =>
        encodeURIComponent(
          special && each === 'roleName'
            ? 'm'
            : special && each === 'roleConfigGroupName'
              ? 'mgmt-MONITOR-BASE'
              : (names[each] ?? 'x'),
        ),
      )
      const full = 'query' in facts && 'view' in facts.query ? `${concrete}?view=full` : concrete
      const newest = await admin.get(full)
      if (newest.status !== 200) continue
      for (const version of VERSIONS) {
        const { status, text, body } = await admin.get(full, { version })
        if (version < (later.endpoints[name] ?? 0)) {
          expect([name, version, status, body.message]).toEqual([
            name,
            version,
            404,
            expect.stringContaining('came with'),
          ])
          continue
        }
        if (FORMERLY.test(name) && version <= 30) continue
        expect([name, version, steady(text)]).toEqual([
          name,
          version,
          asOf(version, type, steady(newest.text)),
        ])
        compared++
      }
    }
    expect(compared).toBeGreaterThan(400)
  }, 120_000)
})
