import type { Context } from 'hono'

/** A body that cannot be read: `status` 400 or 413. */
export class BodyError extends Error {
  override name = 'BodyError'
  readonly status: 400 | 413
  constructor(status: 400 | 413, message: string) {
    super(message)
    this.status = status
  }
}

/** Reads a request's body as JSON, at most `maxBytes` of it, whatever its headers say. Throws `BodyError`. */
export async function readJson(c: Context, maxBytes: number): Promise<unknown> {
  const tooLarge = () => new BodyError(413, `The body has more than ${maxBytes} bytes: send less at a time.`)
  if (Number(c.req.header('content-length') ?? 0) > maxBytes) throw tooLarge()
  const chunks: Uint8Array[] = []
  let size = 0
  // Hono's own limit makes a new Request, which its server does not let it do.
  for await (const chunk of (c.req.raw.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > maxBytes) throw tooLarge()
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString())
  } catch {
    throw new BodyError(400, 'The body is not JSON.')
  }
}
