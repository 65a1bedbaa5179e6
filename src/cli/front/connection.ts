import type { Socket } from 'node:net'
import type { Reply } from '../../query/index.js'
import { type PlainHeaders, readHeaders, readRequest } from './head.js'
import { socketReply } from './reply.js'

export interface ConnectionOptions {
  /** Whether a request with these headers may be answered here; the same for the same headers. */
  readonly admits: (headers: PlainHeaders) => boolean
  /** Answers a GET, at once or later; false, and nothing done, for a target that is not its own. */
  readonly answer: (target: string, reply: Reply) => boolean
  readonly keepAliveSeconds: number
}

/** Requests of one connection that are answered before others get their turn. */
const MOST_PER_TURN = 16
/** Bytes of requests to come that are held while one is answered. */
const MOST_HELD = 65_536
/** Answers that nobody takes stop the reading of requests. */
const MOST_WAITING = 524_288

/** What a connection waits for: a request, an answer that is being made, its next turn, or the reader. */
type State = 'reading' | 'answering' | 'yielding' | 'full' | 'over'

/**
 * A connection of which plain requests are answered as they come, in their order. The first other request, and all that comes after it,
 * goes where `handOver` takes it, with every byte: nothing of it has been acted on.
 */
export class Connection {
  /** `performance.now()` of the last request, or of the beginning. */
  lastActive = performance.now()
  /** Whether it was used at all. */
  used = false
  /** Bytes that wait for the reader, when that was looked at last. */
  lastWaiting = 0
  readonly socket: Socket
  readonly #options: ConnectionOptions
  readonly #handOver: (socket: Socket) => void
  #state: State = 'reading'
  #held: Buffer[] = []
  #heldBytes = 0
  #ended = false
  #closing = false
  /** Header lines that were found good: a client sends the same ones with each request. */
  #admitted: string | undefined

  constructor(socket: Socket, options: ConnectionOptions, handOver: (socket: Socket) => void) {
    this.socket = socket
    this.#options = options
    this.#handOver = handOver
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('error', this.#onError)
    socket.on('drain', this.#onDrain)
  }

  get isIdle(): boolean {
    return this.#state === 'reading'
  }

  /** Ends it, after the answer that is being made. */
  close(): void {
    this.#closing = true
    if (this.isIdle) this.#end()
  }

  readonly #onData = (bytes: Buffer): void => {
    if (this.#state === 'over') return
    if (this.#state === 'reading') this.#read(bytes)
    else {
      this.#held.push(bytes)
      this.#heldBytes += bytes.length
      if (this.#heldBytes > MOST_HELD) this.socket.pause()
    }
  }

  readonly #onEnd = (): void => {
    this.#ended = true
    // Who hangs up does not want the answer that is being made, as node:http sees it; those that are made he gets.
    if (this.#state === 'answering' || this.#state === 'reading') this.#end()
  }

  readonly #onError = (): void => {
    this.socket.destroy()
  }

  readonly #onDrain = (): void => {
    if (this.#state === 'full') this.#goOn()
  }

  #end(): void {
    this.#state = 'over'
    this.socket.end()
  }

  /** Answers the requests in these bytes, as many as may be now. */
  #read(bytes: Buffer): void {
    const text = bytes.toString('latin1')
    this.lastActive = performance.now()
    let at = 0
    for (let turns = 0; at < bytes.length && this.#state === 'reading'; turns++) {
      if (turns === MOST_PER_TURN) {
        this.#state = 'yielding'
        setImmediate(() => this.#goOn())
        break
      }
      const request = readRequest(text, at)
      if (request === undefined || !this.#admits(request.headers) || !this.#answer(request.target)) {
        this.#leave(bytes.subarray(at))
        return
      }
      at = request.end
    }
    if (at < bytes.length) this.#hold(bytes.subarray(at))
  }

  /** False, and nothing done, for a target that is not answered here. */
  #answer(target: string): boolean {
    const { socket } = this
    let later = false
    const reply = socketReply(socket, this.#options.keepAliveSeconds, () => {
      if (later) this.#goOn()
    })
    if (!this.#options.answer(target, reply)) return false
    this.used = true
    if (reply.state !== 'done') {
      later = true
      this.#state = 'answering'
    } else if (socket.writableLength > MOST_WAITING) this.#state = 'full'
    return true
  }

  #admits(headers: string): boolean {
    if (headers === this.#admitted) return true
    const read = readHeaders(headers)
    if (read === undefined || !this.#options.admits(read)) return false
    this.#admitted = headers
    return true
  }

  #hold(rest: Buffer): void {
    this.#held.unshift(rest)
    this.#heldBytes += rest.length
  }

  /** The answer is made, the turn has come, or the reader has taken what waited. */
  #goOn(): void {
    const { socket } = this
    if (socket.destroyed || this.#state === 'over') return
    this.lastActive = performance.now()
    this.#state = socket.writableLength > MOST_WAITING ? 'full' : 'reading'
    if (this.#closing) this.#end()
    if (!this.isIdle) return
    const held = this.#held.length === 1 ? (this.#held[0] as Buffer) : Buffer.concat(this.#held)
    this.#held = []
    this.#heldBytes = 0
    if (socket.isPaused()) socket.resume()
    if (held.length > 0) this.#read(held)
    if (this.#ended && this.isIdle) this.#end()
  }

  #leave(rest: Buffer): void {
    const { socket } = this
    this.#state = 'over'
    // Who has hung up is not told again that he has, and node:http answers nobody who has.
    if (this.#ended) {
      socket.end()
      return
    }
    socket.off('data', this.#onData)
    socket.off('end', this.#onEnd)
    socket.off('error', this.#onError)
    socket.off('drain', this.#onDrain)
    // It must not flow before the next one listens, nor before this event is over.
    socket.pause()
    socket.unshift(rest)
    this.#handOver(socket)
    process.nextTick(() => socket.resume())
  }
}
