import type { HealthFacts, HealthReceipt, RoleFact, ServiceFact } from '../../wire/health.js'
import type { BusyCommands } from '../commands/index.js'
import type { Instances } from '../configuration/index.js'
import type { Core } from '../core.js'
import { GATEWAY } from '../descriptors/index.js'
import type { Runtime } from '../heartbeats/index.js'
import type { MonitorClient } from './client.js'
import { hostFact, roleFact } from './facts.js'
import { healthModel, serviceFact } from './model.js'

export interface HealthLink {
  /** Sends what has changed and is not sent yet, without waiting. For tests. */
  flush(): Promise<void>
  /** May be called twice. */
  stop(): Promise<void>
}

export interface HealthLinkOptions {
  core: Core
  runtime: Runtime
  busy: BusyCommands
  client: MonitorClient
  /** Time between two heartbeats of a host, milliseconds. */
  heartbeatMs: () => number
  /** How often facts are sent where nothing happens. Default 5 s. */
  everyMs?: number
}

const EVERY_MS = 5_000
/** Changes that come together go together. */
const FACTS_DELAY_MS = 20
const MODEL_DELAY_MS = 300
/** A large model is not sent again before so many times the time that the last one took. */
const MODEL_REST = 10
const FIRST_RETRY_MS = 500
const LONGEST_RETRY_MS = 10_000
const MODEL_TIMEOUT_MS = 60_000
/** Where manager and monitor start together, one of them is the first: for this long nothing is said of it. */
const QUIET_START_MS = 30_000

/**
 * Keeps the monitor informed of what there is (`PUT /health/model`: at the start, after changes, when the monitor has lost it)
 * and of what happens (`POST /health/facts`: heartbeats every 5 s, processes and commands at once). One request at a time, so
 * that nothing overtakes. What cannot be sent is sent later, as it is then.
 */
