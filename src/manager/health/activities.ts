import { sql } from 'kysely'
import type { EventRecord } from '../../wire/event.js'
import type { CommandNames } from '../commands/types.js'
import type { Core } from '../core.js'
import type { EventSource } from './event-sender.js'

const BATCH = 500
/** A manager that has just become active tells of commands of this time again: its predecessor may not have come to it. */
const LOOK_BACK_MS = 86_400_000
const ENDS = {
  SUCCEEDED: { severity: 'INFORMATIONAL', words: 'has succeeded' },
  FAILED: { severity: 'IMPORTANT', words: 'has failed' },
  ABORTED: { severity: 'IMPORTANT', words: 'was aborted' },
} as const

/** The ends of commands, without those of their parts; and that this manager has become active. */
export function activityEvents(core: Core, name: string): EventSource {
  let own: EventRecord[] = [becameActive(core, name)]
  /** All commands before this one are told. */
  let from: number | undefined
  const told = new Set<number>()

  async function start(): Promise<number> {
    const row = await core.db
      .selectFrom('command')
      .select((eb) => eb.fn.min('id').as('id'))
      .where('parentId', 'is', null)
      .where((eb) => eb.or([eb('createdAt', '>', Date.now() - LOOK_BACK_MS), eb('endedAt', 'is', null)]))
      .executeTakeFirst()
    return Number(row?.id ?? 0)
  }

  return {
    async next() {
      from ??= await start()
      const rows = await core.db
        .selectFrom('command')
        .select(['id', 'name', 'state', 'message', 'startedAt', 'endedAt', 'username', 'context'])
        .where('id', '>=', from)
        .where('parentId', 'is', null)
        // One parameter: a command that runs for a day may have more than 65,535 after it that have ended.
        .where(sql<boolean>`id <> all(${[...told]}::bigint[])`)
        .orderBy('id')
        .limit(BATCH)
        .execute()
      const ended = rows.flatMap((row) => {
        const { state, endedAt } = row
        return endedAt === null || state === 'WAITING' || state === 'RUNNING'
          ? []
          : [{ ...row, state, endedAt }]
      })
      const events = [
        ...own,
        ...ended.map((row): EventRecord => {
          const { severity, words } = ENDS[row.state]
          const names = row.context as CommandNames
          const about = aboutOf(names)
          const message = row.message ? ` ${row.message}` : ''
          return {
            id: `command-${core.deploymentId}-${row.id}`,
            time: row.endedAt,
            category: 'ACTIVITY_EVENT',
            severity,
            alert: false,
            content: `The command ${row.name}${about} ${words}.${message}`,
            attributes: {
              EVENTCODE: [`EV_COMMAND_${row.state}`],
              COMMAND: [row.name],
              COMMAND_ID: [String(row.id)],
              USER: [row.username],
              ...(row.startedAt === null ? {} : { DURATION_MS: [String(row.endedAt - row.startedAt)] }),
              ...(names.clusterName ? { CLUSTER: [names.clusterName] } : {}),
              ...(names.serviceName ? { SERVICE: [names.serviceName] } : {}),
              ...(names.roleName ? { ROLE: [names.roleName] } : {}),
              ...(names.hostname ? { HOSTS: [names.hostname] } : {}),
              ...(names.hostId ? { HOST_IDS: [names.hostId] } : {}),
            },
          }
        }),
      ]
      return {
        events,
        more: ended.length === BATCH,
        async told() {
          own = []
          for (const { id } of ended) told.add(id)
          const open = rows.find(({ id }) => !told.has(id))
          const last = rows.at(-1)
          if (open) from = open.id
          else if (last) from = last.id + 1
          for (const id of told) if (id < from!) told.delete(id)
        },
      }
    },
  }
}

function aboutOf({ clusterName, serviceName, roleName, hostname }: CommandNames): string {
  if (roleName) return ` of role ${roleName}`
  const where = clusterName ? ` in ${clusterName}` : ''
  if (serviceName) return ` of service ${serviceName}${where}`
  if (clusterName) return ` of cluster ${clusterName}`
  return hostname ? ` of host ${hostname}` : ''
}

function becameActive(core: Core, name: string): EventRecord {
  const term = core.term()
  return {
    id: `manager-${core.deploymentId}-${term}`,
    time: Date.now(),
    category: 'SYSTEM',
    severity: 'INFORMATIONAL',
    alert: false,
    content: `The manager on ${name} has become active (term ${term}).`,
    attributes: { EVENTCODE: ['EV_MANAGER_ACTIVE'], TERM: [String(term)], HOSTS: [name] },
  }
}
