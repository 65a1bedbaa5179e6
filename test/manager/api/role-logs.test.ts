import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hono } from 'hono'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { listen } from '../../../src/cli/listen.js'
import { agentRoutes } from '../../../src/manager/heartbeats/index.js'
import { startManagedAgent } from '../../agent/managed-agent.js'
import { until } from '../../engine/support.js'
import { newCore } from '../core.js'
import { startTestPostgres, type TestPostgres } from '../support.js'
import { serveApi } from './server.js'

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startTestPostgres()
}, 160_000)
afterAll(() => postgres?.cleanUp())

test('the log of a role is read from its host: what it printed, and what it wrote', async () => {
  const server = await serveApi(await newCore(postgres))
  onTestFinished(() => server.close())
  const agents = await listen(
    new Hono().route('/', agentRoutes({ active: () => server.active })),
    '127.0.0.1',
    0,
  )
  onTestFinished(() => agents.close())
  const admin = server.as('admin')
  const { agent, dataDir } = await startManagedAgent([agents.url], {
    managerToken: await server.active.tokens.createJoinToken(),
    hostname: 'logs1',
  })
  onTestFinished(() => agent.stop())
  await until('the host', async () => (await admin.get('/hosts')).body.items.length === 1)
  const program = join(dataDir, 'program.sh')
  const log = join(dataDir, 'role-log', 'logs1.log')
  const script = [
    '#!/bin/sh',
    'echo printed',
    'echo wrong >&2',
    `until [ -e ${dataDir}/go ]; do sleep 0.1; done`,
    `echo of its own > ${log}`,
    'exec sleep 1000',
  ]
  writeFileSync(program, `${script.join('\n')}\n`, { mode: 0o755 })
  const config = [
    { name: 'command', value: program },
    { name: 'log_dir', value: join(dataDir, 'role-log') },
    { name: 'process_start_secs', value: '1' },
  ]
  await admin.post('/clusters', { items: [{ name: 'c' }] })
  await admin.post('/clusters/c/hosts', { items: [{ hostname: 'logs1' }] })
  const roles = [{ name: 'r', type: 'INSTANCE', hostRef: { hostname: 'logs1' }, config: { items: config } }]
  const made = await admin.post('/clusters/c/services', { items: [{ name: 'p', type: 'PROCESS', roles }] })
  expect([made.status, made.body.message]).toEqual([200, undefined])
  const logs = '/clusters/c/services/p/roles/r/logs'

  const before = await admin.get(`${logs}/stdout`)
  expect([before.status, before.body.message]).toEqual([404, expect.stringContaining('never been started')])

  const { body: command } = await admin.post('/clusters/c/services/p/commands/start')
  await vi.waitFor(
    async () => expect((await admin.get(`/commands/${command.id}`)).body.success).toBe(true),
    60_000,
  )
  await vi.waitFor(async () => {
    const out = await server.as('user').get(`${logs}/stdout`)
    expect([out.status, out.headers['content-type'], out.text]).toEqual([
      200,
      'text/plain; charset=utf-8',
      expect.stringContaining('printed\n'),
    ])
  }, 160_000)
  await vi.waitFor(async () => expect((await admin.get(`${logs}/stderr`)).text).toContain('wrong\n'), 60_000)

  const none = await admin.get(`${logs}/full`)
  expect([none.status, none.body.message]).toEqual([
    404,
    expect.stringMatching(/no log .*logs1\.log.*logs\/stdout/),
  ])
  writeFileSync(join(dataDir, 'go'), '')
  await vi.waitFor(async () => expect((await admin.get(`${logs}/full`)).text).toBe('of its own\n'), 60_000)
  // One host is asked for a few at a time: what is more is told to come back.
  const many = await Promise.all(Array.from({ length: 12 }, () => admin.get(`${logs}/stdout`)))
  for (const { status } of many) expect([200, 503]).toContain(status)
  expect(many.some(({ status }) => status === 200)).toBe(true)

  await agent.stop()
})
