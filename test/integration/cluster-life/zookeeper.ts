import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** What a real ZooKeeper needs that is not on this machine. */
export const missing = [
  ...(existsSync('/usr/share/java/zookeeper.jar') ? [] : ['the package libzookeeper-java']),
  ...(hasJava() ? [] : ['a Java runtime']),
]

function hasJava(): boolean {
  try {
    execFileSync('java', ['-version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** `leader`, `follower` or `standalone`; undefined while it is outside a quorum. Rejects while it does not listen. */
export function modeOf(port: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end('srvr'))
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer')))
    let text = ''
    socket.on('data', (chunk) => (text += chunk))
    socket.on('error', reject)
    socket.on('close', () => resolve(/^Mode: (\w+)/m.exec(text)?.[1]))
  })
}

const OPEN_ACL = [0, 0, 0, 1, 0, 0, 0, 31]
const NODE_EXISTS = -110
const [CREATE, GET_DATA, SET_DATA] = [1, 4, 5]

const number = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const bytesOf = (value: string) => Buffer.concat([number(Buffer.byteLength(value)), Buffer.from(value)])
const framed = (...parts: Buffer[]) => {
  const body = Buffer.concat(parts)
  return Buffer.concat([number(body.length), body])
}

/** A session with one server: as much of ZooKeeper's protocol as a counter needs. */
export interface Session {
  set(value: number): Promise<void>
  get(): Promise<number>
  close(): void
}

/** Resolves once the server, in a quorum, has given a session; rejects when the connection breaks. */
export async function openSession(port: number, path = '/counter'): Promise<Session> {
  const socket = connect(port, '127.0.0.1')
  socket.setTimeout(5_000, () => socket.destroy(new Error('no answer')))
  const frames = framesOf(socket)
  // Protocol 0, last zxid 0, time-out 10 s, session 0, an empty password, not read-only.
  socket.write(
    framed(
      number(0),
      Buffer.alloc(8),
      number(10_000),
      Buffer.alloc(8),
      number(16),
      Buffer.alloc(16),
      Buffer.alloc(1),
    ),
  )
  await frames()
  let xid = 0
  async function ask(type: number, ...parts: Buffer[]): Promise<{ error: number; body: Buffer }> {
    socket.write(framed(number(++xid), number(type), ...parts))
    const frame = await frames()
    return { error: frame.readInt32BE(12), body: frame.subarray(16) }
  }
  const acl = Buffer.concat([Buffer.from(OPEN_ACL), bytesOf('world'), bytesOf('anyone')])
  const { error } = await ask(CREATE, bytesOf(path), bytesOf('0'), acl, number(0))
  if (error !== 0 && error !== NODE_EXISTS) throw new Error(`create: ${error}`)
  return {
    async set(value) {
      const answer = await ask(SET_DATA, bytesOf(path), bytesOf(String(value)), number(-1))
      if (answer.error !== 0) throw new Error(`set: ${answer.error}`)
    },
    async get() {
      const answer = await ask(GET_DATA, bytesOf(path), Buffer.alloc(1))
      if (answer.error !== 0) throw new Error(`get: ${answer.error}`)
      const length = answer.body.readInt32BE(0)
      return Number(answer.body.toString('utf8', 4, 4 + length))
    },
    close: () => void socket.destroy(),
  }
}

/** The next whole frame of a connection, without its length; one reader at a time. */
function framesOf(socket: Socket): () => Promise<Buffer> {
  let pending = Buffer.alloc(0)
  let failure: Error | undefined
  let wake = () => {}
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk])
    wake()
  })
  const fail = (error: Error) => {
    failure ??= error
    wake()
  }
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('closed')))
  return async () => {
    for (;;) {
      if (pending.length >= 4 && pending.length >= 4 + pending.readInt32BE(0)) {
        const end = 4 + pending.readInt32BE(0)
        const frame = pending.subarray(4, end)
        pending = pending.subarray(end)
        return frame
      }
      if (failure) throw failure
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }
}

export interface Watch {
  /** The last value that the quorum has acknowledged, the most servers that did not listen at once, and the longest time without a write. */
  stop(): Promise<{ acknowledged: number; mostAway: number; longestGapMs: number }>
}

/** Writes without a pause, by whatever server takes it, and looks at all servers all the time. */
export function watchQuorum(ports: readonly number[]): Watch {
  let stopped = false
  let acknowledged = 0
  let mostAway = 0
  let longestGapMs = 0
  async function write(): Promise<void> {
    let lastWrite = performance.now()
    for (let turn = 0; !stopped; turn++)
      try {
        const session = await openSession(ports[turn % ports.length]!)
        try {
          while (!stopped) {
            await session.set(acknowledged + 1)
            acknowledged++
            longestGapMs = Math.max(longestGapMs, performance.now() - lastWrite)
            lastWrite = performance.now()
            await delay(10)
          }
        } finally {
          session.close()
        }
      } catch {
        // This one is away, or outside the quorum: the next one.
        await delay(20)
      }
  }
  async function look(): Promise<void> {
    while (!stopped) {
      const answers = await Promise.allSettled(ports.map(modeOf))
      mostAway = Math.max(mostAway, answers.filter(({ status }) => status === 'rejected').length)
      await delay(50)
    }
  }
  const both = Promise.all([write(), look()])
  return {
    async stop() {
      stopped = true
      await both
      return { acknowledged, mostAway, longestGapMs }
    },
  }
}
