export { AlertSettingsError, readMatcher, readSettings, readSettingsFile } from './read.js'
export { PROVISIONAL_ARC } from './receivers.js'
export { redact, targetOf } from './show.js'
export type {
  AlertSettings,
  EmailReceiver,
  Receiver,
  ScriptReceiver,
  SnmpReceiver,
  WebhookReceiver,
} from './types.js'
