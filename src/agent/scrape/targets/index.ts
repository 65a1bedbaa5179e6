export { ScrapeSettingsError } from './settings.js'
export { type ScrapeTargets, startScrapeTargets } from './targets.js'
