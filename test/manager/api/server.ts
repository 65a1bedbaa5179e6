import { Hono } from 'hono'
import { pino } from 'pino'
import { expect } from 'vitest'
import { listen } from '../../../src/cli/listen.js'
import { startActive } from '../../../src/manager/active.js'
import { type AuthMode, createManagerApi, fromActive } from '../../../src/manager/api/index.js'
import type { Core } from '../../../src/manager/core.js'
import { loadDescriptors, ourDescriptors } from '../../../src/manager/descriptors/index.js'
import type { MonitorClient } from '../../../src/manager/health/index.js'
import type { UserRole } from '../../../src/manager/users/index.js'
import { type Client, client } from './client.js'
import { quickHash } from './passwords.js'

export const passwordOf = (name: string) => `secret of ${name}`

const ROLES: Record<string, UserRole> = {
  user: 'ROLE_USER',
  operator: 'ROLE_OPERATOR',
  configurator: 'ROLE_CONFIGURATOR',
  admin: 'ROLE_ADMIN',
  hr: 'ROLE_USER_ADMIN',
}

const users = Object.entries(ROLES).map(([name, role]) => ({
  ...{ name, role, createdAt: 0 },
  passwordHash: quickHash(passwordOf(name)),
}))

export interface ServeOptions {
  withoutUsers?: boolean
  mode?: AuthMode
  /** The monitor; default: none. */
  monitorClient?: MonitorClient
}

/** The API of an active manager over a real database; with the users `user`, `operator`, `configurator`, `admin`, `hr`. */
export async function apiOver(core: Core, options: ServeOptions = {}) {
  if (!options.withoutUsers) await core.db.insertInto('userAccount').values(users).execute()
  const active = await startActive({ core, monitorClient: options.monitorClient })
  const api = createManagerApi({
    ...fromActive(active),
    mode: options.mode ?? 'local',
    instances: async () => [
      { id: 'm1', name: 'one.example', ipAddress: '192.0.2.1', createdAt: 0, updatedAt: 60_000 },
    ],
    version: '1.2.3',
    embeddedDatabase: true,
    log: async () => 'a line\n',
    reloadServiceTypes: async () =>
      core.setDescriptors(await loadDescriptors([{ path: ourDescriptors(), builtIn: true }])),
    logger: pino({ level: 'silent' }),
  })
  return { api, active }
}

/** `apiOver`, on a real port. */
export async function serveApi(core: Core, options: ServeOptions = {}) {
  const { api, active } = await apiOver(core, options)
  const app = new Hono({ strict: false })
  app.route('/', api.routes)
  const listening = await listen(app, '127.0.0.1', 0)
  return {
    url: listening.url,
    core,
    as: (user: string | undefined, password = user && passwordOf(user)) =>
      client(listening.url, user === undefined ? {} : { user, password: password ?? '' }),
    active,
    async close() {
      await listening.close()
      await active.stop()
    },
  }
}

/** Cluster `Cluster 1` with hosts one, two, three, and a ZooKeeper with a server on each. */
export async function addCluster(admin: Client): Promise<string[]> {
  const good = async (reply: Promise<{ status: number; text: string }>) => {
    const { status, text } = await reply
    expect([status, text]).toEqual([200, text])
  }
  await good(admin.post('/clusters', { items: [{ name: 'Cluster 1', fullVersion: '7.1.7' }] }))
  const hosts = ['one', 'two', 'three'].map((name, i) => ({
    hostId: `host-id-${i}`,
    hostname: `${name}.example`,
    ipAddress: `192.0.2.${i + 1}`,
  }))
  await good(admin.post('/hosts', { items: hosts }))
  await good(admin.post('/clusters/Cluster%201/hosts', { items: hosts.map(({ hostId }) => ({ hostId })) }))
  const made = await admin.post('/clusters/Cluster%201/services', {
    items: [
      {
        name: 'zk',
        type: 'ZOOKEEPER',
        displayName: 'Zoo',
        roles: hosts.map(({ hostname }) => ({ type: 'SERVER', hostRef: { hostname } })),
        roleConfigGroups: [
          { name: 'zk-SERVER-BASE', base: true, config: { items: [{ name: 'tickTime', value: '3000' }] } },
        ],
      },
    ],
  })
  expect([made.status, made.text]).toEqual([200, made.text])
  const { body } = await admin.get('/clusters/Cluster%201/services/zk/roles')
  return body.items.map(({ name }: { name: string }) => name)
}

export const ZK = '/clusters/Cluster%201/services/zk'
