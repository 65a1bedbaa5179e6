import { join } from 'node:path'
import type { Receiver } from '../settings/index.js'
import { createEmail } from './email.js'
import { createScript } from './script.js'
import { createSnmp, type SnmpEngine } from './snmp.js'
import type { Transport } from './transport.js'
import { createWebhook } from './webhook.js'

export interface TransportOptions {
  /** The publisher's data folder. */
  dataDir: string
  engine: SnmpEngine
  externalUrl: string
}

export function createTransport(
  receiver: Receiver,
  { dataDir, engine, externalUrl }: TransportOptions,
): Transport {
  switch (receiver.type) {
    case 'email':
      return createEmail(receiver)
    case 'snmp':
      return createSnmp(receiver, engine)
    case 'webhook':
      return createWebhook(receiver, externalUrl)
    case 'script':
      return createScript(receiver, join(dataDir, 'script'))
  }
}

export type { SnmpEngine } from './snmp.js'
export type { Failure, SendResult, Transport } from './transport.js'
export { SIGNATURE_HEADER, signatureOf } from './webhook.js'