export function startHealthLink(options: HealthLinkOptions): HealthLink {
  const { core, runtime, busy, client, heartbeatMs, everyMs = EVERY_MS } = options
  const ending = new AbortController()
  const began = Date.now()
  /** The newest heartbeat that an earlier manager wrote down. */
  const ended = Math.max(0, ...[...runtime.hosts()].map(({ lastHeartbeat }) => lastHeartbeat))
  const roleIds = new Set<number>()
  /** What was said last of each, so that only news goes out. */
  let told = { services: new Map<string, string>(), hosts: new Map<string, number>() }
  let version = 0
  let modelText = ''
  let run = ''
  let latest: Instances | undefined
  let isModelDue = true
  let modelNotBefore = 0
  let areAllDue = true
  let areHostsDue = false
  let failures = 0
  let isFailureTold = false
  let timer: NodeJS.Timeout | undefined
  let dueAt = Number.POSITIVE_INFINITY
  let running: Promise<void> | undefined

  function plan(ms: number): void {
    if (ending.signal.aborted) return
    const at = Date.now() + ms
    if (at >= dueAt) return
    dueAt = at
    clearTimeout(timer)
    timer = setTimeout(() => {
      dueAt = Number.POSITIVE_INFINITY
      void turn()
    }, ms)
    timer.unref()
  }

  /** One at a time; what comes up meanwhile is looked at afterwards. */
  function turn(): Promise<void> {
    running ??= work()
      .then(
        () => {
          if (isFailureTold) core.logger.info({}, 'The monitor takes what health needs again')
          failures = 0
          isFailureTold = false
          if (isModelDue) plan(Math.max(0, modelNotBefore - Date.now()))
          if (roleIds.size > 0 || areAllDue) plan(FACTS_DELAY_MS)
        },
        (error) => {
          if (ending.signal.aborted) return
          areAllDue = true
          failures++
          if (!isFailureTold && Date.now() - began > QUIET_START_MS) {
            isFailureTold = true
            core.logger.warn({ reason: String(error) }, 'The monitor does not take what health needs')
          }
          plan(Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(10, failures - 1)))
        },
      )
      .finally(() => {
        running = undefined
      })
    return running
  }

  async function work(): Promise<void> {
    if (ending.signal.aborted) return
    if (isModelDue && Date.now() >= modelNotBefore) await sendModel()
    if (latest && (areAllDue || areHostsDue || roleIds.size > 0)) await sendFacts(latest)
  }

  async function sendModel(): Promise<void> {
    const start = Date.now()
    isModelDue = false
    try {
      latest = await core.instances()
      const {
        term: _,
        version: __,
        ...rest
      } = healthModel(latest, { runtime, busy }, { term: 0, version: 0 })
      const text = JSON.stringify(rest).slice(1)
      if (text !== modelText) {
        const body = `{"term":${core.term()},"version":${version + 1},${text}`
        const receipt = receiptOf(
          await client.ask('PUT', '/health/model', {
            body,
            timeoutMs: MODEL_TIMEOUT_MS,
            signal: ending.signal,
          }),
        )
        if (receipt.version === version + 1) modelText = text
        // It has a later one of this term already, from before a restart: ours has to be later still.
        else isModelDue = true
        version = Math.max(version + 1, receipt.version)
        // What the monitor did not know before it has not heard of either.
        areAllDue = true
      }
    } catch (error) {
      isModelDue = true
      throw error
    }
    modelNotBefore = Date.now() + MODEL_REST * (Date.now() - start)
  }

  async function sendFacts({ model }: Instances): Promise<void> {
    const all = areAllDue
    const some = [...roleIds]
    areAllDue = areHostsDue = false
    roleIds.clear()
    if (all) told = { services: new Map(), hosts: new Map() }
    const roles: RoleFact[] = []
    const serviceIds = new Set<number>()
    for (const id of all ? model.roles.keys() : some) {
      const role = model.roles.get(id)
      if (!role || role.type === GATEWAY) continue
      serviceIds.add(role.serviceId)
      roles.push(roleFact(role, runtime.currentProcess(id), busy))
    }
    const services: ServiceFact[] = []
    const said = new Map<string, string>()
    for (const id of all ? model.services.keys() : serviceIds) {
      const service = model.services.get(id)
      if (!service) continue
      const fact = serviceFact(model, service, { runtime, busy })
      const text = `${fact.expected} ${fact.busy}`
      if (told.services.get(fact.identity) === text) continue
      said.set(fact.identity, text)
      services.push(fact)
    }
    const at = { began, ended, intervalMs: heartbeatMs() }
    const beats = new Map<string, number>()
    const hosts = [...runtime.hosts()]
      .filter(({ hostId, lastHeartbeat }) => told.hosts.get(hostId) !== lastHeartbeat)
      .map((host) => {
        beats.set(host.hostId, host.lastHeartbeat)
        return hostFact(host, at)
      })
    const facts: HealthFacts = { term: core.term(), at: Date.now(), hosts, roles, services }
    try {
      const answer = await client.ask('POST', '/health/facts', {
        body: JSON.stringify(facts),
        signal: ending.signal,
      })
      const receipt = receiptOf(answer)
      for (const [identity, text] of said) told.services.set(identity, text)
      for (const [hostId, beat] of beats) told.hosts.set(hostId, beat)
      if (receipt.run !== run) {
        areAllDue ||= run !== '' || !all
        run = receipt.run
      }
      // It has lost the model, or has one of another time.
      if (receipt.version !== version || receipt.term !== facts.term) {
        modelText = ''
        isModelDue = true
        modelNotBefore = Math.min(modelNotBefore, Date.now() + 1_000)
      }
    } catch (error) {
      for (const id of some) roleIds.add(id)
      throw error
    }
  }

  const stops = [
    core.onModelChanged(() => {
      isModelDue = true
      plan(Math.max(MODEL_DELAY_MS, modelNotBefore - Date.now()))
    }),
    runtime.onProcess(({ roleId }) => {
      if (roleId === null) return
      roleIds.add(roleId)
      if (failures === 0) plan(FACTS_DELAY_MS)
    }),
    busy.onChange((ids) => {
      for (const id of ids) roleIds.add(id)
      if (failures === 0) plan(0)
    }),
  ]
  const beat = setInterval(() => {
    areHostsDue = true
    if (failures === 0) plan(0)
  }, everyMs)
  beat.unref()
  plan(0)

  return {
    async flush() {
      await running
      modelNotBefore = 0
      await turn()
    },
    async stop() {
      ending.abort()
      clearInterval(beat)
      clearTimeout(timer)
      for (const stop of stops) stop()
      await running
    },
  }
}

/** 404: the monitor does not know all that was spoken of; its receipt says what it has. */
function receiptOf({ status, body }: { status: number; body: unknown }): HealthReceipt {
  const receipt = body as Partial<HealthReceipt> | undefined
  if ((status === 200 || status === 404) && typeof receipt?.version === 'number')
    return receipt as HealthReceipt
  const message = (body as { message?: unknown } | undefined)?.message
  throw new Error(`HTTP ${status}${typeof message === 'string' ? `: ${message.slice(0, 300)}` : ''}`)
}
