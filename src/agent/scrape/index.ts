export { createScrapeCollector } from './collector.js'
