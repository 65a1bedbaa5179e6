import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Session } from 'net-snmp'
import type { SnmpReceiver } from '../settings/index.js'
import { snmp } from './snmp-library.js'
import { type Notification, notificationsOf } from './snmp-objects.js'
import { type Failure, reasonOf, type SendResult, type Transport } from './transport.js'

/** Our own SNMP engine, authoritative for traps: RFC 3414 §2.2 asks that `boots` grow with every start. */
export interface SnmpEngine {
  /** Hexadecimal, 5 to 32 octets. */
  id: string
  boots: number
}

/** Notifications under way to one target at once. */
const WINDOW = 8

/**
 * SNMP notifications, v2c and v3. A trap is sent and forgotten, as the protocol has it; an inform has arrived when the target
 * says so. Parts are `host:port/n`, the n-th notification of the message.
 */
export function createSnmp(receiver: SnmpReceiver, engine: SnmpEngine): Transport {
  snmp()
  const sessions = new Set<Session>()
  let closed = false

  async function toTarget(
    target: SnmpReceiver['targets'][number],
    notifications: Notification[],
    done: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<SendResult> {
    const result: SendResult = { delivered: [], failures: [] }
    const name = `${target.host}:${target.port}`
    const todo = notifications
      .map((each, n) => ({ each, part: `${name}/${n}` }))
      .filter(({ part }) => !done.has(part))
    if (todo.length === 0) return result
    let session: Session
    try {
      session = await open(receiver, engine, target)
    } catch (error) {
      return { delivered: [], failures: [away(`${name}: ${reasonOf(error)}`, false)] }
    }
    if (closed || signal.aborted) {
      session.close()
      return { delivered: [], failures: [away('the publisher is stopping', false)] }
    }
    sessions.add(session)
    const close = () => {
      if (sessions.delete(session)) session.close()
    }
    signal.addEventListener('abort', close, { once: true })
    // The first one alone: when the target is away, the others need not find that out by themselves.
    const failed = await notify(session, receiver, todo[0]!.each)
    if (failed) result.failures.push(away(`${name}: ${reasonOf(failed)}`, receiver.notification === 'inform'))
    else {
      result.delivered.push(todo[0]!.part)
      let next = 1
      const work = async () => {
        for (let one = todo[next++]; one && result.failures.length === 0; one = todo[next++]) {
          const error = await notify(session, receiver, one.each)
          if (error)
            result.failures.push(away(`${name}: ${reasonOf(error)}`, receiver.notification === 'inform'))
          else result.delivered.push(one.part)
        }
      }
      await Promise.all(Array.from({ length: WINDOW }, work))
    }
    signal.removeEventListener('abort', close)
    close()
    return result
  }

  return {
    async send(message, { done, repeat, signal }) {
      const notifications = notificationsOf(message, receiver.arc, receiver.content, repeat)
      const known = new Set(done)
      const results = await Promise.all(
        receiver.targets.map((target) => toTarget(target, notifications, known, signal)),
      )
      // A target that is away must not hold up the others: then it is this message that waits, not the receiver.
      const kind = results.some(({ failures }) => failures.length === 0) ? 'later' : 'away'
      return {
        delivered: results.flatMap(({ delivered }) => delivered),
        failures: results.flatMap(({ failures }) => failures).map((each) => ({ ...each, kind })),
      }
    },
    close() {
      closed = true
      for (const session of sessions) session.close()
      sessions.clear()
    },
  }
}

const away = (reason: string, uncertain: boolean): Failure => ({ part: '', reason, kind: 'away', uncertain })

async function open(
  { security, timeoutMs, retries, notification }: SnmpReceiver,
  engine: SnmpEngine,
  { host, port }: SnmpReceiver['targets'][number],
): Promise<Session> {
  const { address, family } = isIP(host) ? { address: host, family: isIP(host) } : await lookup(host)
  const options = {
    port,
    trapPort: port,
    retries,
    timeout: timeoutMs,
    transport: family === 6 ? ('udp6' as const) : ('udp4' as const),
    idBitsSize: 32 as const,
  }
  if (security.version === '2c')
    return guarded(
      snmp().createSession(address, security.community, { ...options, version: snmp().Version2c }),
    )
  const { auth, priv } = security
  const level = priv ? 'authPriv' : auth ? 'authNoPriv' : 'noAuthNoPriv'
  const session = snmp().createV3Session(
    address,
    {
      name: security.user,
      level: snmp().SecurityLevel[level],
      ...(auth
        ? { authProtocol: snmp().AuthProtocols[auth.protocol.toLowerCase()]!, authKey: auth.password }
        : {}),
      ...(priv
        ? { privProtocol: snmp().PrivProtocols[priv.protocol.toLowerCase()]!, privKey: priv.password }
        : {}),
    },
    { ...options, version: snmp().Version3, engineID: engine.id },
  )
  if (notification === 'trap') stamp(session, engine)
  return guarded(session)
}

/** An error of the socket fails the requests under way; without a listener it would end the process. */
function guarded(session: Session): Session {
  session.on('error', () => undefined)
  return session
}

/**
 * net-snmp sends traps with boots and time 0. A receiver takes the first of them and refuses later ones: its idea of our time
 * goes on, and 150 s later ours is outside the window (RFC 3414 §3.2.7 b).
 */
function stamp(session: Session, engine: SnmpEngine): void {
  const send = session.send.bind(session)
  session.send = (request, noWait) => {
    const parameters = request.message.msgSecurityParameters
    if (parameters) {
      parameters.msgAuthoritativeEngineBoots = engine.boots
      parameters.msgAuthoritativeEngineTime = Math.floor(process.uptime())
    }
    send(request, noWait)
  }
}

function notify(
  session: Session,
  { notification, timeoutMs, retries }: SnmpReceiver,
  { oid, varbinds }: Notification,
): Promise<Error | undefined> {
  return new Promise((resolve) => {
    // A closed session forgets its callbacks.
    const timer = setTimeout(() => resolve(new Error('no answer')), (timeoutMs + 500) * (retries + 1) + 5_000)
    const onClose = () => end(new Error('the publisher is stopping'))
    const end = (error: Error | null) => {
      clearTimeout(timer)
      session.off('close', onClose)
      resolve(error ?? undefined)
    }
    session.once('close', onClose)
    try {
      if (notification === 'trap') session.trap(oid, varbinds, end)
      else session.inform(oid, varbinds, end)
    } catch (error) {
      end(error as Error)
    }
  })
}
