import { setTimeout as delay } from 'node:timers/promises'
import {
  type AgentCommand,
  HEARTBEAT_PROTOCOL,
  type HeartbeatAnswer,
  type HeartbeatRefusal,
  type HeartbeatRequest,
  judgeSession,
} from '../../wire/heartbeat.js'
import { parseHeartbeatRequest } from '../../wire/heartbeat-parse.js'
import { ShapeError } from '../../wire/shape.js'
import type { Core } from '../core.js'
import { isTransient, LostLeaseError } from '../database/index.js'
import { ModelError } from '../model/index.js'
import { type CanaryHosts, desiredState } from '../processes/index.js'
import { createHeldBeats } from './held-beats.js'
import { type CommandResult, createHostCommands } from './host-commands.js'
import { HostNameInUse, joinHost } from './hosts.js'
import { BusyError, limited } from './limited.js'
import { createReports } from './reports.js'
import type { HostState, Runtime } from './runtime.js'
import type { Tokens } from './tokens.js'
import type { WriteBehind } from './write-behind.js'

export interface HeartbeatReply {
  readonly status: 200 | 400 | 401 | 403 | 409 | 426 | 503
  readonly body: HeartbeatAnswer | HeartbeatRefusal
  /** Seconds. */
  readonly retryAfter?: number
}

export interface Receiver {
  /**
   * Takes one beat: `body` is parsed JSON. Holds the answer until there is something to tell, at most as long as both sides
   * are ready to. `signal`: the agent has hung up.
   */
  receive(token: string, body: unknown, signal?: AbortSignal): Promise<HeartbeatReply>
  /** Has the agent of a host (by `host.id`) do something once. Resolves with what came of it. */
  command(hostId: number, command: AgentCommand, signal?: AbortSignal): Promise<CommandResult>
  /** Answers all held beats and holds no more. */
  stop(): void
}

export interface ReceiverOptions {
  core: Core
  runtime: Runtime
  tokens: Tokens
  writes: WriteBehind
  /** Time between two beats of a host where nothing happens, milliseconds. */
  intervalMs: () => number
  /** All managers, for agents. */
  managerUrls?: () => string[]
  monitor?: () => { urls: string[]; token?: string } | undefined
  /** Which roles run the canaries of their services. Default: none does. */
  canaryHosts?: Pick<CanaryHosts, 'isChosen'>
}

/** Desired states that are made at the same time. */
const BUILDERS = 4
const TOGETHER_MS = 5
/** How long an agent whose beat was held may take to come back, when another one says that it is this one. */
const PROOF_MS = 3_000
/** Between two beats of an agent that may be held. */
const GAP_MS = 300
/** Beats that wait for one to be made; beyond that agents are told to come back. */
const MAX_BUILDS = 2_000

