import type { Label } from '../naming.js'
import type { ExponentialBuckets } from './otlp-exponential.js'

/** The parts of OTLP metrics (opentelemetry-proto, metrics/v1) that matter here, as both encodings are brought to. */

export const DELTA = 1
export const CUMULATIVE = 2

export type Kind = 'gauge' | 'sum' | 'histogram' | 'exponentialHistogram' | 'summary'

export interface OtlpMetric {
  name: string
  description: string
  unit: string
  kind: Kind
  /** 0 (not given) counts as cumulative. */
  temporality: number
  monotonic: boolean
}

/** A data point of any kind; what its kind does not have is absent. */
export interface OtlpPoint {
  labels: Label[]
  /** Milliseconds. */
  time: number
  /** Bit 0: no value was recorded. */
  flags: number
  value?: number
  count?: number
  sum?: number
  bucketCounts?: number[]
  bounds?: number[]
  exponential?: ExponentialBuckets
  quantiles?: { quantile: number; value: number }[]
}

/** Nanoseconds as a double, exact to 256 ns, to whole milliseconds: rounded to microseconds first, so as not to fall short. */
export const millisecondsOf = (nanoseconds: number) => Math.floor(Math.round(nanoseconds / 1000) / 1000)

/** Attributes have dots; tsquery's names do not. `host.name` is OTLP's name for the host. */
export const labelName = (key: string) => (key === 'host.name' ? 'host' : key.replace(/[^A-Za-z0-9_]/g, '_'))

/** Resource attributes that change with every restart or release would make new entities each time. */
export const isVolatile = (key: string) => key.startsWith('process.') || key.startsWith('telemetry.')

const UNITS: Readonly<Record<string, string>> = {
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  min: 'minutes',
  h: 'hours',
  d: 'days',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  bit: 'bits',
  '%': 'percent',
  Cel: 'celsius',
  Hz: 'hertz',
  V: 'volts',
  A: 'amperes',
  W: 'watts',
  J: 'joules',
  m: 'meters',
}

/** A UCUM unit as numerators and denominators; `1` and annotations such as `{request}` are plain numbers. */
export function unitsOf(unit: string): { unitNumerators: string[]; unitDenominators: string[] } {
  const [over = '', under = ''] = unit
    .slice(0, 40)
    .replace(/\{[^}]*\}/g, '')
    .split('/', 2)
  const named = (part: string) => (part === '' || part === '1' ? [] : [UNITS[part] ?? part])
  return { unitNumerators: named(over), unitDenominators: named(under) }
}
