import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { connectionProblem, tlsProblem } from '../../wire/connection-problem.js'
import type { AgentCommand, CommandReport, HeartbeatRequest, HostFacts } from '../../wire/heartbeat.js'
import { HEARTBEAT_PATH, HEARTBEAT_PROTOCOL, MAX_ANSWER_BYTES } from '../../wire/heartbeat.js'
import type { ParsedAnswer } from '../../wire/heartbeat-parse.js'
import { parseHeartbeatAnswer } from '../../wire/heartbeat-parse.js'
import type { CheckFailures } from '../check-failures.js'
import type { DesiredStore } from '../processes/desired-store.js'
import type { Runner } from '../processes/runner.js'
import { QUIET_RETRY_MS, QUIET_START_MS } from '../quiet-start.js'
import { backOffMs } from '../send/outcome.js'
import { clockOffset } from './clock.js'
import type { BeatFailure } from './failure.js'
import { failureOf } from './failure.js'
import { createManagers } from './managers.js'
import type { Reply, Transport } from './transport.js'

export interface HeartbeatOptions {
  urls: readonly string[]
  /** For joining; a token that the manager gave to this host is used instead. */
  token: string | undefined
  hostId: string
  bootId: string
  agentVersion: string
  store: DesiredStore
  runner: Pick<Runner, 'report' | 'told' | 'command' | 'wake'>
  /** `reachedFrom`: our address on the connection by which a manager answered last. */
  facts: (reachedFrom: string | undefined) => HostFacts
  /** Why checks failed. */
  failures?: Pick<CheckFailures, 'of'>
  transport: Transport
  logger: Logger
  /** Is told what came of each beat; undefined: it was answered. */
  onOutcome?: (code: BeatFailure['code'] | undefined) => void
  /** Of the manager when it is away; tests shorten it. Default 30 s. */
  longestBackOffMs?: number
}

export interface HeartbeatStatus {
  managerUrl: string
  connected: boolean
  lastAnswer: string | null
  lastError: { time: string; code: string; message: string } | null
  beats: number
  term: number
  generation: number
  /** What our clock lacks to the manager's, milliseconds. */
  clockOffsetMs: number | null
}

export interface Heartbeat {
  /** Something the manager should hear of now, and not with the next beat. */
  news(): void
  status(): HeartbeatStatus
  /** Gets a path of the manager that answered last. */
  fetch(path: string, maxBytes: number, signal: AbortSignal): Promise<Buffer>
  stop(): Promise<void>
}

/** How long a manager may hold a beat. */
const WAIT_MS = 20_000
/** Beyond that, an answer is not to be expected. */
const ANSWER_MS = 10_000
/** Between two beats, whatever a manager says. */
const MIN_GAP_MS = 100
const LASTING_MS = 60_000
const FACTS_MS = 60_000
const MAX_COMMANDS = 1000
const MAX_FAULTS = 200

