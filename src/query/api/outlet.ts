import type { ServerResponse } from 'node:http'

export type Headers = Readonly<Record<string, string>>

/** Where an answer's bytes go: either `whole`, or `begin`, any number of `write`, and `end` or `cut`. */
export interface Outlet {
  /** The answer in one piece, with its length. */
  whole(headers: Headers, body: Uint8Array<ArrayBuffer>): void
  begin(headers: Headers): void
  /** The promise, if there is one, is to be waited for: until the reader has taken some of it, or is gone. */
  write(piece: Uint8Array<ArrayBuffer>): Promise<void> | undefined
  end(last?: Uint8Array<ArrayBuffer>): void
  /** Ends it so that it cannot be taken for a whole answer. */
  cut(error: unknown): void
}

/** Who waits for the answer to one request. */
export interface Reply {
  /** The answer in one piece. The body is copied if it is not sent at once. */
  whole(status: number, headers: Headers, body?: Uint8Array<ArrayBuffer>): void
  /** For an answer with status 200, if need be sent while it is made. `gone` is called when the reader goes away before the end. */
  outlet(gone: () => void): Outlet
  /** Whether the reader went away, or has an answer. */
  readonly isGone: boolean
}

/** Bytes that may wait for the reader. */
const MOST_WAITING = 524_288

/** Node's own response. `gone` is called when the reader goes away before the end. */
export function nodeOutlet(outgoing: ServerResponse, gone: () => void): Outlet {
  let wake: (() => void) | undefined
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) gone()
    wake?.()
  })
  return {
    whole(headers, body) {
      outgoing.writeHead(200, { ...headers, 'content-length': body.byteLength })
      outgoing.end(body)
    },
    begin(headers) {
      outgoing.writeHead(200, headers)
      outgoing.on('drain', () => wake?.())
    },
    write(piece) {
      if (outgoing.destroyed || outgoing.write(piece) || outgoing.writableLength < MOST_WAITING)
        return undefined
      return new Promise<void>((resolve) => {
        wake = () => {
          wake = undefined
          resolve()
        }
      })
    },
    end(last) {
      outgoing.end(last)
    },
    cut() {
      outgoing.destroy()
    },
  }
}

/** Node's own response to a request that has none yet. */
export function nodeReply(outgoing: ServerResponse): Reply {
  return {
    whole(status, headers, body) {
      if (outgoing.headersSent) return
      outgoing.writeHead(status, { ...headers, 'content-length': body?.byteLength ?? 0 })
      outgoing.end(body && Buffer.from(body))
    },
    outlet: (gone) => nodeOutlet(outgoing, gone),
    get isGone() {
      return outgoing.destroyed || outgoing.headersSent
    },
  }
}

/** A `Response`, for callers that have no connection of Node's. It is there as soon as its status is known. */
export function webOutlet(gone: () => void): { outlet: Outlet; response: Promise<Response> } {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  let wake: (() => void) | undefined
  let start!: (response: Response) => void
  const response = new Promise<Response>((resolve) => {
    start = resolve
  })
  const body = () =>
    new ReadableStream<Uint8Array>(
      {
        start: (own) => {
          controller = own
        },
        pull: () => wake?.(),
        cancel: () => {
          gone()
          wake?.()
        },
      },
      { highWaterMark: MOST_WAITING, size: (piece) => piece?.byteLength ?? 0 },
    )
  const outlet: Outlet = {
    whole(headers, bytes) {
      start(new Response(bytes, { headers: { ...headers, 'content-length': String(bytes.byteLength) } }))
    },
    begin(headers) {
      start(new Response(body(), { headers }))
    },
    write(piece) {
      controller?.enqueue(piece)
      if ((controller?.desiredSize ?? 1) > 0) return undefined
      return new Promise<void>((resolve) => {
        wake = () => {
          wake = undefined
          resolve()
        }
      })
    },
    end(last) {
      if (last !== undefined) controller?.enqueue(last)
      controller?.close()
    },
    cut(error) {
      controller?.error(error)
    },
  }
  return { outlet, response }
}
