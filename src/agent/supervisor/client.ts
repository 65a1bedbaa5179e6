import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, realpath } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { packagePath } from '../../wire/package-folder.js'
import { SYSTEM_PATH } from './account.js'
import { createFrameReader, encodeFrame } from './frame.js'
import type { Hello, Message, Problem, Request, Status } from './protocol.js'
import { SUPERVISOR_PROTOCOL } from './protocol.js'
import { SOCKET } from './server.js'

export interface SupervisorClient {
  readonly hello: Hello
  /** Undefined when it was done; rejects when the connection ends before the answer. */
  ask(request: Request): Promise<Problem | undefined>
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>
  close(): void
}

export interface ClientEvents {
  /** All there is, before anything else that changes it. */
  hello(hello: Hello): void
  status(status: Status): void
  gone(id: number): void
}

const ANSWER_MS = 10_000
const START_MS = 15_000

/** Connects to a supervisor that runs; undefined when none does. */
export async function connectSupervisor(
  folder: string,
  events: ClientEvents,
): Promise<SupervisorClient | undefined> {
  const socket = await reach(folder)
  if (!socket) return undefined
  let n = 0
  const waiting = new Map<
    number,
    { resolve(result: Hello | Problem | undefined): void; reject(error: Error): void }
  >()
  const read = createFrameReader((value) => {
    const message = value as Message
    if (message.kind === 'status') events.status(message.status)
    else if (message.kind === 'gone') events.gone(message.id)
    else {
      const one = waiting.get(message.n)
      waiting.delete(message.n)
      // Here, and not where it was asked for: the next frame may already be a change to it.
      if (message.ok && message.result) events.hello(message.result)
      one?.resolve(message.ok ? message.result : message.problem)
    }
  })
  socket.on('data', (chunk) => {
    try {
      read(chunk)
    } catch (error) {
      socket.destroy(error as Error)
    }
  })
  const closed = new Promise<void>((resolve) => {
    socket.on('error', () => {})
    socket.on('close', () => {
      for (const one of waiting.values()) one.reject(new Error('the supervisor has ended'))
      waiting.clear()
      resolve()
    })
  })
  const send = (request: Request, ms = ANSWER_MS) =>
    new Promise<Hello | Problem | undefined>((resolve, reject) => {
      const mine = ++n
      const timer = setTimeout(() => socket.destroy(new Error('the supervisor does not answer')), ms)
      const done =
        <T>(then: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer)
          then(value)
        }
      waiting.set(mine, { resolve: done(resolve), reject: done(reject) })
      socket.write(encodeFrame({ n: mine, ...request }))
    })
  const hello = (await send({ op: 'hello' }).catch(() => undefined)) as Hello | undefined
  if (!hello) {
    socket.destroy()
    return undefined
  }
  return {
    hello,
    // A hard end waits for every process to stop.
    ask: async (request) =>
      (await send(request, request.op === 'end' ? 86_400_000 : ANSWER_MS)) as Problem | undefined,
    closed,
    close: () => void socket.destroy(),
  }
}

/**
 * Connects to the folder's supervisor and starts one if none answers. One of an older protocol is replaced: its processes run
 * on. Rejects when it cannot be started.
 */
export async function openSupervisor(folder: string, events: ClientEvents): Promise<SupervisorClient> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const deadline = performance.now() + START_MS
  let started = 0
  for (;;) {
    const client = await connectSupervisor(folder, events)
    if (client?.hello.protocol === SUPERVISOR_PROTOCOL) return client
    if (client) {
      await client.ask({ op: 'end', hard: false }).catch(() => {})
      await client.closed
    }
    if (performance.now() > deadline)
      throw new Error(`no supervisor answers in ${folder}; see supervisor.log there`)
    // Again after some time: one that was just ending may have held the folder's lock.
    if (performance.now() - started > 3000 || started === 0) {
      started = performance.now()
      await start(folder)
    }
    await delay(25)
  }
}

async function start(folder: string) {
  const child = spawn(
    process.execPath,
    [...FLAGS, findProgram(), await realpath(folder), String(process.pid)],
    {
      cwd: folder,
      detached: true,
      stdio: 'ignore',
      env: { PATH: process.env.PATH ?? SYSTEM_PATH, UV_THREADPOOL_SIZE: '1' },
    },
  )
  child.on('error', () => {})
  child.unref()
}

/** Little to do, so little memory to do it with: code that hardly runs need not be compiled well. */
const FLAGS = [
  '--optimize-for-size',
  '--no-opt',
  '--no-sparkplug',
  '--max-semi-space-size=1',
  '--max-old-space-size=64',
  '--v8-pool-size=0',
  '--disable-warning=ExperimentalWarning',
]

function findProgram(): string {
  const program = packagePath('dist/agent/supervisor/main.js')
  if (!existsSync(program)) throw new Error(`${program} is missing: run "npm run build"`)
  return program
}

async function reach(folder: string): Promise<Socket | undefined> {
  let directory: FileHandle | undefined
  try {
    directory = await open(folder)
    // By the descriptor: the folder's own path may be too long for a socket's address.
    const socket = connect(`/proc/self/fd/${directory.fd}/${SOCKET}`)
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return socket
  } catch {
    return undefined
  } finally {
    await directory?.close()
  }
}