/** Beats until it is stopped. What a manager answers is checked, stored, and left to the runner. */
export function startHeartbeat(options: HeartbeatOptions): Heartbeat {
  const { hostId, bootId, agentVersion, store, runner, transport, logger } = options
  const { held } = store
  const instanceId = randomUUID()
  const managers = createManagers(options.urls, HEARTBEAT_PATH)
  if (held.desired?.managerUrls) managers.learn(held.desired.managerUrls)
  const stopping = new AbortController()
  let sequence = 0
  let factsSent = ''
  let factsAt = Number.NEGATIVE_INFINITY
  let currentFacts: HostFacts | undefined
  let reachedFrom: string | undefined
  let offset: number | undefined
  let isNews = false
  let wakeUp = () => {}
  let lastAnswer: string | null = null
  let lastError: HeartbeatStatus['lastError'] = null
  let connected = false
  let tokenRefused = false
  /** The failure that was logged last. */
  let logged = ''
  const quietUntil = performance.now() + QUIET_START_MS
  /** Manager and agent may be starting together. */
  const isQuiet = ({ code, silent }: BeatFailure) =>
    lastAnswer === null && (silent || code === 'NOT_ACTIVE') && performance.now() < quietUntil
  /** Done, but not known to be known. */
  const doneCommands = new Map<string, CommandReport>()
  const seenCommands = new Set<string>()

  const tokenOf = () => (tokenRefused ? options.token : (held.agentToken ?? options.token))
  const headers = () => {
    const token = tokenOf()
    return { accept: 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) }
  }

  function factsOf(): { facts: HostFacts; text: string } {
    if (!currentFacts || performance.now() - factsAt > FACTS_MS) {
      currentFacts = options.facts(reachedFrom)
      factsAt = performance.now()
    }
    return { facts: currentFacts, text: JSON.stringify(currentFacts) }
  }

  function requestNow(waitMs: number): { request: HeartbeatRequest; factsText: string } {
    const { facts, text } = factsOf()
    const { processes, clientConfigs, settled } = runner.report()
    const failuresOf = (of: number | 'host') => {
      const failures = options.failures?.of(of) ?? []
      return failures.length > 0 ? { failures } : {}
    }
    const request: HeartbeatRequest = {
      protocol: HEARTBEAT_PROTOCOL,
      hostId,
      instanceId,
      bootId,
      sequence: ++sequence,
      term: held.term,
      ...(held.deploymentId === undefined ? {} : { deploymentId: held.deploymentId }),
      agentVersion,
      ...(text === factsSent ? {} : { facts }),
      generation: held.generation,
      settled,
      faults: held.faults.slice(0, MAX_FAULTS),
      processes: processes.map((each) => ({ ...each, ...failuresOf(each.id) })),
      ...failuresOf('host'),
      clientConfigs,
      commands: [...doneCommands.values()],
      clock: Date.now(),
      ...(offset === undefined ? {} : { clockOffset: offset }),
      waitMs,
      holdable: true,
    }
    return { request, factsText: text }
  }

  async function beat(
    isUrgent: boolean,
    signal: AbortSignal,
  ): Promise<{ nextIntervalMs: number } | BeatFailure> {
    isNews = false
    const { request, factsText } = requestNow(isUrgent ? 0 : WAIT_MS)
    const began = performance.now()
    let reply: Reply
    try {
      reply = await transport.exchange({
        method: 'POST',
        url: managers.current(),
        headers: { ...headers(), 'content-type': 'application/json' },
        body: Buffer.from(JSON.stringify(request)),
        timeoutMs: request.waitMs + ANSWER_MS,
        maxBytes: MAX_ANSWER_BYTES,
        signal,
      })
    } catch (error) {
      const context = { url: managers.current(), caOption: '--manager-ca' }
      const problem = tlsProblem(error, context)
      if (problem) return { code: 'TLS', message: problem }
      return { code: 'AWAY', message: connectionProblem(error, context), silent: true }
    }
    const { status } = reply
    const location = reply.headers.location
    if (status === 307 || status === 308 || (status === 503 && location !== undefined)) {
      const refused = managers.follow(location)
      return { code: 'REDIRECT', message: refused ?? `the active manager is at ${managers.current().origin}` }
    }
    if (status !== 200) return failureOf(reply)
    let parsed: ParsedAnswer
    try {
      parsed = parseHeartbeatAnswer(JSON.parse(reply.body.toString('utf8')))
    } catch (error) {
      return { code: 'BAD_ANSWER', message: `the answer cannot be read: ${(error as Error).message}` }
    }
    const refused = refusalOf(parsed, request)
    if (refused) return refused
    const { answer } = parsed
    offset = clockOffset({
      sent: request.clock,
      theirReceived: answer.clock.received,
      theirSent: answer.clock.sent,
      // Not the clock: it may have been set while we waited.
      received: request.clock + performance.now() - began,
    })
    await takeOver(parsed)
    factsSent = answer.wantFacts ? '' : factsText
    const isElsewhere = reply.localAddress !== undefined && reply.localAddress !== reachedFrom
    if (isElsewhere) reachedFrom = reply.localAddress
    if (answer.wantFacts || isElsewhere) factsAt = Number.NEGATIVE_INFINITY
    // What the manager takes for the host's address depends on it.
    const hasNewFacts = isElsewhere && factsOf().text !== factsSent
    for (const { id } of request.commands) doneCommands.delete(id)
    runner.told(request.processes)
    return { nextIntervalMs: answer.wantFacts || hasNewFacts ? 0 : answer.nextIntervalMs }
  }

  function refusalOf({ answer }: ParsedAnswer, request: HeartbeatRequest): BeatFailure | undefined {
    if (answer.protocol !== HEARTBEAT_PROTOCOL)
      return {
        code: 'PROTOCOL_VERSION',
        message: `the manager speaks version ${answer.protocol} of the protocol, this agent ${HEARTBEAT_PROTOCOL}: install the same version of Bellwether on both`,
        lasting: true,
      }
    if (answer.sequence !== request.sequence)
      return {
        code: 'BAD_ANSWER',
        message: `an answer to beat ${answer.sequence} instead of ${request.sequence}`,
      }
    if (held.deploymentId !== undefined && answer.deploymentId !== held.deploymentId)
      return {
        code: 'OTHER_DEPLOYMENT',
        message: `the manager is of deployment ${answer.deploymentId}, this host belongs to ${held.deploymentId}. To move the host, stop the agent and delete manager.json and desired.json in its data folder`,
        lasting: true,
      }
    if (answer.term < held.term)
      return {
        code: 'OLD_TERM',
        message: `the manager's term is ${answer.term}, and ${held.term} has been seen: it is no longer the active one`,
      }
    return undefined
  }

  async function takeOver({ answer, faults }: ParsedAnswer) {
    const { term, deploymentId, agentToken } = answer
    const known = term === held.term && deploymentId === held.deploymentId
    if (!known || (agentToken !== undefined && agentToken !== held.agentToken)) {
      const changes = { term, deploymentId, ...(agentToken === undefined ? {} : { agentToken }) }
      await store.saveTerm(changes).catch((error) => {
        // A full disk must not take the host out of the manager's hands.
        Object.assign(held, changes)
        logger.error(
          { error: String(error) },
          "The manager's term could not be written; it is held in memory only",
        )
      })
    }
    if (agentToken !== undefined) tokenRefused = false
    if (answer.desired) {
      await store.saveDesired(answer.generation, answer.desired, faults)
      for (const fault of faults.slice(0, 10))
        logger.error({ ...fault }, 'Part of the desired state cannot be read')
      if (answer.desired.managerUrls) managers.learn(answer.desired.managerUrls)
      runner.wake()
    }
    for (const command of answer.commands ?? []) carryOut(command)
  }

  function carryOut(command: AgentCommand) {
    if (seenCommands.has(command.id)) return
    seenCommands.add(command.id)
    if (seenCommands.size > MAX_COMMANDS) seenCommands.delete(seenCommands.values().next().value!)
    void runner.command(command).then((report) => {
      doneCommands.set(command.id, report)
      news()
    })
  }

  function news() {
    isNews = true
    wakeUp()
  }

  /** Resolves with the next news, or after the time. */
  const quiet = (ms: number, untilNews: boolean) =>
    new Promise<void>((resolve) => {
      if (stopping.signal.aborted || (untilNews && isNews)) return resolve()
      const timer = setTimeout(resolve, ms)
      wakeUp = () => {
        if (!untilNews && !stopping.signal.aborted) return
        clearTimeout(timer)
        resolve()
      }
    })

  const finished = (async () => {
    let failures = 0
    // A beat with news is answered at once, and left to be; one without may be held, until there are news.
    let isUrgent = true
    while (!stopping.signal.aborted) {
      const began = performance.now()
      const cut = new AbortController()
      let isDone = false
      const sent = beat(isUrgent, AbortSignal.any([stopping.signal, cut.signal])).finally(() => {
        isDone = true
        wakeUp()
      })
      if (!isUrgent) {
        await Promise.race([sent, quiet(WAIT_MS + ANSWER_MS, true)]).catch(() => {})
        if (!isDone) cut.abort()
      }
      const outcome = await sent.catch(
        (error): BeatFailure => ({ code: 'BAD_ANSWER', message: String(error) }),
      )
      if (stopping.signal.aborted) return
      options.onOutcome?.('code' in outcome ? outcome.code : undefined)
      if (!('code' in outcome)) {
        failures = 0
        good()
        const gap = MIN_GAP_MS - (performance.now() - began)
        const jittered = outcome.nextIntervalMs * (0.9 + Math.random() / 5)
        if (gap > 0) await quiet(gap, false)
        await quiet(Math.max(0, jittered - Math.max(0, gap)), true)
        isUrgent = isNews
        continue
      }
      // Cut off by ourselves: the next one carries the news.
      if (cut.signal.aborted && outcome.code === 'AWAY') {
        isUrgent = true
        continue
      }
      isUrgent = true
      note(outcome)
      if (outcome.code === 'REDIRECT' && outcome.message.startsWith('the active manager is')) continue
      if (outcome.code === 'TOKEN' && held.agentToken !== undefined && !tokenRefused && options.token) {
        tokenRefused = true
        continue
      }
      if (!managers.failed()) continue
      failures++
      const ms = outcome.lasting
        ? LASTING_MS * (0.75 + Math.random() / 2)
        : backOffMs(failures, outcome.retryAfterMs, Math.random, options.longestBackOffMs ?? 30_000)
      const most = isQuiet(outcome) ? QUIET_RETRY_MS : outcome.lasting ? (options.longestBackOffMs ?? ms) : ms
      await quiet(Math.min(ms, most), false)
    }
  })().catch((error) => logger.fatal({ error: String(error) }, 'The heartbeat has stopped'))

  function good() {
    managers.answered()
    lastAnswer = new Date().toISOString()
    if (!connected)
      logger.info({ manager: managers.current().origin, term: held.term }, 'The manager answers')
    connected = true
    lastError = null
    logged = ''
  }

  function note(failure: BeatFailure) {
    const { code, message } = failure
    if (code !== 'REDIRECT') connected = false
    lastError = { time: new Date().toISOString(), code, message }
    if (isQuiet(failure)) return
    if (logged !== `${code} ${message}`)
      logger[code === 'REDIRECT' ? 'info' : 'warn']({ manager: managers.current().origin, code }, message)
    logged = `${code} ${message}`
  }

  return {
    news,
    status: () => ({
      managerUrl: managers.current().origin,
      connected,
      lastAnswer,
      lastError,
      beats: sequence,
      term: held.term,
      generation: held.generation,
      clockOffsetMs: offset === undefined ? null : Math.round(offset),
    }),
    async fetch(path, maxBytes, signal) {
      const url = new URL(path, managers.current())
      // A path, not an address: the token goes to the manager and nowhere else.
      if (url.origin !== managers.current().origin) throw new Error(`${path} is not a path of the manager`)
      const { status, body } = await transport.exchange({
        method: 'GET',
        url,
        headers: headers(),
        timeoutMs: 120_000,
        maxBytes,
        signal,
      })
      if (status !== 200) throw new Error(`the manager answers ${status} to ${path}`)
      return body
    },
    async stop() {
      stopping.abort()
      wakeUp()
      await finished
      transport.close()
    },
  }
}
