import { readFileSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { type BodyTemplate, bodyTemplateProblem } from '../render/index.js'
import { type Fields, fields, isObject } from './fields.js'
import { secret } from './secret.js'
import {
  type EmailReceiver,
  type Receiver,
  type ScriptReceiver,
  SNMP_AUTH,
  SNMP_PRIV,
  type SnmpReceiver,
  type SnmpSecurity,
  type WebhookReceiver,
} from './types.js'

/** Provisional: the playground of net-snmp, meant for what has no number of its own yet. See docs/alerts.md. */
export const PROVISIONAL_ARC = '1.3.6.1.4.1.8072.9999.9999.7180'

const TYPES = ['email', 'snmp', 'webhook', 'script'] as const

export function readReceiver(value: unknown, place: string, problems: string[]): Receiver | undefined {
  const from = fields(value, place, problems)
  const name = from.text('name', undefined, 100)
  if (name !== '' && !/^[\w.-]+$/.test(name))
    from.wrong('name', 'may hold letters, digits, ".", "-" and "_" only')
  const type = TYPES.find((each) => each === from.get('type'))
  if (!type) {
    from.wrong('type', `is not one of ${TYPES.join(', ')}`)
    return undefined
  }
  const common = {
    name,
    concurrency: from.whole('concurrency', 1, 16, type === 'script' ? 1 : 2),
    // A script that fails always, as most that fail do, should not run for days.
    maxAttempts: from.whole('maxAttempts', 0, 1_000_000, type === 'script' ? 10 : 0),
    timeoutMs: from.time('timeout', 100, 600_000, type === 'snmp' ? 5_000 : 30_000),
  }
  const receiver = READERS[type](from, common)
  from.end()
  return receiver
}

type CommonFields = Pick<Receiver, 'name' | 'concurrency' | 'maxAttempts' | 'timeoutMs'>

const READERS: Record<(typeof TYPES)[number], (from: Fields, common: CommonFields) => Receiver> = {
  email: readEmail,
  snmp: readSnmp,
  webhook: readWebhook,
  script: readScript,
}

/** Reads an object within. */
function within<T>(from: Fields, key: string, read: (inner: Fields) => T): T {
  const inner = fields(from.get(key), from.at(key), from.problems)
  const result = read(inner)
  inner.end()
  return result
}

/** Plain addresses only: what a mail library makes of names, groups and comments has been a way around checks before. */
const ADDRESS = /^[^\s<>()[\]\\,;:"@]{1,64}@[^\s<>()[\]\\,;:"@]{1,255}$/

function address(from: Fields, key: string, text: string): string {
  if (text !== '' && !ADDRESS.test(text))
    from.wrong(key, `holds ${JSON.stringify(text)}, which is not an address such as ops@example.com`)
  return text
}

function readEmail(from: Fields, common: CommonFields): EmailReceiver {
  const smtp = within(from, 'smtp', (inner) => {
    const tls = inner.word('tls', ['starttls', 'tls', 'opportunistic', 'none'] as const, 'starttls')
    const user = inner.has('user') ? inner.text('user') : undefined
    const password = secret(inner, 'password')
    if ((user === undefined) !== (password === undefined))
      inner.wrong('user', 'and password go together: give both or neither')
    if (password !== undefined && (tls === 'none' || tls === 'opportunistic'))
      inner.wrong('tls', 'must be starttls or tls where a password is sent')
    return {
      host: inner.text('host'),
      port: inner.whole('port', 1, 65_535, tls === 'tls' ? 465 : tls === 'none' ? 25 : 587),
      tls,
      user,
      password,
      ca: readCa(inner),
      serverName: inner.has('serverName') ? inner.text('serverName') : undefined,
    }
  })
  const to = from.texts('to', 100).map((each) => address(from, 'to', each))
  if (to.length === 0) from.wrong('to', 'is missing: at least one address')
  const formats = from.texts('formats')
  const known = formats.filter((each) => each === 'text' || each === 'html' || each === 'json')
  if (known.length < formats.length) from.wrong('formats', 'may hold text, html and json')
  return {
    ...common,
    type: 'email',
    smtp,
    from: address(from, 'from', from.text('from')),
    to: [...new Set(to)],
    formats: formats.length === 0 ? ['text', 'html'] : known,
    subjectPrefix: from.text('subjectPrefix', '[Bellwether]', 100),
  }
}

function readCa(from: Fields): string | undefined {
  if (!from.has('ca')) return undefined
  const path = from.text('ca')
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    from.wrong('ca', `names ${path}, which cannot be read: ${(error as NodeJS.ErrnoException).code}`)
    return undefined
  }
}

