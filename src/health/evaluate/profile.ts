import type { HealthConfig } from '../../wire/health.js'
import { parameterName, type SpanDefinition } from '../../wire/health-tests.js'
import type { NamedTest } from '../tests/catalogue.js'
import { isOff, type Limits, parseLimits } from '../tests/thresholds.js'
import type { Stream, Streams } from './streams.js'

/** A test with its configuration settled: shared by all entities of one kind with the same configuration. */
export interface BoundTest extends NamedTest {
  readonly enabled: boolean
  /** Of the thresholds in force. */
  readonly limits: Limits | undefined
  readonly unit: string
  readonly scale: number
  readonly windowMs: number
  readonly staleMs: number
  readonly toleranceMs: number
  /** The figure itself: metric, duration of a canary, or whether the one of a pair is active. */
  readonly main: Stream | undefined
  readonly divisor: Stream | undefined
  /** A divisor that is configuration. */
  readonly constant: number
  /** Of a canary whether it went well; of figures of a service which role counts. */
  readonly status: Stream | undefined
  /** Folders whose file systems count; undefined: all of them. */
  readonly paths: readonly string[] | undefined
}

export const NO_CONFIG: HealthConfig = { values: {} }
const DEFAULT_STALE_S = 180
const LONGEST_WINDOW_MS = 86_400_000

/** Reads a test's configuration. What cannot be read counts as not set: a mistake never switches a test off. */
export function bindTest(
  test: NamedTest,
  config: HealthConfig,
  values: ReadonlyMap<string, string>,
  streams: Streams,
): BoundTest {
  const { definition, roleType } = test
  const { source, enabled, thresholds } = definition
  const given = (parameter: string) => values.get(parameterName(parameter, roleType).toLowerCase())
  const span = (definition: SpanDefinition | undefined) =>
    definition === undefined ? 0 : spanMs(definition, definition.parameter && given(definition.parameter))
  const windowMs = Math.min('window' in source ? span(source.window) : 0, LONGEST_WINDOW_MS)
  const bound = {
    ...test,
    enabled: enabled === undefined || readSwitch(given(enabled.parameter), enabled.default),
    limits: thresholds && parseLimits(given(thresholds.parameter), thresholds),
    unit: thresholds?.unit ?? '',
    scale: 1,
    windowMs,
    staleMs: 1000 * (('staleSeconds' in source && source.staleSeconds) || DEFAULT_STALE_S),
    toleranceMs: span(definition.startupTolerance),
    main: undefined as Stream | undefined,
    divisor: undefined as Stream | undefined,
    constant: 1,
    status: undefined as Stream | undefined,
    paths: undefined as readonly string[] | undefined,
  }
  const last = (metric: string) => streams.stream(metric, 'last', 0)

  if (source.kind === 'metric') {
    const { metric, aggregation = 'last', divisor, percentage, path } = source
    bound.main = streams.stream(metric, aggregation, windowMs)
    bound.scale = source.scale ?? 1
    if (divisor && 'metric' in divisor) bound.divisor = streams.stream(divisor.metric, aggregation, windowMs)
    else if (divisor) bound.constant = positive(given(divisor.parameter)) ?? divisor.default
    if (percentage && bound.limits && isOff(bound.limits)) {
      // As in Cloudera Manager: percentages count where no absolute thresholds are set.
      bound.limits = parseLimits(given(percentage.thresholds.parameter), percentage.thresholds)
      bound.unit = percentage.thresholds.unit
      bound.divisor = last(percentage.divisor)
      bound.scale = 100
    }
    if (path !== undefined) bound.paths = config.paths?.[path] ?? []
    if (source.from?.active !== undefined) bound.status = last(source.from.active)
    // Nothing to find fault with: the test is off, unless it is about there being figures at all.
    if (source.missing === undefined && thresholds && bound.limits && isOff(bound.limits))
      bound.enabled = false
  } else if (source.kind === 'canary') {
    bound.status = last(source.status)
    if (source.duration !== undefined) bound.main = last(source.duration)
  } else if (source.kind === 'pair') bound.main = last(source.metric)
  else if (source.kind === 'process') bound.main = last('process_running')
  return bound
}

const UNIT_MS = { seconds: 1_000, minutes: 60_000, milliseconds: 1 }

function spanMs({ default: standard, unit }: SpanDefinition, given: string | undefined): number {
  return (positive(given) ?? standard) * UNIT_MS[unit]
}

function positive(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === '') return undefined
  const value = Number(text)
  return Number.isFinite(value) && value > 0 ? value : undefined
}

function readSwitch(text: string | undefined, standard: boolean): boolean {
  const word = text?.trim().toLowerCase()
  return word === 'true' ? true : word === 'false' ? false : standard
}
