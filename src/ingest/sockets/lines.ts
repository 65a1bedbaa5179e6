import type { Socket } from 'node:net'
import type { Admission } from '../admission.js'
import type { IngestLimits } from '../limits.js'

const NEWLINE = 10
/** Bytes of one connection that wait for the store; then it is read no further, and the sender waits. */
const MOST_WAITING = 1 << 18
/** Lines are gathered for this long, so that a sender of single lines does not make one batch of each. */
const GATHER_MS = 200
/** What may stand on a line behind its path. */
const LINE_REST = 100

/**
 * Reads lines from a connection and hands them to `store`, one batch after the other; resolves when the connection is
 * closed and all of them are stored. What waits is bounded for the connection, and for all requests together by `admission`.
 */
export async function serveLines(
  socket: Socket,
  store: (lines: Uint8Array) => Promise<void>,
  limits: Pick<IngestLimits, 'idleSeconds' | 'labelSetBytes'>,
  admission: Admission,
  sender: string,
): Promise<void> {
  const lease = admission.open(sender)
  let waiting: Buffer[] = []
  let size = 0
  let ended = false
  let wake: () => void = () => undefined
  socket.setTimeout(limits.idleSeconds * 1000, () => socket.destroy())
  socket.on('error', () => undefined)
  socket.on('data', (chunk) => {
    waiting.push(chunk)
    size += chunk.length
    // What has arrived is kept; but with no room for more, nothing more is read.
    if (size >= MOST_WAITING || !taken(chunk.length)) socket.pause()
    wake()
  })
  socket.on('close', () => {
    ended = true
    wake()
  })
  let rest: Buffer = Buffer.alloc(0)
  try {
    while (!ended || size > 0 || rest.length > 0) {
      if (size === 0 && !ended) await untilWoken()
      if (!ended && !socket.isPaused()) await gathered()
      const bytes = Buffer.concat([rest, ...waiting])
      const arrived = size
      waiting = []
      size = 0
      // A line without an end would otherwise grow for ever.
      const tooLong = bytes.length - bytes.lastIndexOf(NEWLINE) > limits.labelSetBytes + LINE_REST
      if (tooLong) socket.destroy()
      const complete = ended || tooLong ? bytes.length : bytes.lastIndexOf(NEWLINE) + 1
      rest = bytes.subarray(complete)
      if (complete > 0) await store(bytes.subarray(0, complete))
      lease.give(arrived)
      if (!ended) socket.resume()
    }
  } finally {
    lease.release()
  }

  function taken(bytes: number): boolean {
    try {
      lease.take(bytes)
      return true
    } catch {
      return false
    }
  }

  function untilWoken(): Promise<void> {
    return new Promise((resolve) => {
      wake = resolve
    })
  }

  function gathered(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, GATHER_MS)
      wake = () => {
        if (!ended && !socket.isPaused()) return
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