function readSnmp(from: Fields, common: CommonFields): SnmpReceiver {
  const targets = from.list('targets', 20).map(([value, place]) => {
    const inner = fields(value, place, from.problems)
    const target = { host: inner.text('host', undefined, 255), port: inner.whole('port', 1, 65_535, 162) }
    inner.end()
    return target
  })
  if (targets.length === 0) from.wrong('targets', 'is missing: at least one { "host": … }')
  const arc = from.text('arc', PROVISIONAL_ARC, 200)
  if (!/^1(\.(0|[1-9]\d{0,9})){2,30}$/.test(arc) || arc.split('.').some((part) => Number(part) > 0xffffffff))
    from.wrong('arc', `is not an object identifier such as ${PROVISIONAL_ARC}`)
  return {
    ...common,
    type: 'snmp',
    targets,
    notification: from.word('notification', ['trap', 'inform'] as const, 'inform'),
    content: from.word('content', ['alert', 'message'] as const, 'alert'),
    arc,
    security: readSecurity(from),
    retries: from.whole('retries', 0, 20, 2),
  }
}

function readSecurity(from: Fields): SnmpSecurity {
  if (from.word('version', ['2c', '3'] as const, '2c') === '2c') {
    // A community such as "public" is no secret; one that is comes by variable or file.
    const given = from.get('community')
    const community = isObject(given) ? secret(from, 'community') : from.text('community', 'public', 255)
    return { version: '2c', community: community ?? 'public' }
  }
  const part = <T extends string>(key: string, protocols: readonly T[], fallback: T) =>
    from.has(key)
      ? within(from, key, (inner) => {
          const protocol = inner.word('protocol', protocols, fallback)
          const password = secret(inner, 'password')
          if (password === undefined && !inner.has('password')) inner.wrong('password', 'is missing')
          if (password !== undefined && password.length < 8)
            inner.wrong('password', 'has fewer than 8 characters, which SNMPv3 asks for')
          return { protocol, password: password ?? '' }
        })
      : undefined
  const auth = part('auth', SNMP_AUTH, 'SHA')
  const priv = part('priv', SNMP_PRIV, 'AES')
  if (priv && !auth) from.wrong('priv', 'needs auth: SNMPv3 has no encryption without authentication')
  return { version: '3', user: from.text('user', undefined, 32), auth, priv }
}

/** Set by the publisher itself, or of a meaning to the connection. */
const OWN_HEADERS =
  /^(host|content-length|content-type|transfer-encoding|connection|expect|upgrade|te|trailer|x-bellwether-.*)$/i

const WEBHOOK_FORMATS = ['bellwether', 'alertmanager', 'slack', 'text', 'template'] as const

function readWebhook(from: Fields, common: CommonFields): WebhookReceiver {
  // The address of a chat system's hook is a secret as a whole.
  const url = isObject(from.get('url')) ? (secret(from, 'url') ?? '') : from.text('url', undefined, 2_000)
  if (url !== '') {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      from.wrong('url', 'is not an http or https URL')
    else if (new URL(url).username !== '' || new URL(url).password !== '')
      from.wrong('url', 'holds a user or password: give them as a header, { "Authorization": { "file": … } }')
  }
  const headers: Record<string, string> = {}
  if (from.has('headers'))
    within(from, 'headers', (inner) => {
      for (const name of Object.keys((from.get('headers') ?? {}) as object).slice(0, 50)) {
        const value = isObject(inner.get(name)) ? secret(inner, name) : inner.text(name, undefined, 4_000)
        if (!/^[\w!#$%&'*+.^`|~-]{1,100}$/.test(name)) inner.wrong(name, 'is not the name of a header')
        else if (OWN_HEADERS.test(name)) inner.wrong(name, 'is set by the publisher itself')
        else if (value !== undefined && /[^\t\x20-\x7e]/.test(value))
          inner.wrong(name, 'holds characters that a header may not have')
        else headers[name] = value ?? ''
      }
    })
  const format = from.word('format', WEBHOOK_FORMATS, 'bellwether')
  const template = from.get('template') as BodyTemplate | undefined
  if ((format === 'template') !== (template !== undefined))
    from.wrong('template', 'and "format": "template" go together: give both or neither')
  const problem = template === undefined ? undefined : bodyTemplateProblem(template)
  if (problem !== undefined) from.wrong('template', problem)
  const contentType = from.has('contentType') ? from.text('contentType', undefined, 200) : undefined
  if (contentType !== undefined && !/^[\w.+-]+\/[\w.+-]+(; *[\w-]+=[\w-]+)*$/.test(contentType))
    from.wrong('contentType', 'is not a media type such as application/json')
  return {
    ...common,
    type: 'webhook',
    url,
    format,
    template,
    contentType,
    secret: secret(from, 'secret'),
    headers,
    ca: readCa(from),
  }
}

function readScript(from: Fields, common: CommonFields): ScriptReceiver {
  const path = from.text('path')
  if (path !== '' && !isAbsolute(path)) from.wrong('path', 'is not an absolute path')
  return { ...common, type: 'script', path }
}
