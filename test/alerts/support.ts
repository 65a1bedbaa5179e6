import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import { Registry } from 'prom-client'
import { afterEach } from 'vitest'
import type { Rules } from '../../src/alerts/core/index.js'
import { DEFAULT_GROUPING } from '../../src/alerts/core/index.js'
import { type Publisher, readSettings, startPublisher } from '../../src/alerts/index.js'
import type { AlertEvent, AlertHealth } from '../../src/wire/alert.js'

export const SILENT: Logger = pino({ level: 'silent' })

const SEVERITY = {
  RED: 'CRITICAL',
  YELLOW: 'IMPORTANT',
  GREEN: 'INFORMATIONAL',
  DISABLED: 'INFORMATIONAL',
} as const
let events = 0

/** A health event of a role: `health('zk-1', 'RED')`. */
export function health(role: string, current: AlertHealth, more: Partial<AlertEvent> = {}): AlertEvent {
  const id = `e${++events}`
  const { entity, ...rest } = more
  return {
    id,
    time: 1_700_000_000_000 + events,
    entity: {
      category: 'ROLE',
      name: role,
      displayName: role,
      cluster: 'c1',
      clusterDisplayName: 'Cluster 1',
      service: 'zk',
      serviceDisplayName: 'ZooKeeper',
      serviceType: 'ZOOKEEPER',
      role,
      roleType: 'SERVER',
      hosts: [{ name: `${role}.example.com`, id: `id-${role}` }],
      ...entity,
    },
    severity: SEVERITY[current],
    category: 'HEALTH_CHECK',
    codes: [`EV_ROLE_HEALTH_CHECK_${current === 'RED' ? 'BAD' : current === 'GREEN' ? 'GOOD' : current}`],
    summary: `The health of role ${role} has become ${current === 'RED' ? 'bad' : current === 'GREEN' ? 'good' : current}.`,
    health: { current },
    tests: [
      {
        name: 'ZOOKEEPER_SERVER_SCM_HEALTH',
        health: current,
        severity: SEVERITY[current],
        sentence: `The process of ${role} is ${current}.`,
        advice: 'Look at its log.',
        changed: true,
      },
    ],
    suppressed: false,
    monitorStartup: false,
    url: 'http://bellwether.example.com:7180/roles/1',
    ...rest,
  }
}

/** An event without health. */
export function note(summary: string, more: Partial<AlertEvent> = {}): AlertEvent {
  const { health: _, ...event } = health('log', 'RED')
  return { ...event, category: 'LOG_MESSAGE', codes: ['EV_LOG_EVENT'], summary, tests: [], ...more }
}

export function rules(more: Partial<Rules['grouping']> = {}, receivers: string[] = ['ops']): Rules {
  return {
    routes: [],
    defaultReceivers: receivers,
    receivers: new Set(receivers),
    grouping: { ...DEFAULT_GROUPING, ...more },
  }
}

export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'bellwether-alerts-'))
  folders.push(path)
  return path
}
const folders: string[] = []
const publishers: Publisher[] = []

afterEach(async () => {
  for (const publisher of publishers.splice(0)) await publisher.stop()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** Settings of JSON, as they would be read from the file; fails on any problem. */
export function settings(json: object) {
  const problems: string[] = []
  const result = readSettings(json, problems)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return result
}

/** As short as can be, so that tests need not wait. */
export const QUICK = { wait: '20ms', interval: '100ms', longestInterval: '200ms', burst: 1000 }

/** A publisher with one receiver that gets everything. Stopped after the test. */
export async function publisherWith(receiver: object, dataDir = temporaryFolder()): Promise<Publisher> {
  const publisher = await startPublisher({
    dataDir,
    settings: settings({
      receivers: [{ name: 'ops', ...receiver }],
      defaultReceivers: ['ops'],
      grouping: QUICK,
    }),
    registry: new Registry(),
    logger: SILENT,
  })
  publishers.push(publisher)
  return publisher
}
