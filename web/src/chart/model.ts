/** What a chart draws: lines with labels, colours and scales, and the table of their values. */

import { PLAIN, sameUnit, type Unit, unitOf } from '../format/units.js'
import type { Interval } from '../state/time.js'
import { type Column, type Joined, joinStreams, type TimedValues } from './join.js'
import { labelStreams } from './labels.js'
import { stackColumns } from './stack.js'
import type { Stream } from './stream.js'

export interface ChartOptions {
  readonly kind: 'lines' | 'stack'
  /** Of all lines; without it each stream's own unit counts. */
  readonly unit?: Unit
  /** Metrics (or aliases) that are a mark to compare with, such as a total: drawn dashed, never stacked. */
  readonly marks?: readonly string[]
  /** Attributes that stand in every label, also where all lines have the same. */
  readonly labels?: readonly string[]
  /** The value axis begins at zero although all values are far above it. */
  readonly fromZero?: boolean
  /** The value axis does not reach beyond this unless a value does. */
  readonly top?: number
  /** Values that the axis must hold besides the chart's own, so that several charts have the same axis. */
  readonly extent?: readonly [number, number]
}

export interface ChartLine {
  readonly key: string
  readonly label: string
  /** Number of its colour. */
  readonly color: number
  readonly unit: Unit
  /** `y` is the left axis, `y2` the right one. */
  readonly scale: 'y' | 'y2'
  readonly mark: boolean
  readonly stream: Stream
}

export interface ChartModel {
  readonly options: ChartOptions
  readonly lines: readonly ChartLine[]
  /** Units of the left and the right axis. */
  readonly units: readonly Unit[]
  readonly joined: Joined
  /** Smallest and largest value behind each point, where there is one line and its points stand for several samples. */
  readonly envelope: Envelope | null
}

export interface Envelope {
  readonly min: Column
  readonly max: Column
}

/**
 * Puts streams together for a chart of a width in pixels; streams without a point in the interval are lines all the same.
 * `known` remembers the colours by key, so that a line keeps its own when others come or go; it is added to.
 */
export function buildModel(
  streams: readonly Stream[],
  options: ChartOptions,
  interval: Interval,
  pixels: number,
  known: Map<string, number> = new Map(),
): ChartModel {
  const labels = labelStreams(streams, options.labels)
  const units: Unit[] = options.unit ? [options.unit] : []
  if (!streams.some((stream) => known.has(stream.key))) known.clear()
  const lines = streams.map((stream, i): ChartLine => {
    const { unitNumerators, unitDenominators } = stream.data.metadata
    const unit = options.unit ?? unitOf(unitNumerators, unitDenominators)
    let axis = units.findIndex((known) => sameUnit(known, unit))
    if (axis < 0) axis = units.push(unit) - 1
    const mark = options.marks?.includes(stream.metric) ?? false
    return {
      key: stream.key,
      label: labels[i] as string,
      color: mark ? -1 : colorOf(stream.key, known),
      unit,
      scale: axis === 0 ? 'y' : 'y2',
      mark,
      stream,
    }
  })
  const timed = streams.map(({ data }) => ({
    times: data.times,
    values: data.values,
    frequencyMs: data.metadata.metricCollectionFrequencyMs,
  }))
  const around = envelopeOf(streams, options)
  const joined = joinStreams([...timed, ...around], interval, pixels)
  const columns = joined.columns.slice(0, streams.length)
  const [min, max] = joined.columns.slice(streams.length)
  return {
    options,
    lines,
    units: units.length === 0 ? [PLAIN] : units.slice(0, 2),
    joined: { ...joined, columns },
    envelope: min && max ? { min, max } : null,
  }
}

function envelopeOf(streams: readonly Stream[], options: ChartOptions): TimedValues[] {
  const [only] = streams
  if (!only || streams.length > 1 || options.kind === 'stack') return []
  const { times, min, max, metadata } = only.data
  const frequencyMs = metadata.metricCollectionFrequencyMs
  return min && max
    ? [
        { times, values: min, frequencyMs },
        { times, values: max, frequencyMs },
      ]
    : []
}

function colorOf(key: string, known: Map<string, number>): number {
  const color = known.get(key) ?? known.size
  known.set(key, color)
  return color
}

/** The columns to draw: as joined, or stacked where the chart is a stack. */
export function drawnColumns(model: ChartModel, shown: readonly boolean[]): readonly Column[] {
  const { joined, lines, options } = model
  if (options.kind !== 'stack') return joined.columns
  const stacked = lines.flatMap((line, i) => (line.mark ? [] : [i]))
  const sums = stackColumns(
    joined.times,
    stacked.map((i) => joined.columns[i] as Column),
    stacked.map((i) => shown[i] ?? true),
  )
  const out = joined.columns.slice()
  stacked.forEach((i, place) => {
    out[i] = sums[place] as Column
  })
  return out
}

/** The last point of a stream, or null when it has none. */
export function lastValue(stream: Stream): number | null {
  const { values } = stream.data
  return values.length === 0 ? null : (values[values.length - 1] as number)
}

/** What the value axis spans for values from `min` to `max`. */
export function axisRange(own: number | null, most: number | null, options: ChartOptions): [number, number] {
  const [min, max] = options.extent ?? [own, most]
  if (min === null || max === null || !Number.isFinite(min) || !Number.isFinite(max))
    return [0, options.top ?? 1]
  const fromZero = options.fromZero || options.kind === 'stack' || min <= 0 || min < 0.6 * max
  const room = 0.06 * (fromZero ? Math.max(Math.abs(max), Math.abs(min)) : max - min)
  const low = fromZero && min >= 0 ? 0 : min - room
  const high = max <= 0 && fromZero ? room : max + room
  const top = options.top !== undefined && max <= options.top ? Math.min(high, options.top) : high
  if (top > low) return [low, top]
  const around = Math.abs(max) || 1
  return [low - (fromZero ? 0 : around / 10), low + around]
}

/** Is there nothing, or nothing but zeros? Then what an axis says of anything else would be invented. */
export function isFlatZero(own: number | null, most: number | null, options: ChartOptions): boolean {
  const [min, max] = options.extent ?? [own, most]
  return (min ?? 0) === 0 && (max ?? 0) === 0
}

/** Smallest and largest value of streams; undefined when there is no value. */
export function extentOf(streams: readonly Stream[]): readonly [number, number] | undefined {
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (const { data } of streams)
    for (const value of data.values) {
      if (value < min) min = value
      if (value > max) max = value
    }
  return min <= max ? [min, max] : undefined
}
