import { createConnection, isIP, type Socket } from 'node:net'
import { createTransport } from 'nodemailer'
import type { Message } from '../core/index.js'
import { severityOf } from '../core/index.js'
import { headline, renderHtml, renderScriptJson, renderText } from '../render/index.js'
import type { EmailReceiver } from '../settings/index.js'
import { type Failure, reasonOf, type SendContext, type SendResult, type Transport } from './transport.js'

interface SmtpError extends Error {
  code?: string
  command?: string
  responseCode?: number
  recipient?: string
  /** The system's code where the library has put its own over it. */
  originalCode?: string
  timeoutType?: string
  rejectedErrors?: SmtpError[]
}

/** E-mail over SMTP. Each address is a part: those that have the message do not get it again when others are tried again. */
export function createEmail(receiver: EmailReceiver): Transport {
  return {
    async send(message, context) {
      const to = receiver.to.filter((address) => !context.done.includes(address))
      if (to.length === 0) return { delivered: [], failures: [] }
      const cord = createCord(receiver.smtp, receiver.timeoutMs)
      const end = (reason: string) => cord.cut(Object.assign(new Error(reason), { code: 'ETIMEDOUT' }))
      // The library's limits are for silence on the line; a server that dribbles is cut off here.
      const limit = receiver.timeoutMs * 4
      const timer = setTimeout(() => end(`not sent within ${limit / 1000} s`), limit)
      const onAbort = () => end('the publisher is stopping')
      context.signal.addEventListener('abort', onAbort, { once: true })
      try {
        const sending = mailerOf(receiver, cord.connect).sendMail(mailOf(receiver, message, context, to))
        const info = await Promise.race([sending, cord.broken])
        const failures = (info.rejectedErrors ?? []).map((error) => failureOf(error as SmtpError))
        return { delivered: to.filter((address) => info.accepted.includes(address)), failures }
      } catch (thrown) {
        return failed(thrown as SmtpError)
      } finally {
        clearTimeout(timer)
        context.signal.removeEventListener('abort', onAbort)
        cord.cut()
      }
    },
    close: () => undefined,
  }
}

function mailerOf({ smtp, timeoutMs }: EmailReceiver, getSocket: Connect) {
  return createTransport({
    host: smtp.host,
    port: smtp.port,
    secure: smtp.tls === 'tls',
    requireTLS: smtp.tls === 'starttls',
    ignoreTLS: smtp.tls === 'none',
    opportunisticTLS: smtp.tls === 'opportunistic',
    ...(smtp.user === undefined ? {} : { auth: { user: smtp.user, pass: smtp.password ?? '' } }),
    tls: {
      ...(smtp.ca === undefined ? {} : { ca: smtp.ca }),
      servername: smtp.serverName ?? (isIP(smtp.host) ? '' : smtp.host),
      // "Opportunistic" takes any certificate, as mail servers do among themselves: it does not authenticate anyone.
      ...(smtp.tls === 'opportunistic' ? { rejectUnauthorized: false } : {}),
      minVersion: 'TLSv1.2',
    },
    getSocket,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
}

type Connect = (
  options: unknown,
  callback: (error: Error | null, socket?: { connection: Socket }) => void,
) => void

/** The connection of one mail, ours so that it can be cut off: the library lets go of a promise, not of its socket. */
function createCord({ host, port }: EmailReceiver['smtp'], timeoutMs: number) {
  let socket: Socket | undefined
  let fail: (error: Error) => void = () => undefined
  const broken = new Promise<never>((_, reject) => {
    fail = reject
  })
  broken.catch(() => undefined)
  const connect: Connect = (_, callback) => {
    const opened = createConnection({ host, port })
    socket = opened
    const timer = setTimeout(() => {
      const text = `no connection to ${host}:${port} within ${timeoutMs / 1000} s`
      opened.destroy(Object.assign(new Error(text), { code: 'EHOSTUNREACH' }))
    }, timeoutMs)
    const onError = (error: Error) => {
      clearTimeout(timer)
      callback(error)
    }
    opened.once('error', onError)
    opened.once('connect', () => {
      clearTimeout(timer)
      opened.off('error', onError)
      callback(null, { connection: opened })
    })
  }
  return {
    connect,
    broken,
    cut(error?: Error) {
      if (error) fail(error)
      socket?.on('error', () => undefined).destroy()
    },
  }
}

function mailOf(receiver: EmailReceiver, message: Message, context: SendContext, to: string[]) {
  const { formats } = receiver
  const { repeat } = context
  const json = () => JSON.stringify(renderScriptJson(message, repeat), null, 2)
  const domain = receiver.from.split('@')[1] ?? 'localhost'
  return {
    from: receiver.from,
    to: receiver.to,
    envelope: { from: receiver.from, to },
    // 200 characters: header lines fold, but a subject that fills the screen helps nobody.
    subject: `${receiver.subjectPrefix} ${headline(message)}`.slice(0, 200),
    // The same in every attempt, so that mail programs know a repeat.
    messageId: `<${message.id}@${domain}>`,
    date: new Date(message.at),
    headers: {
      'X-Bellwether-Message': message.id,
      'X-Bellwether-Kind': message.kind,
      'X-Bellwether-Severity': severityOf(message),
      'X-Bellwether-Repeat': String(repeat),
      'Auto-Submitted': 'auto-generated',
      ...(severityOf(message) === 'CRITICAL' ? { Importance: 'high' } : {}),
    },
    ...(formats.includes('text') || !formats.includes('html') ? { text: renderText(message, repeat) } : {}),
    ...(formats.includes('html') ? { html: renderHtml(message, repeat) } : {}),
    ...(formats.includes('json')
      ? { attachments: [{ filename: 'alerts.json', contentType: 'application/json', content: json() }] }
      : {}),
  }
}

/** When nobody took it: each address by its own answer, if there are any. */
function failed(error: SmtpError): SendResult {
  const each = error.rejectedErrors ?? []
  return { delivered: [], failures: each.length > 0 ? each.map(failureOf) : [failureOf(error)] }
}

/** 4yz is worth another attempt, 5yz is not (RFC 5321 §4.2.1); except where it is about us and not about the message. */
function failureOf(error: SmtpError): Failure {
  const { responseCode, command = '', code, recipient: part = '' } = error
  const reason = reasonOf(error)
  // A refused login, greeting or sender (5yz included) is mended in the settings or at the server, for all messages.
  const aboutUs = code === 'EAUTH' || code === 'ETLS' || /^(CONN|EHLO|HELO|STARTTLS|AUTH|MAIL)/.test(command)
  if (responseCode !== undefined && (part !== '' || !aboutUs))
    return { part, reason, kind: responseCode >= 500 ? 'never' : 'later', uncertain: false }
  return { part, reason, kind: 'away', uncertain: responseCode === undefined && mayHaveArrived(error) }
}

const NEVER_CONNECTED =
  /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|EDNS|EAUTH|ETLS|ERR_TLS_.*|.*CERT.*|UNABLE_TO_.*)$/

/** A connection that broke off may have done so after the last byte; the library does not say how far it had come. */
const mayHaveArrived = ({ code = '', originalCode = '', timeoutType = '' }: SmtpError) =>
  !NEVER_CONNECTED.test(code) &&
  !NEVER_CONNECTED.test(originalCode) &&
  !/^(CONNECTION|GREETING)/.test(timeoutType)
