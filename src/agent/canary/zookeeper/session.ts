import { connect } from 'node:net'
import { bytes, int, long, readBytes, string } from './jute.js'

/** A session with one server. Its ephemeral znodes go with it. */
export interface Session {
  /** Makes an ephemeral znode, with a number added to its path; resolves with the path. */
  createEphemeral(path: string, data: Buffer): Promise<string>
  /** Makes a znode that stays; one that is there is left as it is. */
  ensure(path: string): Promise<void>
  read(path: string): Promise<Buffer>
  remove(path: string): Promise<void>
  /** Ends the session in good order. */
  close(): Promise<void>
}

const CREATE = 1
const DELETE = 2
const GET_DATA = 4
const CLOSE = -11
const PERSISTENT = 0
const EPHEMERAL_SEQUENTIAL = 3
const ALL_PERMISSIONS = 31
const NODE_EXISTS = -110
/** What a server sends by itself: an event of a watch, and the answer to a ping. */
const UNASKED = new Set([-1, -2])
const MAX_FRAME = 1024 * 1024

/** Names of the errors that a canary may meet (KeeperException.Code). */
const ERRORS: Record<number, string> = {
  [-1]: 'system error',
  [-2]: 'runtime inconsistency',
  [-4]: 'connection loss',
  [-5]: 'marshalling error',
  [-6]: 'unimplemented',
  [-7]: 'operation time-out',
  [-8]: 'bad arguments',
  [-101]: 'no such znode',
  [-102]: 'not allowed (ACL)',
  [-108]: 'no children for ephemerals',
  [-110]: 'the znode exists',
  [-112]: 'the session has expired',
  [-114]: 'invalid ACL',
  [-115]: 'authentication failed',
  [-118]: 'the session has moved',
  [-119]: 'the server is read-only: it has no quorum',
  [-125]: 'quota exceeded',
  [-127]: 'throttled',
}

export class ZooKeeperError extends Error {
  override name = 'ZooKeeperError'
  readonly code: number
  constructor(doing: string, code: number) {
    super(`${doing}: ${ERRORS[code] ?? `error ${code}`}`)
    this.code = code
  }
}

/**
 * Opens a session with `host:port` (client protocol of ZooKeeper 3.4 and later, without TLS or SASL). Rejects when the server
 * refuses, closes, or the signal comes; that ends the session too, whatever is under way.
 */
export async function openSession(server: string, sessionMs: number, signal: AbortSignal): Promise<Session> {
  const wire = openWire(server, signal)
  try {
    // Version, last transaction seen, time-out, session (0: a new one), its password.
    const request = Buffer.concat([int(0), long(0n), int(sessionMs), long(0n), bytes(Buffer.alloc(16))])
    const answer = await wire.exchange(request)
    if (answer.length < 16 || answer.readInt32BE(4) <= 0) throw new Error('the server gives no session')
  } catch (error) {
    wire.end()
    throw error
  }
  let xid = 0

  async function call(doing: string, type: number, body: Buffer): Promise<Buffer> {
    const mine = ++xid
    let answer = await wire.exchange(Buffer.concat([int(mine), int(type), body]))
    while (answer.length >= 4 && UNASKED.has(answer.readInt32BE(0))) answer = await wire.next()
    if (answer.length < 16 || answer.readInt32BE(0) !== mine)
      throw new Error(`${doing}: an answer that nobody asked for`)
    const code = answer.readInt32BE(12)
    if (code !== 0) throw new ZooKeeperError(doing, code)
    return answer.subarray(16)
  }

  const create = (path: string, data: Buffer, flags: number) => {
    const acl = Buffer.concat([int(1), int(ALL_PERMISSIONS), string('world'), string('anyone')])
    return call('creating', CREATE, Buffer.concat([string(path), bytes(data), acl, int(flags)]))
  }

  return {
    async createEphemeral(path, data) {
      return readBytes(await create(path, data, EPHEMERAL_SEQUENTIAL), 0).value.toString()
    },
    async ensure(path) {
      await create(path, Buffer.alloc(0), PERSISTENT).catch((error) => {
        if (!(error instanceof ZooKeeperError) || error.code !== NODE_EXISTS) throw error
      })
    },
    async read(path) {
      return readBytes(await call('reading', GET_DATA, Buffer.concat([string(path), Buffer.alloc(1)])), 0)
        .value
    },
    async remove(path) {
      // Any version.
      await call('deleting', DELETE, Buffer.concat([string(path), int(-1)]))
    },
    async close() {
      await call('closing', CLOSE, Buffer.alloc(0)).catch(() => {})
      wire.end()
    },
  }
}

/** Frames with their length in front; one question is under way at a time. */
function openWire(server: string, signal: AbortSignal) {
  const colon = server.lastIndexOf(':')
  const socket = connect({
    host: server.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(server.slice(colon + 1)),
  })
  socket.setNoDelay(true)
  let buffered = Buffer.alloc(0)
  let failure: Error | undefined
  let waiting: { resolve: (frame: Buffer) => void; reject: (error: Error) => void } | undefined

  const fail = (error: Error) => {
    failure ??= error
    signal.removeEventListener('abort', aborted)
    waiting?.reject(failure)
    waiting = undefined
    socket.destroy()
  }
  const aborted = () => fail(signal.reason instanceof Error ? signal.reason : new Error('ended'))
  const look = () => {
    if (!waiting || buffered.length < 4) return
    const length = buffered.readInt32BE(0)
    if (length < 0 || length > MAX_FRAME)
      return fail(new Error('this is no ZooKeeper: a frame of impossible length'))
    if (buffered.length < 4 + length) return
    const frame = buffered.subarray(4, 4 + length)
    buffered = buffered.subarray(4 + length)
    const { resolve } = waiting
    waiting = undefined
    resolve(frame)
  }
  socket.on('data', (chunk) => {
    buffered = Buffer.concat([buffered, chunk])
    if (buffered.length > 2 * MAX_FRAME) fail(new Error('more than anybody asked for'))
    else look()
  })
  socket.on('error', fail)
  socket.on('close', () =>
    fail(new Error('the server closed the connection: it serves nobody while it has no quorum')),
  )
  if (signal.aborted) aborted()
  else signal.addEventListener('abort', aborted, { once: true })

  const next = (): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      if (failure) return reject(failure)
      waiting = { resolve, reject }
      look()
    })
  return {
    next,
    exchange(frame: Buffer): Promise<Buffer> {
      if (!failure) socket.write(bytes(frame))
      return next()
    },
    end() {
      fail(new Error('the session is over'))
    },
  }
}
