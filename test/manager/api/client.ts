import { Agent, request as httpRequest } from 'node:http'
import { contract, endpointOf, expectContract } from './contract.js'

export interface Reply {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape; the contract has been checked
  body: any
}

export interface Sending {
  user?: string | undefined
  password?: string
  body?: unknown
  /** Instead of `body`: as it is. */
  raw?: string | Buffer
  headers?: Record<string, string>
  version?: number
}

/** An HTTP client that sends exactly what it is told, and checks each good answer against the contract. */
export function client(url: string, defaults: Sending = {}) {
  async function send(method: string, path: string, sending: Sending = {}): Promise<Reply> {
    const { user, password, body, raw, headers, version } = { version: 45, ...defaults, ...sending }
    const inApi = path.startsWith('/api/') || path.startsWith('/login')
    const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const reply = await plain(`${url}${inApi ? path : `/api/v${version}${path}`}`, method, sent, {
      ...(user === undefined
        ? {}
        : { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }),
      ...(sent === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(sent)) }),
      ...headers,
    })
    if (!inApi) check(method, path, reply, version)
    return reply
  }
  return {
    send,
    get: (path: string, sending?: Sending) => send('GET', path, sending),
    post: (path: string, body?: unknown, sending?: Sending) => send('POST', path, { body, ...sending }),
    put: (path: string, body?: unknown, sending?: Sending) => send('PUT', path, { body, ...sending }),
    delete: (path: string, sending?: Sending) => send('DELETE', path, sending),
  }
}

export type Client = ReturnType<typeof client>

function check(method: string, path: string, reply: Reply, version: number): void {
  if (reply.status >= 400) {
    const { message, causes = [], ...rest } = reply.body ?? {}
    if (
      typeof message !== 'string' ||
      message === '' ||
      Object.keys(rest).length > 0 ||
      !Array.isArray(causes)
    )
      throw new Error(`${method} ${path} failed without a message: ${reply.status} ${reply.text}`)
    return
  }
  if (reply.status !== 200) throw new Error(`${method} ${path} answered ${reply.status}, not 200`)
  const name = endpointOf(method, path)
  const answer = name && contract.endpoints[name]?.answer
  if (answer && answer !== 'file' && answer !== 'string') expectContract(answer, reply.body, version)
}

/** A connection for each of thousands of requests would cost as much as what is asked. */
const agent = new Agent({ keepAlive: true })

function plain(
  url: string,
  method: string,
  body: string | Buffer | undefined,
  headers: Record<string, string>,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method, headers, agent }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.once('error', reject)
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        let parsed: unknown
        try {
          parsed = JSON.parse(text)
        } catch {
          parsed = undefined
        }
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parsed })
      })
    })
    sent.once('error', reject)
    sent.end(body)
  })
}

/** Three of them in turn: who asks next has the next three. `npm run test:long` has all. */
let turn = 0
export function some<T>(all: readonly T[]): readonly T[] {
  if (process.env.BELLWETHER_TEST_WHOLE || all.length <= 3) return all
  turn += 3
  return [0, 1, 2].map((i) => all[(turn + i) % all.length]!)
}
