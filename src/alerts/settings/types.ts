import type { Rules } from '../core/index.js'
import type { BodyTemplate } from '../render/index.js'

/** The publisher's settings after validation, secrets included: never logged, never shown. */
export interface AlertSettings {
  rules: Rules
  receivers: Receiver[]
  /** Where a person finds the console; used where a format wants such an address. */
  externalUrl: string
}

interface Common {
  name: string
  /** Messages under way at once. */
  concurrency: number
  /** Attempts after which a message is given up; 0: until it is too old. */
  maxAttempts: number
  timeoutMs: number
}

export interface EmailReceiver extends Common {
  type: 'email'
  smtp: {
    host: string
    port: number
    /** `starttls` and `tls` insist on it; `opportunistic` takes what the server offers; `none` for a relay on this host. */
    tls: 'starttls' | 'tls' | 'opportunistic' | 'none'
    user: string | undefined
    password: string | undefined
    /** PEM of the authority to trust instead of the system's. */
    ca: string | undefined
    /** Name in the server's certificate, where it is not `host`. */
    serverName: string | undefined
  }
  from: string
  to: string[]
  formats: ('text' | 'html' | 'json')[]
  subjectPrefix: string
}

export const SNMP_AUTH = ['SHA', 'SHA224', 'SHA256', 'SHA384', 'SHA512', 'MD5'] as const
export const SNMP_PRIV = ['AES', 'AES256B', 'AES256R'] as const

export interface SnmpReceiver extends Common {
  type: 'snmp'
  targets: { host: string; port: number }[]
  notification: 'trap' | 'inform'
  /** One notification for each alert, or one for each message. */
  content: 'alert' | 'message'
  /** The object identifier under which the MIB hangs. */
  arc: string
  security: SnmpSecurity
  /** Of informs: sent again so often, `timeoutMs` apart, before the attempt counts as failed. */
  retries: number
}

export type SnmpSecurity =
  | { version: '2c'; community: string }
  | {
      version: '3'
      user: string
      /** None: noAuthNoPriv. */
      auth: { protocol: (typeof SNMP_AUTH)[number]; password: string } | undefined
      priv: { protocol: (typeof SNMP_PRIV)[number]; password: string } | undefined
    }

export interface WebhookReceiver extends Common {
  type: 'webhook'
  url: string
  format: 'bellwether' | 'alertmanager' | 'slack' | 'text' | 'template'
  /** Of format `template`. */
  template: BodyTemplate | undefined
  /** Of what a template makes; default: by what it is. */
  contentType: string | undefined
  secret: string | undefined
  headers: Record<string, string>
  ca: string | undefined
}

export interface ScriptReceiver extends Common {
  type: 'script'
  path: string
}

export type Receiver = EmailReceiver | SnmpReceiver | WebhookReceiver | ScriptReceiver
