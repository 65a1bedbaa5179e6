import type { Handlers } from '../http/call.js'
import { notFound } from '../http/errors.js'
import { readTime } from '../http/query.js'
import type { ManagerInstance, Resources } from './ports.js'

export function managerResources(resources: Resources): Handlers {
  const toInstance = ({ id, name, ipAddress, createdAt, updatedAt }: ManagerInstance) => ({
    cmServerId: id,
    name,
    ipAddress,
    createdTime: new Date(createdAt).toISOString(),
    lastUpdatedTime: new Date(updatedAt).toISOString(),
  })

  return {
    'GET /cm/version': () => versionInfo(resources.version),

    async 'GET /cm/instances'() {
      return { items: (await resources.instances()).map(toInstance) }
    },

    async 'GET /cm/instances/{cmServerId}'({ params }) {
      const found = (await resources.instances()).find(({ id }) => id === params.cmServerId)
      if (found) return toInstance(found)
      throw notFound(`There is no manager with the id "${params.cmServerId}".`)
    },

    'GET /cm/scmDbInfo': () => ({ scmDbType: 'POSTGRESQL', embeddedDbUsed: resources.embeddedDatabase }),

    /** Nobody is cut off: no command runs, and nobody has used it since the given time. */
    async 'GET /cm/shutdownReadiness'({ query }) {
      const since =
        query.lastActivityTime === undefined
          ? undefined
          : readTime('lastActivityTime', query.lastActivityTime, new Date()).getTime()
      const busy = (await resources.commands.active({})).length > 0
      const sessions = await resources.authentication.sessions.list()
      const used = since !== undefined && sessions.some(({ usedAt }) => usedAt > since)
      return { state: busy || used ? 'NOT_READY' : 'READY' }
    },

    async 'GET /cm/log'() {
      const text = await resources.log()
      if (text !== undefined) return text
      throw notFound('The manager’s log is not kept in a file here; see its standard output.')
    },
  }
}

export const versionInfo = (version: string) => ({
  version,
  snapshot: false,
  buildUser: 'bellwether',
  buildTimestamp: '',
  gitHash: '',
})