export function createReceiver(options: ReceiverOptions): Receiver {
  const { core, runtime, tokens, writes } = options
  const held = createHeldBeats()
  const commands = createHostCommands(held.wake)
  const take = createReports({ core, runtime, writes, commands })
  const build = limited(BUILDERS, MAX_BUILDS)
  let stopped = false

  // A command touches many hosts one after another: their numbers are read together.
  const touched = new Set<number>()
  let reading: NodeJS.Timeout | undefined
  const off = core.onHostsTouched((ids) => {
    for (const id of ids) touched.add(id)
    reading ??= setTimeout(() => {
      reading = undefined
      const all = [...touched]
      touched.clear()
      runtime.refresh(all).then(
        () => {
          for (const id of all) held.wake(id)
        },
        (error) => core.logger.warn({ err: error }, 'What changed for hosts could not be read'),
      )
    }, TOGETHER_MS)
  })

  const refuse = (
    status: HeartbeatReply['status'],
    code: HeartbeatRefusal['code'],
    message: string,
  ): HeartbeatReply => ({ status, body: { code, message } })

  async function receive(token: string, body: unknown, signal?: AbortSignal): Promise<HeartbeatReply> {
    const received = Date.now()
    if (token === '') return refuse(401, 'TOKEN', 'A token is needed: give the agent the one for joining.')
    try {
      const holder = await tokens.check(token)
      if (!holder) return refuse(401, 'TOKEN', 'The token is not known, or has run out.')
      const version = (body as { protocol?: unknown } | null)?.protocol
      if (typeof version === 'number' && version !== HEARTBEAT_PROTOCOL)
        return refuse(
          426,
          'PROTOCOL_VERSION',
          `The agent speaks version ${version} of the protocol, this manager ${HEARTBEAT_PROTOCOL}. Install the same version of Bellwether on both.`,
        )
      const request = parseHeartbeatRequest(body)
      if (request.deploymentId !== undefined && request.deploymentId !== core.deploymentId)
        return refuse(403, 'TOKEN', 'The host belongs to another deployment.')
      const term = core.term()
      // A later manager has been in touch with this host: we are not the active one, whatever we believe.
      if (request.term > term)
        return refuse(
          503,
          'NOT_ACTIVE',
          `The host has heard of term ${request.term}, this manager is of ${term}.`,
        )
      let host = runtime.hostByName(request.hostId)
      let newToken: string | undefined
      if (holder.kind === 'join') {
        if (host?.session && !mayJoinAgain(host, request, received, options.intervalMs()))
          return refuse(
            409,
            'HOST_ID_IN_USE',
            `The host id ${request.hostId} is in use by another agent. Give the new one an id of its own: delete the id file in its data folder.`,
          )
        host ??= await joinHost(core, runtime, request)
        newToken = await tokens.issue(host.id)
        await tokens.used(token)
      } else if (!host || host.id !== holder.hostId)
        return refuse(
          403,
          'TOKEN',
          runtime.host(holder.hostId)
            ? 'The token belongs to another host.'
            : 'This host has been deleted in the manager.',
        )

      const { verdict, session } = judgeSession(host.session, request)
      if (verdict === 'two-hosts')
        return refuse(
          409,
          'HOST_ID_IN_USE',
          `Two agents have the host id ${request.hostId}: an instance that another one had followed is back.`,
        )
      if ((verdict === 'agent-restarted' || verdict === 'host-restarted') && (await isAtWork(host)))
        return refuse(
          409,
          'HOST_ID_IN_USE',
          `The host with the id ${request.hostId} is at work, and this is another agent with the same id and token.`,
        )
      if (verdict !== 'late') {
        const isNews = verdict !== 'next'
        host.session = session
        if (isNews) host.holds = false
        if (request.waitMs > 0 || request.holdable) host.holds = true
        if (holder.kind === 'agent' && isNews) await tokens.confirm(host.id, token)
        await take(host, request, received, isNews)
      }
      return {
        status: 200,
        body: await answer(host, request, received, verdict === 'next', newToken, signal),
      }
    } catch (error) {
      if (error instanceof ShapeError) return refuse(400, 'BAD_REQUEST', error.message)
      if (error instanceof HostNameInUse) return refuse(409, 'HOST_NAME_IN_USE', error.message)
      if (error instanceof ModelError) return refuse(409, 'HOST_ID_IN_USE', error.message)
      if (error instanceof LostLeaseError) return refuse(503, 'NOT_ACTIVE', error.message)
      if (error instanceof BusyError) return { ...refuse(503, 'BUSY', error.message), retryAfter: 5 }
      if (isTransient(error)) {
        core.logger.warn({ err: error }, 'A beat could not be answered: the database is away')
        return { ...refuse(503, 'BUSY', 'The database of the manager is away.'), retryAfter: 2 }
      }
      throw error
    }
  }

  /**
   * Whether the agent that was last heard of is not the one before, but another one: a copy of its data folder was started
   * elsewhere. The beat of it that is held is answered, and one that lives comes back at once; one that was killed has left its
   * connection, and one whose machine has died does not come back.
   */
  async function isAtWork(host: HostState): Promise<boolean> {
    const { session } = host
    if (!session) return false
    let isWoken = false
    for (let until = Date.now() + GAP_MS; Date.now() < until; await delay(20)) {
      if (host.session?.instanceId !== session.instanceId) return false
      if (host.session.sequence > session.sequence) return true
      if (isWoken || !held.isHeld(host.id)) continue
      isWoken = true
      until = Date.now() + PROOF_MS
      held.wake(host.id)
    }
    return false
  }

  async function answer(
    host: HostState,
    request: HeartbeatRequest,
    received: number,
    mayHold: boolean,
    agentToken: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<HeartbeatAnswer> {
    const interval = options.intervalMs()
    const pending = () => commands.pending(host.id)
    const nothing = () => host.generation === request.generation && pending().length === 0
    const wantFacts = host.facts === undefined
    if (mayHold && !stopped && request.waitMs > 0 && agentToken === undefined && !wantFacts && nothing()) {
      await held.hold(host.id, Math.min(request.waitMs, interval), signal)
    }
    // The one who asked may have been overtaken, and this manager replaced, while the beat was held.
    const term = core.term()
    let desired: Awaited<ReturnType<typeof desiredState>>
    if (host.generation !== request.generation && !signal?.aborted) {
      desired = await build(async () =>
        desiredState(core, await core.instances(), host.id, {
          switchesUser: host.facts?.switchesUser !== false,
          ...(options.canaryHosts ? { canaryHosts: options.canaryHosts } : {}),
        }),
      )
      if (desired) host.generation = Math.max(host.generation, desired.generation)
    }
    const managerUrls = options.managerUrls?.()
    const monitor = options.monitor?.()
    return {
      protocol: HEARTBEAT_PROTOCOL,
      deploymentId: core.deploymentId,
      term,
      sequence: request.sequence,
      generation: desired?.generation ?? request.generation,
      ...(desired
        ? {
            desired: {
              ...desired.desired,
              ...(managerUrls && managerUrls.length > 0 ? { managerUrls } : {}),
              ...(monitor ? { monitor } : {}),
            },
          }
        : {}),
      // An agent whose beats may be held comes back at once; its beats with news ask not to be held.
      nextIntervalMs: host.holds || !mayHold ? 0 : busy(host) ? 1_000 : interval,
      clock: { received, sent: Date.now() },
      ...(wantFacts ? { wantFacts } : {}),
      ...(pending().length > 0 ? { commands: pending() } : {}),
      ...(agentToken === undefined ? {} : { agentToken }),
    }
  }

  return {
    receive,
    command: commands.run,
    stop() {
      stopped = true
      off()
      clearTimeout(reading)
      held.wakeAll()
    },
  }
}

/** With a join token for a host that is known: its agent was installed anew, or its first answer got lost. */
function mayJoinAgain(host: HostState, request: HeartbeatRequest, now: number, intervalMs: number): boolean {
  return host.session?.instanceId === request.instanceId || now - host.lastHeartbeat > 2 * intervalMs
}

/** Is there something that the host has still to do? */
function busy(host: HostState): boolean {
  return host.generation !== host.held || !host.settled
}
