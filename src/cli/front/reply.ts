import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Outlet, Reply } from '../../query/index.js'

type Headers = Readonly<Record<string, string>>

/** Bytes that may wait for the reader, as over node:http. */
const MOST_WAITING = 524_288
const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const LAST_CHUNK = '0\r\n\r\n'

/**
 * The answer to one request, written as node:http writes it. `done` is called when its last byte is written, and the
 * connection may be used for the next one.
 */
export function socketReply(socket: Socket, keepAliveSeconds: number, done: () => void): SocketReply {
  let state: SocketReply['state'] = 'open'
  let wake: (() => void) | undefined
  const head = (status: number, headers: Headers, length: string) =>
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n${linesOf(headers)}${
      length === CHUNKED ? '' : length
    }Date: ${date()}\r\nConnection: keep-alive\r\nKeep-Alive: timeout=${keepAliveSeconds}\r\n${
      length === CHUNKED ? length : ''
    }\r\n`
  let release = () => {}
  const finish = () => {
    release()
    state = 'done'
    done()
  }
  const whole: Reply['whole'] = (status, headers, body) => {
    if (state !== 'open' || !socket.writable) return
    const length = body?.byteLength ?? 0
    const text = head(status, headers, `content-length: ${length}\r\n`)
    const bytes = Buffer.allocUnsafe(text.length + length)
    bytes.write(text, 'latin1')
    if (body !== undefined) bytes.set(body, text.length)
    socket.write(bytes)
    finish()
  }
  const chunk = (piece: Uint8Array, after: string): boolean => {
    socket.cork()
    socket.write(`${piece.byteLength.toString(16)}\r\n`, 'latin1')
    socket.write(piece)
    const room = socket.write(`\r\n${after}`, 'latin1')
    socket.uncork()
    return room
  }
  const outlet = (gone: () => void): Outlet => {
    const onClose = () => {
      if (state !== 'done') gone()
      wake?.()
    }
    const onDrain = () => wake?.()
    release = () => {
      socket.off('close', onClose)
      socket.off('drain', onDrain)
    }
    socket.once('close', onClose)
    return {
      whole: (headers, body) => whole(200, headers, body),
      begin(headers) {
        if (state !== 'open') return
        state = 'begun'
        socket.on('drain', onDrain)
        if (socket.writable) socket.write(head(200, headers, CHUNKED), 'latin1')
      },
      write(piece) {
        if (!socket.writable || chunk(piece, '') || socket.writableLength < MOST_WAITING) return undefined
        return new Promise<void>((resolve) => {
          wake = () => {
            wake = undefined
            resolve()
          }
        })
      },
      end(last) {
        if (state !== 'begun' || !socket.writable) return
        if (last === undefined || last.byteLength === 0) socket.write(LAST_CHUNK, 'latin1')
        else chunk(last, LAST_CHUNK)
        finish()
      },
      cut() {
        socket.destroy()
      },
    }
  }
  return {
    whole,
    outlet,
    get isGone() {
      return !socket.writable || state !== 'open'
    },
    get state() {
      return state
    },
  }
}

export interface SocketReply extends Reply {
  /** `begun`: some of it is sent. */
  readonly state: 'open' | 'begun' | 'done'
}

/** Values come from our own code; one that cannot stand in a header is a mistake there, as node:http says too. */
function linesOf(headers: Headers): string {
  let lines = ''
  for (const name in headers) {
    const value = headers[name] as string
    if (NO_VALUE.test(value)) throw new TypeError(`The header ${name} has a character that cannot be in it.`)
    lines += `${name}: ${value}\r\n`
  }
  return lines
}

const NO_VALUE = /[^\t\x20-\x7e\x80-\xff]/

let second = 0
let text = ''

/** As the header `Date` has it; made once a second. */
function date(): string {
  const now = Math.floor(Date.now() / 1000)
  if (now !== second) {
    second = now
    text = new Date(now * 1000).toUTCString()
  }
  return text
}
