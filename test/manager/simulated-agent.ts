import { randomUUID } from 'node:crypto'
import type { Receiver } from '../../src/manager/heartbeats/index.js'
import {
  type DesiredProcess,
  HEARTBEAT_PROTOCOL,
  type HeartbeatAnswer,
  type HeartbeatRequest,
  type ProcessReport,
} from '../../src/wire/heartbeat.js'
import { parseHeartbeatAnswer } from '../../src/wire/heartbeat-parse.js'

export interface SimulatedAgent {
  readonly hostId: string
  readonly processes: Map<number, ProcessReport>
  readonly desired: Map<number, DesiredProcess>
  /** What to read of roles, by the name of the set, as it came last. */
  metricSets: NonNullable<HeartbeatAnswer['desired']>['metricSets']
  token: string
  /** Everything that was started, in order. */
  readonly log: string[]
  /** Beats until it is stopped; `manager` may be exchanged meanwhile. */
  manager: Receiver | undefined
  /** What comes of a start: default it runs (and a command ends with 0). */
  behave: (process: DesiredProcess) => 'runs' | 'fatal' | 'hangs' | number
  beat(more?: Partial<HeartbeatRequest>): Promise<{ status: number; answer?: HeartbeatAnswer; code?: string }>
  /** A process ends by itself. */
  exit(id: number, code: number): void
  stop(): Promise<void>
}

/** An agent as the manager sees it: it beats, takes what is desired, and does it without running anything. */
export function simulateAgent(options: {
  hostId: string
  hostname: string
  token: string
  manager: Receiver
  run?: boolean
}): SimulatedAgent {
  const { hostId, hostname } = options
  const instanceId = randomUUID()
  const bootId = randomUUID()
  let sequence = 0
  let generation = 0
  let results: HeartbeatRequest['commands'] = []
  let clientConfigs: HeartbeatRequest['clientConfigs'] = []
  let stopped = false
  let cut = new AbortController()
  const self: SimulatedAgent = {
    hostId,
    processes: new Map(),
    desired: new Map(),
    metricSets: {},
    token: options.token,
    log: [],
    manager: options.manager,
    behave: () => 'runs',
    async beat(more = {}) {
      const request: HeartbeatRequest = {
        protocol: HEARTBEAT_PROTOCOL,
        hostId,
        instanceId,
        bootId,
        sequence: ++sequence,
        term: 0,
        agentVersion: '0.1.0',
        facts: {
          hostname,
          addresses: ['127.0.0.1'],
          cores: 2,
          memory: 4e9,
          os: { name: 'Test', version: '1', kernel: '6', arch: 'x64' },
          mounts: [],
          switchesUser: true,
          cgroups: false,
        },
        generation,
        settled: true,
        faults: [],
        processes: [...self.processes.values()],
        clientConfigs,
        commands: results,
        clock: Date.now(),
        waitMs: 0,
        ...more,
      }
      const reply = await self.manager!.receive(self.token, JSON.parse(JSON.stringify(request)), cut.signal)
      if (reply.status !== 200) return { status: reply.status, code: (reply.body as { code: string }).code }
      const { answer, faults } = parseHeartbeatAnswer(JSON.parse(JSON.stringify(reply.body)))
      if (faults.length > 0) throw new Error(`the answer has faults: ${JSON.stringify(faults)}`)
      results = (answer.commands ?? []).map((command) => ({
        id: command.id,
        ok: true,
        ...(command.kind === 'tail' ? { output: `${command.file} of ${command.processId}\n` } : {}),
      }))
      if (answer.agentToken) self.token = answer.agentToken
      if (answer.desired) {
        generation = answer.generation
        take(answer.desired)
      }
      return { status: 200, answer }
    },
    exit(id, code) {
      const report = self.processes.get(id)!
      self.processes.set(id, {
        ...report,
        state: 'EXITED',
        since: Date.now(),
        exit: { at: Date.now(), code },
      })
      cut.abort()
    },
    async stop() {
      stopped = true
      cut.abort()
      await loop
    },
  }

  function take(desired: NonNullable<HeartbeatAnswer['desired']>): void {
    const listed = new Map(desired.processes.map((process) => [process.id, process]))
    for (const id of self.processes.keys()) if (!listed.has(id)) self.processes.delete(id)
    self.desired.clear()
    self.metricSets = desired.metricSets
    for (const [id, process] of listed) {
      self.desired.set(id, process)
      const report = self.processes.get(id)
      const now = Date.now()
      const base = {
        id,
        name: process.name,
        since: now,
        restarts: 0,
        unexpectedExits: 0,
        revision: process.revision,
      }
      if (process.wanted === 'STOPPED') {
        if (report && report.state !== 'STOPPED') {
          self.log.push(`stop ${process.name}`)
          self.processes.set(id, { ...report, state: 'STOPPED', since: now })
        }
      } else if (!report) {
        self.log.push(`${process.run === 'once' ? 'run' : 'start'} ${process.name}`)
        const what = self.behave(process)
        if (what === 'hangs') self.processes.set(id, { ...base, state: 'STARTING', pid: 1 })
        else if (what === 'fatal')
          self.processes.set(id, {
            ...base,
            state: 'FATAL',
            problem: { code: 'CANNOT_EXECUTE', message: 'No such program.' },
          })
        else if (process.run === 'once')
          self.processes.set(id, {
            ...base,
            state: 'EXITED',
            exit: { at: now, code: what === 'runs' ? 0 : what },
          })
        else self.processes.set(id, { ...base, state: 'RUNNING', pid: 1000 + id, startedAt: now })
      } else if (report.revision < process.revision) {
        self.log.push(`refresh ${process.name}`)
        self.processes.set(id, { ...report, revision: process.revision })
      }
    }
    clientConfigs = desired.clientConfigs.flatMap(({ name, revision, from }) => {
      const done = from && self.processes.get(from.processId)?.exit?.code === 0
      return done ? [{ name, revision, state: 'DEPLOYED' as const }] : []
    })
  }

  const loop = (async () => {
    if (options.run === false) return
    while (!stopped) {
      cut = new AbortController()
      try {
        if (!self.manager) throw new Error('no manager')
        await self.beat({ waitMs: 10_000 })
      } catch {
        // It is away: again, soon.
      }
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  })()
  return self
}
