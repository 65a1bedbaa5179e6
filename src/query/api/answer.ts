import { QueryError } from '../errors.js'
import type { ByteSink } from '../run/sink.js'
import type { Headers, Outlet } from './outlet.js'

/** From this many bytes on, an answer is sent while it is made. */
const START_BYTES = 262_144
const PIECE_BYTES = 131_072

/** What every answer says of itself. */
export const headersOf = (contentType: string): Headers => ({
  'content-type': contentType,
  'cache-control': 'no-store',
})

/**
 * Sends the answer of a query: a small one at once and with its length, so that an error still gets its own status (this
 * rejects with it, and nothing has been sent); a large one piece by piece, as fast as the reader takes it. `failed` is told of an error that came
 * after the first bytes.
 */
export async function answerTo(
  outlet: Outlet,
  sink: ByteSink,
  run: (flush: () => Promise<void> | undefined) => Promise<void>,
  failed: (error: unknown) => void,
): Promise<void> {
  const headers = () => ({ ...headersOf(sink.contentType), ...sink.headers?.() })
  let begun = false
  const flush = () => {
    if (sink.ready < (begun ? PIECE_BYTES : START_BYTES)) return undefined
    if (!begun) outlet.begin(headers())
    begun = true
    return outlet.write(sink.take())
  }
  try {
    await run(flush)
  } catch (error) {
    if (!begun) throw error
    failed(error)
    const known = error instanceof QueryError ? error : undefined
    sink.fail(known?.message ?? 'The query failed.', known?.code ?? 'INTERNAL')
    try {
      // A form that has no room for an error must not look complete.
      if (sink.ready > 0 && sink.tellsErrors) outlet.end(sink.take())
      else outlet.cut(error)
    } catch {
      // The reader is gone: there is nobody to tell.
    }
    return
  }
  if (!begun) outlet.whole(headers(), sink.take())
  else outlet.end(sink.ready > 0 ? sink.take() : undefined)
}
