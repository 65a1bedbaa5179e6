import { createHash } from 'node:crypto'
import type { EventRecord, EventSeverity } from '../../wire/event.js'
import { serviceIdentity } from '../../wire/health.js'
import type { LogLevel } from '../../wire/log-rules.js'
import type { LogRecord } from './assemble.js'
import type { Verdict } from './rules.js'

/** Whose log it is. */
export interface LogOwner {
  /** Entity name of the role. */
  name: string
  displayName?: string | undefined
  /** As queries know them: `roleType`, `serviceName`, `hostname`, … */
  attributes: Readonly<Record<string, string>>
}

const SEVERITIES: Record<LogLevel, EventSeverity> = {
  TRACE: 'INFORMATIONAL',
  DEBUG: 'INFORMATIONAL',
  INFO: 'INFORMATIONAL',
  WARN: 'IMPORTANT',
  ERROR: 'CRITICAL',
  FATAL: 'CRITICAL',
}

/** The event of a record. Read again, after a crash, it has the same id. */
export function eventOfRecord(
  record: LogRecord,
  { alert, leftOut }: Verdict,
  owner: LogOwner,
  place: { path: string; file: string },
): EventRecord {
  const { attributes } = owner
  const named: Record<string, string | undefined> = {
    CLUSTER: attributes.clusterName,
    CLUSTER_DISPLAY_NAME: attributes.clusterDisplayName,
    CLUSTER_ID: attributes.clusterId,
    SERVICE: attributes.serviceName,
    SERVICE_DISPLAY_NAME: attributes.serviceDisplayName,
    SERVICE_TYPE: attributes.serviceType,
    SERVICE_ID: attributes.serviceName && serviceIdentity(attributes.clusterId, attributes.serviceName),
    ROLE: owner.name,
    ROLE_DISPLAY_NAME: owner.displayName,
    ROLE_TYPE: attributes.roleType,
    HOSTS: attributes.hostname,
    HOST_IDS: attributes.hostId,
    EVENTCODE: 'EV_LOG_EVENT',
    LOG_LEVEL: record.level,
    LOG_FILE: place.path,
    LOG_SOURCE: record.source,
    STACKTRACE: record.more,
    LEFT_OUT: leftOut > 0 ? String(leftOut) : undefined,
  }
  const texts = Object.fromEntries(
    Object.entries(named).flatMap(([name, text]) =>
      text === undefined || text === '' ? [] : [[name, [text]]],
    ),
  )
  const identity = [
    attributes.hostId ?? '',
    owner.name,
    place.file,
    record.offset,
    record.time,
    record.message,
  ]
  return {
    id: `log-${createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 32)}`,
    time: record.time,
    category: 'LOG_EVENT',
    severity: SEVERITIES[record.level],
    alert,
    content: record.message,
    attributes: {
      ...texts,
      ...(record.exceptions.length > 0 ? { EXCEPTION_TYPES: record.exceptions } : {}),
    },
  }
}
