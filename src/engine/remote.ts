import type { Engine, EngineConnection, EngineOptions, EngineState } from './engine.js'
import { EngineError } from './errors.js'
import { serverVersion } from './ping.js'

/** Splits `http(s)://[user[:password]@]host[:port][/database]`. Throws `url-invalid`, never showing the password. */
export function parseServerUrl(text: string): EngineConnection {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new EngineError('url-invalid', { subject: withoutPassword(text), reason: 'not a URL' })
  }
  const fail = (reason: string) => new EngineError('url-invalid', { subject: withoutPassword(text), reason })
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw fail('neither http nor https')
  if (url.search !== '' || url.hash !== '') throw fail('? and # are not allowed')
  const path = url.pathname.replace(/^\/|\/$/g, '')
  if (path.includes('/')) throw fail('more than a database name after the host')
  try {
    return {
      url: url.origin,
      username: decodeURIComponent(url.username) || 'default',
      password: decodeURIComponent(url.password),
      ...(path === '' ? {} : { database: decodeURIComponent(path) }),
    }
  } catch {
    throw fail('wrong percent-encoding')
  }
}

/** Everything between `//` and the last `@` goes, also where the text is no URL. */
function withoutPassword(text: string): string {
  return text.replace(/\/\/.*@/, '//***@').slice(0, 200)
}

/** A server that somebody else runs: checked once, then left alone. */
export async function openRemote(url: string, options: EngineOptions): Promise<Engine> {
  const connection = parseServerUrl(url)
  const version = await serverVersion(connection, {
    timeoutMs: options.startTimeoutMs ?? 10_000,
    signal: options.signal,
  })
  options.logger.info({ url: connection.url, version }, 'Using the ClickHouse server')
  let state: EngineState = 'running'
  return {
    connection,
    embedded: false,
    version,
    pid: undefined,
    state: () => state,
    onState: () => () => {},
    memoryBytes: () => undefined,
    stop: async () => {
      state = 'stopped'
    },
  }
}
