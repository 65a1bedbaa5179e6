import { QueryError } from '../errors.js'
import type { ByteSink } from '../run/sink.js'

/** From this many bytes on, an answer is sent while it is made. */
const START_BYTES = 262_144
const PIECE_BYTES = 131_072

export interface Hooks {
  /** The reader has gone away. */
  readonly cancel: () => void
  /** The query failed after its first bytes had been sent. */
  readonly failed: (error: unknown) => void
  /** Cuts the connection, where there is one: a form that has no room for an error must not look complete. */
  readonly cut: (() => void) | undefined
}

/**
 * Makes the HTTP answer of a query: a small one at once and with its length, so that an error still gets its own status;
 * a large one piece by piece, as fast as the reader takes it.
 */
export async function answerFrom(
  sink: ByteSink,
  run: (flush: () => Promise<void> | undefined) => Promise<void>,
  { cancel, failed, cut }: Hooks,
): Promise<Response> {
  const headersOf = () => ({
    'content-type': sink.contentType,
    'cache-control': 'no-store',
    ...sink.headers?.(),
  })
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  let wanted: (() => void) | undefined
  let start!: (response: Response) => void
  const started = new Promise<Response>((resolve) => {
    start = resolve
  })
  const begin = () => {
    const body = new ReadableStream<Uint8Array>(
      {
        start: (own) => {
          controller = own
        },
        pull: () => wanted?.(),
        cancel: () => {
          cancel()
          wanted?.()
        },
      },
      { highWaterMark: 4 * PIECE_BYTES, size: (piece) => piece?.byteLength ?? 0 },
    )
    start(new Response(body, { headers: headersOf() }))
  }
  const flush = (): Promise<void> | undefined => {
    if (sink.ready < (controller === undefined ? START_BYTES : PIECE_BYTES)) return undefined
    if (controller === undefined) begin()
    controller?.enqueue(sink.take())
    if ((controller?.desiredSize ?? 1) > 0) return undefined
    return new Promise<void>((resolve) => {
      wanted = () => {
        wanted = undefined
        resolve()
      }
    })
  }
  const finished = run(flush).then(
    () => {
      if (controller === undefined) {
        const bytes = sink.take()
        start(
          new Response(bytes, { headers: { ...headersOf(), 'content-length': String(bytes.byteLength) } }),
        )
        return
      }
      if (sink.ready > 0) controller.enqueue(sink.take())
      controller.close()
    },
    (error: unknown) => {
      if (controller === undefined) throw error
      failed(error)
      const known = error instanceof QueryError ? error : undefined
      sink.fail(known?.message ?? 'The query failed.', known?.code ?? 'INTERNAL')
      try {
        if (sink.ready > 0 && sink.tellsErrors) {
          controller.enqueue(sink.take())
          controller.close()
        } else if (cut !== undefined) cut()
        else controller.error(error)
      } catch {
        // The reader is gone: there is nobody to tell.
      }
    },
  )
  return Promise.race([started, finished.then(() => started)])
}
