/** The part of a request's head that its answer depends on. */
export interface PlainHeaders {
  readonly host: string
  readonly authorization?: string | undefined
}

/** A request without a body whose every byte is as nearly all clients send it. */
export interface PlainRequest {
  readonly target: string
  /** All header lines, each with its end. */
  readonly headers: string
  /** Where the next request begins. */
  readonly end: number
}

/** Longer ones are left to node:http, which has its own bound. */
const MOST_BYTES = 8_192
const START = 'GET /api/v'
const LINE_END = ' HTTP/1.1\r\n'
/** What `encodeURIComponent` and `URLSearchParams` leave, and what is often left as it is. */
const TARGET = /^\/api\/v\d{1,3}\/timeseries\?[A-Za-z0-9%&=+*._~!'()/:;,@$?-]*$/

/**
 * Reads the request that begins at `at` in a text of a character a byte. Undefined for anything but a whole, plain
 * `GET /api/vN/timeseries?…`: what is longer, unusual or wrong is for node:http to judge, never for us (RFC 9112 §11.2:
 * two readings of one message are how requests are smuggled).
 */
export function readRequest(text: string, at: number): PlainRequest | undefined {
  if (!text.startsWith(START, at)) return undefined
  const targetEnd = text.indexOf(LINE_END, at)
  if (targetEnd < 0) return undefined
  const headersStart = targetEnd + LINE_END.length
  // The end of the request line may be the first half of the empty line.
  const emptyLine = text.indexOf('\r\n\r\n', headersStart - 2)
  if (emptyLine < 0 || emptyLine + 4 - at > MOST_BYTES) return undefined
  const target = text.slice(at + 4, targetEnd)
  if (!TARGET.test(target)) return undefined
  return { target, headers: text.slice(headersStart, emptyLine + 2), end: emptyLine + 4 }
}

const LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e]*?)[ \t]*$/
const MOST_LINES = 64

/** Lines that say more than that there is a request without a body: how it is framed, what the connection becomes, who sent it. */
const NOT_PLAIN = new Set([
  'content-length',
  'transfer-encoding',
  'trailer',
  'te',
  'expect',
  'upgrade',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'sec-fetch-site',
])

/**
 * Reads header lines. Undefined where one of them is not plain, is there twice, or where there is no `Host`.
 *
 *     readHeaders('Host: a:80\r\nAccept: *\/*\r\n')?.host // 'a:80'
 */
export function readHeaders(lines: string): PlainHeaders | undefined {
  const found = new Map<string, string>()
  const each = lines.split('\r\n')
  if (each.length > MOST_LINES || each.pop() !== '') return undefined
  for (const line of each) {
    const match = LINE.exec(line)
    if (match === null) return undefined
    const [, spelling = '', value = ''] = match
    const name = spelling.toLowerCase()
    if (found.has(name) || NOT_PLAIN.has(name)) return undefined
    if (name === 'connection' && value.toLowerCase() !== 'keep-alive') return undefined
    found.set(name, value)
  }
  const host = found.get('host')
  if (host === undefined) return undefined
  return { host, authorization: found.get('authorization') }
}
