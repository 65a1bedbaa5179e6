import { ApiError, badRequest } from './errors.js'

/** No model of the API is nested deeper than a deployment's role configuration: a fraction of this. */
const MAX_DEPTH = 40

/**
 * Reads a request's body as JSON.
 *
 * Throws 413 for more than `limit` bytes, 415 for another type or a compressed one, 400 for text that is no JSON or nested too deep.
 * Returns undefined for an empty body.
 */
export async function readJson(request: Request, limit: number): Promise<unknown> {
  const text = await readText(request, limit)
  if (text.trim() === '') return undefined
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/([\w.+-]+\+)?json\b/i.test(type))
    throw new ApiError(
      415,
      `The body must be JSON, with the header "content-type: application/json"; it came as "${type.slice(0, 100) || 'nothing'}".`,
    )
  const encoding = request.headers.get('content-encoding') ?? 'identity'
  if (encoding !== 'identity')
    throw new ApiError(415, `The body must not be compressed; it came as "${encoding.slice(0, 100)}".`)
  if (deeperThan(text, MAX_DEPTH)) throw badRequest(`The body is nested deeper than ${MAX_DEPTH} levels.`)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw badRequest(`The body is no JSON: ${(error as Error).message}`)
  }
}

/** Reads a request's body as UTF-8. Throws 413 for more than `limit` bytes. */
export async function readText(request: Request, limit: number): Promise<string> {
  const declared = Number(request.headers.get('content-length') ?? 0)
  if (declared > limit) throw tooLarge(limit)
  if (!request.body) return ''
  const reader = request.body.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    length += value.byteLength
    if (length > limit) {
      await reader.cancel().catch(() => undefined)
      throw tooLarge(limit)
    }
    chunks.push(value)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch {
    throw badRequest('The body is not UTF-8.')
  }
}

const tooLarge = (limit: number) =>
  new ApiError(413, `The body is larger than the ${limit / 1024} KB that are taken here.`, [], {
    connection: 'close',
  })

/** Counts brackets outside of texts: cheaper than to find out by parsing, and no depth can harm it. */
function deeperThan(text: string, max: number): boolean {
  let depth = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (quoted) {
      if (c === 0x5c) i++
      else if (c === 0x22) quoted = false
    } else if (c === 0x22) quoted = true
    else if (c === 0x5b || c === 0x7b) {
      if (++depth > max) return true
    } else if (c === 0x5d || c === 0x7d) depth--
  }
  return false
}

/** The API's answers are read by people too: Cloudera Manager indents them. */
export const prettyJson = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`
