import { createHmac } from 'node:crypto'
import { type Message, severityOf } from '../core/index.js'
import { renderAlertmanager, renderBody, renderSlack, renderText } from '../render/index.js'
import type { WebhookReceiver } from '../settings/index.js'
import { PostError, post } from './http-post.js'
import { type Failure, reasonOf, type SendContext, type Transport } from './transport.js'

export const SIGNATURE_HEADER = 'x-bellwether-signature'

/**
 * `t=<seconds since 1970>,v1=<hex>`, where hex is HMAC-SHA256 with the secret over `<seconds>.<body>`. A receiver computes it
 * over the bytes it got, compares in constant time, and refuses what is older than a few minutes.
 */
export function signatureOf(secret: string, body: string, seconds: number): string {
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`
}

/** One POST for each message. */
export function createWebhook(receiver: WebhookReceiver, externalUrl: string): Transport {
  const url = new URL(receiver.url)
  return {
    async send(message, context) {
      const [type, body] = bodyOf(receiver, message, context, externalUrl)
      const seconds = Math.floor(Date.now() / 1000)
      const headers = {
        ...receiver.headers,
        'content-type': type,
        'x-bellwether-message': message.id,
        'x-bellwether-kind': message.kind,
        'x-bellwether-repeat': String(context.repeat),
        'x-bellwether-attempt': String(context.attempt),
        ...(receiver.secret === undefined
          ? {}
          : { [SIGNATURE_HEADER]: signatureOf(receiver.secret, body, seconds) }),
      }
      try {
        const { timeoutMs, ca } = receiver
        const {
          status,
          body: text,
          retryAfterMs,
        } = await post(url, { headers, body, ca, timeoutMs, signal: context.signal })
        if (status >= 200 && status < 300) return { delivered: ['hook'], failures: [] }
        const reason = reasonOf(`HTTP ${status} from ${url.origin}${text === '' ? '' : `: ${text}`}`)
        return { delivered: [], failures: [failureOf(status, reason, retryAfterMs)] }
      } catch (error) {
        const uncertain = !(error instanceof PostError && error.unsent)
        // Not the path: of many chat systems it is the secret.
        const reason = `${url.origin}: ${reasonOf(error)}`
        return { delivered: [], failures: [{ part: '', reason, kind: 'away', uncertain }] }
      }
    },
    close: () => undefined,
  }
}

/** Statuses that speak of the address, the sender or the moment; the next message would fare no better. Redirects do too. */
const AWAY = new Set([401, 403, 404, 405, 407, 408, 421, 425, 429, 502, 503, 504])

function failureOf(status: number, reason: string, retryAfterMs: number | undefined): Failure {
  return {
    part: '',
    reason,
    // A 500 may be about this message alone, which must not hold up the others.
    kind: status < 400 || AWAY.has(status) ? 'away' : status >= 500 ? 'later' : 'never',
    // 500 says nothing about how far it had come, nor does a gateway that lost patience.
    uncertain: status === 408 || (status >= 500 && status !== 503),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
}

function bodyOf(
  { format, template = '', contentType }: WebhookReceiver,
  message: Message,
  { repeat }: SendContext,
  externalUrl: string,
): [type: string, body: string] {
  switch (format) {
    case 'text':
      return ['text/plain; charset=utf-8', renderText(message, repeat)]
    case 'slack':
      return ['application/json', JSON.stringify(renderSlack(message, repeat))]
    case 'alertmanager':
      return ['application/json', JSON.stringify(renderAlertmanager(message, externalUrl))]
    case 'template': {
      const { json, body } = renderBody(template, message, repeat)
      return [contentType ?? (json ? 'application/json' : 'text/plain; charset=utf-8'), body]
    }
    case 'bellwether': {
      const { causes, ...rest } = message
      const head = { ...rest, severity: severityOf(message), repeat }
      return ['application/json', JSON.stringify({ version: 1, message: head, alerts: causes })]
    }
  }
}
