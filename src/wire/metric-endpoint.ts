import type { MetricEndpoint, MetricRule } from './desired-state.js'
import { httpUrl, names } from './heartbeat-checks.js'
import type { MetricDefinition } from './native-batch.js'
import {
  byDefault,
  type Check,
  finite,
  oneOf,
  optional,
  record,
  ShapeError,
  shape,
  text,
  truth,
  whole,
} from './shape.js'

export const endpoint: Check<MetricEndpoint> = (value, path) => {
  const checked = shape<MetricEndpoint>({
    name: text(100),
    type: oneOf('prometheus', 'jmx', 'json', 'mntr'),
    url: optional(httpUrl),
    host: optional(text(255, /^[A-Za-z0-9.:_-]+$/, 'a host')),
    port: optional(whole(1, 65_535)),
    rules: text(200),
    token: optional(text(4000, /^[\x21-\x7e]+$/, 'a token')),
    caFile: optional(text(4096, /^\//, 'an absolute path')),
    timeoutMs: byDefault(whole(10, 60_000), 5000),
    maxBytes: byDefault(whole(1, 256 * 1024 * 1024), 16 * 1024 * 1024),
  })(value, path)
  const complete =
    checked.type === 'mntr'
      ? checked.host !== undefined && checked.port !== undefined
      : checked.url !== undefined
  if (!complete) throw new ShapeError(path, checked.type === 'mntr' ? 'with host and port' : 'with a url')
  return checked
}

const metricDefinition = shape<MetricDefinition>({
  name: text(255, /^[a-z][a-z0-9_]*$/, 'a metric name in lower-case snake case'),
  displayName: optional(text(255)),
  description: optional(text(4000)),
  unitNumerators: optional(names(10)),
  unitDenominators: optional(names(10)),
  isCounter: optional(truth),
  aliases: optional(names(100)),
  weightingMetricName: optional(text(255)),
})

export const metricRule = shape<MetricRule>({
  context: text(1000),
  metric: metricDefinition,
  valueMap: optional(record(finite, 1000)),
  scale: optional(finite),
  as: optional(oneOf('age', 'count')),
})
