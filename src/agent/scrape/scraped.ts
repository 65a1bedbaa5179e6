import type { MetricDefinition } from '../../wire/native-batch.js'

/** What a page says of one metric. */
export interface Scraped {
  metric: MetricDefinition
  value: number
}
