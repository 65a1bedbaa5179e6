import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type {
  AgentCommand,
  HeartbeatAnswer,
  HeartbeatRequest,
  HostSession,
  ProcessReport,
} from '../../src/wire/heartbeat.js'
import { HEARTBEAT_PATH, HEARTBEAT_PROTOCOL, judgeSession } from '../../src/wire/heartbeat.js'
import { parseHeartbeatRequest } from '../../src/wire/heartbeat-parse.js'
import { until } from './support.js'

export interface StandIn {
  url: string
  port: number
  requests: HeartbeatRequest[]
  /** Arrival of each request, `performance.now()`. */
  times: number[]
  /** Of the last beat. */
  process(id: number): ProcessReport | undefined
  /** A new generation; answers the beat that is held. */
  want(desired: unknown): void
  command(command: AgentCommand): void
  /** Members that every answer has from now on. */
  answer: Partial<HeartbeatAnswer> & { desired?: never }
  /** Answers instead of the usual way, if it returns true. */
  instead?: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined
  files: Map<string, Buffer>
  term: number
  holdMs: number
  /** Waits until the last report of a process is so. */
  see(id: number, what: (report: ProcessReport) => boolean, ms?: number): Promise<ProcessReport>
  stop(): Promise<void>
}

/** A manager as far as an agent sees it: a real HTTP server that speaks the contract, holds beats, and hands out a desired state. */
export async function startManager(
  options: { token?: string; port?: number; tls?: { key: string; cert: string } } = {},
): Promise<StandIn> {
  let generation = 0
  let desired: unknown
  let session: HostSession | undefined
  let release = () => {}
  let commands: AgentCommand[] = []

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    if (self.instead?.(request, response)) return
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('error', () => {})
    request.on('end', () => void handle(request, response, Buffer.concat(chunks)))
  }

  function refuse(response: ServerResponse, status: number, code: string, message: string) {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ code, message }))
  }

  async function handle(request: IncomingMessage, response: ServerResponse, body: Buffer) {
    const received = Date.now()
    if (options.token !== undefined && request.headers.authorization !== `Bearer ${options.token}`)
      return refuse(response, 401, 'TOKEN', 'the token is not known')
    const file = self.files.get(request.url!)
    if (request.method === 'GET' && file) return void response.end(file)
    if (request.url !== HEARTBEAT_PATH) return void response.writeHead(404).end()
    const beat = parseHeartbeatRequest(JSON.parse(body.toString()))
    if (beat.protocol !== HEARTBEAT_PROTOCOL) return refuse(response, 426, 'PROTOCOL_VERSION', 'old version')
    const judged = judgeSession(session, beat)
    if (judged.verdict === 'two-hosts') return refuse(response, 409, 'HOST_ID_IN_USE', 'another host has it')
    session = judged.session
    self.requests.push(beat)
    self.times.push(performance.now())
    commands = commands.filter(({ id }) => !beat.commands.some((done) => done.id === id))
    release()
    const nothing = beat.generation === generation && commands.length === 0
    if (nothing && beat.waitMs > 0 && self.holdMs > 0)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, self.holdMs)
        release = () => {
          clearTimeout(timer)
          resolve()
        }
        response.on('close', release)
      })
    const answer = {
      protocol: HEARTBEAT_PROTOCOL,
      deploymentId: 'deployment-1',
      term: self.term,
      sequence: beat.sequence,
      generation,
      nextIntervalMs: self.holdMs > 0 ? 0 : 1000,
      clock: { received, sent: Date.now() },
      ...(commands.length > 0 ? { commands } : {}),
      ...(generation > 0 && beat.generation !== generation ? { desired } : {}),
      ...self.answer,
    }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
  }

  const server = options.tls ? createSecureServer(options.tls, listener) : createServer(listener)
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  onTestFinished(stop)
  const self: StandIn = {
    url: `${options.tls ? 'https://localhost' : 'http://127.0.0.1'}:${port}`,
    port,
    requests: [],
    times: [],
    process: (id) => self.requests.at(-1)?.processes.find((one) => one.id === id),
    want(state) {
      desired = state
      generation++
      release()
    },
    command(command) {
      commands.push(command)
      release()
    },
    answer: {},
    files: new Map(),
    term: 1,
    holdMs: 15_000,
    async see(id, what, ms) {
      const seen = () => {
        const report = self.process(id)
        return report !== undefined && what(report)
      }
      await until(seen, `process ${id} (${JSON.stringify(self.process(id))})`, ms).catch((error) => {
        throw new Error(`${error.message}; last: ${JSON.stringify(self.process(id))}`)
      })
      return self.process(id)!
    },
    stop,
  }
  return self
}

/** A desired process with what a test does not care about. */
export const wanted = (id: number, program: string, args: string[] = [], more: object = {}) => ({
  id,
  name: `${id}-test1-SERVER`,
  program,
  args,
  startSeconds: 0,
  autoRestart: true,
  stop: { signal: 'SIGTERM', timeoutMs: 2000 },
  ...more,
})

export const state = (processes: object[], more: object = {}) => ({
  processes,
  clientConfigs: [],
  metricSets: {},
  ...more,
})
