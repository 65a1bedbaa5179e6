export { help } from './help.js'
export { duration, flagOf, type Option, variableOf } from './option.js'
export { type Options, resolve, SettingsError, type Values } from './resolve.js'
export * from './schema.js'
