import { Hono } from 'hono'
import { pino } from 'pino'
import { listen } from '../../../src/cli/listen.js'
import { createManagerApi } from '../../../src/manager/api/index.js'
import type { Commands, ProcessFiles, Runtime } from '../../../src/manager/api/resources/ports.js'
import type { Core } from '../../../src/manager/core.js'
import { hashPassword, type UserRole } from '../../../src/manager/users/index.js'
import { client } from './client.js'

export const passwordOf = (name: string) => `secret of ${name}`

const ROLES: Record<string, UserRole> = {
  user: 'ROLE_USER',
  operator: 'ROLE_OPERATOR',
  configurator: 'ROLE_CONFIGURATOR',
  admin: 'ROLE_ADMIN',
  hr: 'ROLE_USER_ADMIN',
}

/** A world in which nothing runs. */
const still: Runtime = {
  roleState: () => 'STOPPED',
  roleStaleness: async () => 'FRESH',
  serviceStaleness: async () => 'FRESH',
  clientStaleness: async () => 'FRESH',
  haStatus: () => undefined,
  zooKeeperMode: () => undefined,
  host: () => ({ lastHeartbeat: undefined, cores: undefined, memory: undefined, os: undefined }),
  health: () => undefined,
}

let hashed: Promise<{ name: string; role: UserRole; passwordHash: string; createdAt: number }[]> | undefined
/** Hashed once: that is what costs time. */
const users = () =>
  (hashed ??= Promise.all(
    Object.entries(ROLES).map(async ([name, role]) => ({
      name,
      role,
      passwordHash: await hashPassword(passwordOf(name)),
      createdAt: 0,
    })),
  ))

export interface ServeOptions {
  withoutUsers?: boolean
  commands?: Partial<Commands>
  processFiles?: ProcessFiles
}

/** The whole API over a real database, on a real port; with the users `user`, `operator`, `configurator`, `admin`, `hr`. */
export async function serveApi(core: Core, options: ServeOptions = {}) {
  if (!options.withoutUsers)
    await core.db
      .insertInto('userAccount')
      .values(await users())
      .execute()
  const none = async () => {
    throw Object.assign(new Error('There are no commands here.'), { code: 'INVALID' })
  }
  const api = createManagerApi({
    core,
    mode: 'local',
    runtime: async () => still,
    commands: {
      start: none,
      find: async () => undefined,
      active: async () => [],
      abort: none,
      retry: none,
      output: async () => undefined,
      names: () => ['Start', 'Stop'],
      ...options.commands,
    },
    processFiles: options.processFiles ?? { list: async () => undefined, read: async () => undefined },
    instances: async () => [
      { id: 'm1', name: 'one.example', ipAddress: '192.0.2.1', createdAt: 0, updatedAt: 60_000 },
    ],
    version: '1.2.3',
    embeddedDatabase: true,
    log: async () => 'a line\n',
    logger: pino({ level: 'silent' }),
  })
  const app = new Hono({ strict: false })
  app.route('/', api.routes)
  const listening = await listen(app, '127.0.0.1', 0)
  return {
    url: listening.url,
    core,
    as: (user: string | undefined, password = user && passwordOf(user)) =>
      client(listening.url, user === undefined ? {} : { user, password: password ?? '' }),
    close: () => listening.close(),
  }
}
