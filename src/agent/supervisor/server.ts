import { chmodSync, rmSync } from 'node:fs'
import type { Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import { createFrameReader, encodeFrame } from './frame.js'
import type { Hello, Message, Problem, Request } from './protocol.js'

export const SOCKET = 'control.sock'
const MAX_CONNECTIONS = 16
/** Of messages that a peer does not read. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024

export interface ControlServer {
  broadcast(message: Message): void
  connections(): number
  close(): Promise<void>
}

/**
 * Listens on `control.sock` in the working directory: a path relative to it is never too long for a socket's address (108
 * bytes). Who can write to the socket may start programs as any user, so nobody but the agent's user can.
 */
export async function openControlServer(
  handle: (request: Request) => Hello | Problem | undefined | Promise<undefined>,
): Promise<ControlServer> {
  const sockets = new Set<Socket>()
  const send = (socket: Socket, message: Message) => {
    if (socket.writableLength > MAX_UNREAD_BYTES) socket.destroy()
    else if (socket.writable) socket.write(encodeFrame(message))
  }

  async function answer(socket: Socket, message: unknown) {
    if (
      typeof message !== 'object' ||
      message === null ||
      !Number.isInteger((message as { n?: unknown }).n)
    ) {
      socket.destroy()
      return
    }
    const { n, ...request } = message as { n: number } & Request
    try {
      const result = await handle(request as Request)
      if (result && 'code' in result) send(socket, { kind: 'answer', n, ok: false, problem: result })
      else send(socket, { kind: 'answer', n, ok: true, ...(result ? { result } : {}) })
    } catch (error) {
      const problem = { code: 'FAILED', message: (error as Error).message }
      send(socket, { kind: 'answer', n, ok: false, problem })
    }
  }

  const server: Server = createServer((socket) => {
    sockets.add(socket)
    const read = createFrameReader((message) => void answer(socket, message))
    socket.on('data', (chunk) => {
      try {
        read(chunk)
      } catch {
        socket.destroy()
      }
    })
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  server.maxConnections = MAX_CONNECTIONS
  // What is there is left from a supervisor that was killed: ours is the folder's lock.
  rmSync(SOCKET, { force: true })
  const mask = process.umask(0o177)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(SOCKET, resolve)
    })
  } finally {
    process.umask(mask)
  }
  chmodSync(SOCKET, 0o600)
  return {
    broadcast(message) {
      for (const socket of sockets) send(socket, message)
    },
    connections: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroySoon()
      }),
  }
}
