/** What `--database-url` says, checked. Keep it out of logs: it holds the password. */
export interface DatabaseUrl {
  /** Tried in this order. */
  readonly hosts: readonly { readonly host: string; readonly port: number }[]
  readonly user: string
  readonly password: string | undefined
  readonly database: string
  /** `primary`: only a server that takes writes will do. */
  readonly target: 'any' | 'primary'
  readonly ssl: 'disable' | 'require' | 'verify-full'
  /** Of the authority that the server's certificate is checked against. */
  readonly sslRootCertificate: string | undefined
}

export class DatabaseUrlError extends Error {
  override name = 'DatabaseUrlError'
  constructor(url: string, reason: string) {
    super(
      `--database-url ${withoutPassword(url)} is not usable: ${reason}. It looks like postgresql://user:password@host1:5432,host2:5432/database?target_session_attrs=read-write`,
    )
  }
}

const targets: Record<string, DatabaseUrl['target']> = {
  any: 'any',
  'read-write': 'primary',
  primary: 'primary',
}
const sslModes: Record<string, DatabaseUrl['ssl']> = {
  disable: 'disable',
  require: 'require',
  'verify-ca': 'verify-full',
  'verify-full': 'verify-full',
}

/**
 * Reads a connection URI as libpq has it (PostgreSQL manual, 32.1.1.2), several hosts included. With several hosts, the
 * default is the one that takes writes. Throws `DatabaseUrlError`, which never shows the password.
 *
 * ```ts
 * parseDatabaseUrl('postgresql://bw:secret@db1,db2:5433/bellwether').hosts // [{ host: 'db1', port: 5432 }, …]
 * ```
 */
export function parseDatabaseUrl(text: string): DatabaseUrl {
  const fail = (reason: string) => new DatabaseUrlError(text, reason)
  const match = /^postgres(?:ql)?:\/\/(?:([^@/?]*)@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(text)
  if (!match)
    throw fail('not a PostgreSQL URL (characters such as @ : / ? in the password must be percent-encoded)')
  const [, login = '', authority = '', path = '', query = ''] = match
  const colon = login.indexOf(':')
  try {
    const settings = new URLSearchParams(query)
    for (const name of settings.keys())
      if (
        !['target_session_attrs', 'sslmode', 'sslrootcert', 'application_name', 'connect_timeout'].includes(
          name,
        )
      )
        throw fail(`the setting ${name} is not known`)
    const hosts = authority.split(',').map((each) => {
      const parts = /^(\[[^\]]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(each)
      const port = Number(parts?.[2] ?? 5432)
      if (!parts || port < 1 || port > 65_535) throw fail(`"${each}" is not a host with a port`)
      return { host: decodeURIComponent(parts[1]!.replace(/^\[|\]$/g, '')), port }
    })
    if (hosts.length > 32) throw fail('more than 32 hosts')
    const target = targets[settings.get('target_session_attrs') ?? (hosts.length > 1 ? 'primary' : 'any')]
    if (!target) throw fail('target_session_attrs must be any, primary or read-write')
    const ssl = sslModes[settings.get('sslmode') ?? 'disable']
    if (!ssl) throw fail('sslmode must be disable, require or verify-full')
    const user = decodeURIComponent(colon < 0 ? login : login.slice(0, colon))
    if (user === '') throw fail('it names no user')
    const database = decodeURIComponent(path)
    return {
      hosts,
      user,
      password: colon < 0 ? undefined : decodeURIComponent(login.slice(colon + 1)),
      database: database === '' ? user : database,
      target,
      ssl,
      sslRootCertificate: settings.get('sslrootcert') ?? undefined,
    }
  } catch (error) {
    if (error instanceof URIError) throw fail('wrong percent-encoding')
    throw error
  }
}

/** The same URL with the password blotted out, for logs and people. */
export function withoutPassword(url: string): string {
  return url.replace(/(:\/\/[^:@/?]*):.*@/s, '$1:***@').slice(0, 300)
}
