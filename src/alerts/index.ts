export { type AlertApiOptions, createAlertApi } from './http/app.js'
export { FolderInUseError } from './outbox/lock.js'
export { type Publisher, type PublisherOptions, type PublisherStatus, startPublisher } from './publisher.js'
export { type AlertSettings, AlertSettingsError, readSettings, readSettingsFile } from './settings/index.js'
