import { type AuditQuery, listAudits } from '../../users/index.js'
import type { Handlers } from '../http/call.js'
import { badRequest } from '../http/errors.js'
import { readTime } from '../http/query.js'
import type { Resources } from './ports.js'

type Column = keyof NonNullable<AuditQuery['where']>

/** Attributes that a query may ask for, in Cloudera Manager's words. */
const ATTRIBUTES: Readonly<Record<string, Column>> = {
  username: 'username',
  command: 'command',
  cluster: 'clusterName',
  service: 'serviceName',
  role: 'roleName',
  hostname: 'hostname',
}

/** `service==hdfs;command==Start`. */
export function readAuditQuery(text: string | undefined): Partial<Record<Column, string>> {
  const where: Partial<Record<Column, string>> = {}
  for (const condition of (text ?? '').split(';').filter((each) => each.trim() !== '')) {
    const [, name = '', value = ''] = /^\s*(\w+)\s*==\s*(.*?)\s*$/.exec(condition) ?? []
    const column = Object.hasOwn(ATTRIBUTES, name) ? ATTRIBUTES[name] : undefined
    if (!column)
      throw badRequest(
        `The parameter "query" has "${condition.slice(0, 60)}"; it takes ${Object.keys(ATTRIBUTES).join(', ')}, each with == and a value, joined by ";".`,
      )
    where[column] = value
  }
  return where
}

export function auditResources({ core }: Resources): Handlers {
  return {
    async 'GET /audits'({ query }) {
      const now = new Date()
      const rows = await listAudits(core.db, {
        from:
          query.startTime === undefined ? undefined : readTime('startTime', query.startTime, now).getTime(),
        to: readTime('endTime', query.endTime, now).getTime() + 1,
        where: readAuditQuery(query.query),
        limit: query.maxResults,
        offset: query.resultOffset,
      })
      return {
        items: rows.map((row) => ({
          timestamp: new Date(row.at).toISOString(),
          service: row.serviceName ?? undefined,
          username: row.username,
          ipAddress: row.ipAddress ?? undefined,
          command: row.command,
          operationText: row.message,
          allowed: row.allowed,
          serviceValues: Object.fromEntries(
            Object.entries({ cluster: row.clusterName, role: row.roleName, hostname: row.hostname }).filter(
              (each): each is [string, string] => each[1] !== null,
            ),
          ),
        })),
      }
    },
  }
}
